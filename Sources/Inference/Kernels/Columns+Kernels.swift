import Domain
import ModelGraph

extension Columns: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: true, gives: areSparse[0]) }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .texts(let texts) = operands[0] {
      return .texts(
        TextMatrix(
          elements: picking(from: texts.elements, rows: texts.rows, columns: texts.columns),
          rows: texts.rows, columns: indices.count))
    }
    if case .sparse(let matrix) = operands[0] { return .sparse(try picking(from: matrix)) }
    let matrix = operands[0].matrix
    return .numbers(
      Matrix(
        elements: picking(from: matrix.elements, rows: matrix.rows, columns: matrix.columns),
        rows: matrix.rows, columns: indices.count))
  }

  private func picking(from matrix: SparseMatrix) throws(Problem) -> SparseMatrix {
    // The last place that takes each column, and for each place the one before it that takes the same.
    var last = [Int](repeating: -1, count: matrix.columns)
    var before = [Int](repeating: -1, count: indices.count)
    for (place, index) in indices.enumerated() {
      before[place] = last[Int(index)]
      last[Int(index)] = place
    }
    var rows = SparseRows(columns: indices.count, rows: matrix.rows)
    for row in 0..<matrix.rows {
      for index in matrix.starts[row]..<matrix.starts[row + 1] {
        var place = last[Int(matrix.columnIndices[index])]
        while place >= 0 {
          rows.append(matrix.elements[index], column: Int32(truncatingIfNeeded: place))
          place = before[place]
        }
      }
      try rows.endRow()
    }
    return rows.finished
  }

  private func picking<Element>(from elements: [Element], rows: Int, columns: Int) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(rows * indices.count)
    for row in 0..<rows {
      for index in indices { result.append(elements[row * columns + Int(index)]) }
    }
    return result
  }
}

extension Concat: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity {
    let isSparse = areSparse.contains(true)
    return Sparsity(reads: isSparse, gives: isSparse)
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let rows = batch.rowCount
    switch operands[0] {
    case .texts:
      let parts = operands.map { (elements: $0.texts.elements, columns: $0.texts.columns) }
      return .texts(
        TextMatrix(
          elements: Self.sideBySide(parts, rows: rows), rows: rows,
          columns: parts.reduce(0) { $0 + $1.columns }))
    case .labels(let first, _): return Self.labels(operands, like: first, rows: rows)
    case .numbers, .sparse, .indices, .parts:
      let isSparse = operands.contains { if case .sparse = $0 { true } else { false } }
      if isSparse { return .sparse(try Self.sideBySide(operands.map(\.sparseMatrix))) }
      let parts = operands.map(\.matrix).map { (elements: $0.elements, columns: $0.columns) }
      return .numbers(
        Matrix(
          elements: Self.sideBySide(parts, rows: rows), rows: rows,
          columns: parts.reduce(0) { $0 + $1.columns }))
    }
  }

  private static func sideBySide<Element>(
    _ parts: [(elements: [Element], columns: Int)], rows: Int
  ) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(parts.reduce(0) { $0 + $1.elements.count })
    for row in 0..<rows {
      for part in parts {
        result += part.elements[(row * part.columns)..<((row + 1) * part.columns)]
      }
    }
    return result
  }

  private static func sideBySide(_ parts: [SparseMatrix]) throws(Problem) -> SparseMatrix {
    // No overflow: there are few parts, of elements that memory holds. One may be there many times.
    guard parts.reduce(0, { $0 + $1.elements.count }) <= SparseMatrix.mostElements else {
      throw SparseMatrix.tooMany
    }
    var result = SparseMatrix(
      starts: [0], columnIndices: [], elements: [], columns: parts.reduce(0) { $0 + $1.columns })
    for row in 0..<(parts.first?.rows ?? 0) {
      var base: Int32 = 0
      for part in parts {
        for index in part.starts[row]..<part.starts[row + 1] {
          result.columnIndices.append(part.columnIndices[index] + base)
          result.elements.append(part.elements[index])
        }
        base += Int32(part.columns)
      }
      result.starts.append(result.elements.count)
    }
    return result
  }

  private static func labels(_ operands: [Value], like first: Tensor.Elements, rows: Int) -> Value {
    let parts = operands.compactMap { operand in
      if case .labels(let elements, let columns) = operand { (elements, columns) } else { nil }
    }
    let columns = parts.reduce(0) { $0 + $1.1 }
    func join<Element>(_ read: (Tensor.Elements) -> [Element]?) -> [Element] {
      sideBySide(parts.compactMap { part in read(part.0).map { ($0, part.1) } }, rows: rows)
    }
    let joined: Tensor.Elements =
      switch first {
      case .bool: .bool(join { if case .bool(let elements) = $0 { elements } else { nil } })
      case .int32: .int32(join { if case .int32(let elements) = $0 { elements } else { nil } })
      case .int64: .int64(join { if case .int64(let elements) = $0 { elements } else { nil } })
      case .float32: .float32(join { if case .float32(let elements) = $0 { elements } else { nil } })
      case .float64: .float64(join { if case .float64(let elements) = $0 { elements } else { nil } })
      case .string: .string(join { if case .string(let elements) = $0 { elements } else { nil } })
      }
    return .labels(joined, columns: columns)
  }
}

extension Fill: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var elements: [Double] = []
    elements.reserveCapacity(batch.rowCount * numbers.count)
    for _ in 0..<batch.rowCount { elements += numbers }
    return .numbers(Matrix(elements: elements, rows: batch.rowCount, columns: numbers.count))
  }
}

extension Cast: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .indices(let indices) = operands[0] {
      return .labels(convert(indices.map(Double.init)), columns: 1)
    }
    let matrix = operands[0].matrix
    return .labels(convert(matrix.elements), columns: matrix.columns)
  }

  private func convert(_ elements: [Double]) -> Tensor.Elements {
    switch datatype {
    case .bool: .bool(elements.map { $0 != 0 })
    case .int32: .int32(elements.map { Int32(clamping: Self.whole($0)) })
    case .int64: .int64(elements.map { Self.whole($0) })
    case .float32: .float32(elements.map { Float($0) })
    case .float64, .string: .float64(elements)
    }
  }

  /// The number without its fraction; the nearest there is where it has none, and 0 for NaN.
  private static func whole(_ element: Double) -> Int64 {
    guard !element.isNaN else { return 0 }
    return Int64(exactly: element.rounded(.towardZero)) ?? (element < 0 ? .min : .max)
  }
}
