import Domain
import Encoding
import ModelGraph

extension VectorizeMappings: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { VectorizeMappingsKernel(self) }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: false, gives: true) }
}

/// Puts the values of mappings in the columns of their names.
struct VectorizeMappingsKernel: Kernel {
  private let table: TermTable
  private let operation: VectorizeMappings

  init(_ operation: VectorizeMappings) {
    guard let table = TermTable(operation.names) else {
      preconditionFailure("a checked graph has each name once")
    }
    self.table = table
    self.operation = operation
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var rows = SparseRows(columns: operation.names.count, rows: batch.rowCount)
    func add(_ name: String, _ value: Double) {
      let bytes = Array(name.utf8)
      guard let column = table.index(of: 0..<bytes.count, in: bytes.span) else { return }
      rows.append(
        operation.isFloat32 ? Double(Float(value)) : value, column: Int32(truncatingIfNeeded: column))
    }
    for (index, text) in operands[0].texts.elements.enumerated() {
      guard case .object(let mapping) = try batch.json(text, at: index) else {
        throw batch.malformed("an object of names and values", at: index)
      }
      for (name, value) in mapping.sorted(by: { $0.key < $1.key }) {
        switch value {
        case .string(let text): add(name + operation.separator + text, 1)
        case .null: add(name, .nan)
        case .bool(let value): add(name, value ? 1 : 0)
        case .array(let texts) where !operation.isStrict:
          for text in texts {
            guard case .string(let text) = text else {
              throw batch.malformed("lists of texts alone as values", at: index)
            }
            add(name + operation.separator + text, 1)
          }
        default:
          guard let number = value.double else {
            throw batch.malformed("numbers, texts and lists of texts as values", at: index)
          }
          add(name, number)
        }
      }
      guard !operation.isStrict || rows.hasOneAColumn else {
        throw batch.malformed("one value a column", at: index)
      }
      try rows.endRow()
    }
    return .sparse(rows.finished)
  }
}

extension HashMappings: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: false, gives: true) }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var rows = SparseRows(columns: columns, rows: batch.rowCount)
    for (index, text) in operands[0].texts.elements.enumerated() {
      for (name, value) in try items(of: try batch.json(text, at: index), batch, at: index) {
        var (name, number) = (name, value.double)
        switch value {
        case .string(let text): (name, number) = (name + "=" + text, 1)
        case .bool(let value): number = value ? 1 : 0
        default: break
        }
        guard let number else { throw batch.malformed("numbers and texts as values", at: index) }
        // NaN is no 0, and stays.
        if number == 0 { continue }
        let bytes = Array(name.utf8)
        let (column, isNegative) = MurmurHash.place(
          of: MurmurHash.hash(of: 0..<bytes.count, in: bytes.span), columns: columns)
        let signed = isNegative && alternatesSign ? -number : number
        rows.append(isFloat32 ? Double(Float(signed)) : signed, column: column)
      }
      try rows.endRow()
    }
    return .sparse(rows.finished)
  }

  private func items(
    of row: JSON, _ batch: Batch, at index: Int
  ) throws(Problem) -> [(name: String, value: JSON)] {
    switch (form, row) {
    case (.mapping, .object(let mapping)):
      return mapping.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    case (.pairs, .array(let pairs)):
      return try pairs.map { pair throws(Problem) in
        guard case .array(let parts) = pair, parts.count == 2, case .string(let name) = parts[0] else {
          throw batch.malformed("a list of pairs of a name and a value", at: index)
        }
        return (name: name, value: parts[1])
      }
    case (.names, .array(let names)):
      return try names.map { name throws(Problem) in
        guard case .string(let name) = name else { throw batch.malformed("a list of texts", at: index) }
        return (name: name, value: 1)
      }
    case (.mapping, _): throw batch.malformed("an object of names and values", at: index)
    case (.pairs, _): throw batch.malformed("a list of pairs of a name and a value", at: index)
    case (.names, _): throw batch.malformed("a list of texts", at: index)
    }
  }
}

extension Batch {
  /// A row that came as JSON.
  fileprivate func json(_ text: String?, at index: Int) throws(Problem) -> JSON {
    let text = try document(text, at: index)
    guard let json = try? JSON(parsing: Array(text.utf8), limits: JSONLimits(depth: 8)) else {
      throw malformed("a row as JSON", at: index)
    }
    return json
  }

  fileprivate func malformed(_ expected: String, at index: Int) -> Problem {
    let row = firstRow + index
    return Problem(
      .badInput, "predict.malformed", "expected \(expected) for \(origin), found another in row \(row)",
      position: "row \(row)", hint: "rows count from 0")
  }
}
