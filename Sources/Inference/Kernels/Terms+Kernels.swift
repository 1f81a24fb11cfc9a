import Domain
#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif
import ModelGraph

extension CountTerms: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { CountTermsKernel(self) }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: false, gives: true) }
}

/// Counts the terms of a vocabulary.
struct CountTermsKernel: Kernel {
  private let analyzer: DocumentAnalyzer
  private let table: TermTable
  private let columns: Int
  private let isBinary: Bool

  init(_ operation: CountTerms) {
    guard let table = TermTable(operation.vocabulary) else {
      preconditionFailure("a checked graph has each term once")
    }
    self.table = table
    analyzer = DocumentAnalyzer(operation.analysis)
    columns = operation.vocabulary.count
    isBinary = operation.isBinary
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var analyzer = analyzer
    var rows = SparseRows(columns: columns, rows: batch.rowCount)
    var counts = [Int32](repeating: 0, count: columns)
    var seen: [Int] = []
    for (index, text) in operands[0].texts.elements.enumerated() {
      try analyzer.terms(of: try batch.document(text, at: index)) { bytes, range in
        guard let column = table.index(of: range, in: bytes) else { return }
        if counts[column] == 0 { seen.append(column) }
        counts[column] &+= 1
      }
      for column in seen {
        rows.append(isBinary ? 1 : Double(counts[column]), column: Int32(truncatingIfNeeded: column))
        counts[column] = 0
      }
      seen.removeAll(keepingCapacity: true)
      try rows.endRow()
    }
    return .sparse(rows.finished)
  }
}

extension HashTerms: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { HashTermsKernel(self) }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: false, gives: true) }
}

/// Counts the terms of each hash.
struct HashTermsKernel: Kernel {
  private let analyzer: DocumentAnalyzer
  private let operation: HashTerms

  init(_ operation: HashTerms) {
    self.operation = operation
    analyzer = DocumentAnalyzer(operation.analysis)
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var analyzer = analyzer
    var rows = SparseRows(columns: operation.columns, rows: batch.rowCount)
    for (index, text) in operands[0].texts.elements.enumerated() {
      try analyzer.terms(of: try batch.document(text, at: index)) { bytes, range in
        let (column, isNegative) = MurmurHash.place(
          of: MurmurHash.hash(of: range, in: bytes), columns: operation.columns)
        rows.append(isNegative && operation.alternatesSign ? -1 : 1, column: column)
      }
      try rows.endRow()
    }
    var matrix = rows.finished
    // Terms of one column that cancel out count as well.
    if operation.isBinary { matrix.elements = Array(repeating: 1, count: matrix.elements.count) }
    return .sparse(matrix)
  }
}

extension Batch {
  /// The text of a row, which must be there.
  func document(_ text: String?, at index: Int) throws(Problem) -> String {
    guard let text else {
      let row = firstRow + index
      throw Problem(
        .badInput, "predict.missing-text", "expected a text for \(origin), found none in row \(row)",
        position: "row \(row)", hint: "rows count from 0; send an empty text where there is nothing to say")
    }
    return text
  }
}

extension WeighTerms: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: true, gives: true) }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands[0].sparseMatrix
    if isSublinear { apply(to: &matrix) { log($0) } }
    if isSublinear { apply(to: &matrix) { $0 + 1 } }
    if let weights {
      for index in matrix.elements.indices {
        matrix.elements[index] *= weights[Int(matrix.columnIndices[index])]
      }
      if isFloat32 { apply(to: &matrix) { $0 } }
    }
    return .sparse(matrix)
  }

  private func apply(to matrix: inout SparseMatrix, _ function: (Double) -> Double) {
    for index in matrix.elements.indices {
      let value = function(matrix.elements[index])
      matrix.elements[index] = isFloat32 ? Double(Float(value)) : value
    }
  }
}
