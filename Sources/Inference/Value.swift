import ModelGraph

/// One value of a plan while it runs; its case and columns are those that the graph's check found.
enum Value: Sendable {
  case numbers(Matrix)
  /// Numbers too, mostly 0.
  case sparse(SparseMatrix)
  /// One whole number a row.
  case indices([Int])
  case texts(TextMatrix)
  /// Elements as the caller gets them, row by row.
  case labels(Tensor.Elements, columns: Int)
  /// Several values at once.
  case parts([Value])
}

extension Value {
  /// How many elements are written down of a value that leaves out its zeros; 0 for any other.
  var sparseCount: Int {
    if case .sparse(let matrix) = self { matrix.elements.count } else { 0 }
  }

  /// The numbers, written out where they are sparse.
  var matrix: Matrix {
    switch self {
    case .numbers(let matrix): matrix
    case .sparse(let matrix): matrix.dense
    case .indices, .texts, .labels, .parts: preconditionFailure("a checked graph gives numbers here")
    }
  }

  /// The numbers without their zeros, which stay where a sparse value has them.
  var sparseMatrix: SparseMatrix {
    if case .sparse(let matrix) = self { matrix } else { matrix.sparse }
  }

  /// The indices.
  var indices: [Int] {
    guard case .indices(let indices) = self else {
      preconditionFailure("a checked graph gives indices here")
    }
    return indices
  }

  /// The texts.
  var texts: TextMatrix {
    guard case .texts(let texts) = self else { preconditionFailure("a checked graph gives texts here") }
    return texts
  }

  /// The value as a caller gets it.
  func tensor(rows: Int, isVector: Bool) -> Tensor? {
    func shape(_ columns: Int) -> [Int] { isVector ? [rows] : [rows, columns] }
    switch self {
    case .numbers(let matrix):
      return Tensor(shape: shape(matrix.columns), elements: .float64(matrix.elements))
    case .sparse(let matrix):
      return Tensor(shape: shape(matrix.columns), elements: .float64(matrix.dense.elements))
    case .indices(let indices): return Tensor(shape: shape(1), elements: .int64(indices.map(Int64.init)))
    case .texts(let texts):
      return Tensor(shape: shape(texts.columns), elements: .string(texts.elements.map { $0 ?? "" }))
    case .labels(let labels, let columns): return Tensor(shape: shape(columns), elements: labels)
    case .parts: preconditionFailure("a checked graph gives no parts")
    }
  }
}

extension [Value] {
  /// Takes an operand out of the list, which has nothing in its place afterwards.
  mutating func take(_ index: Int) -> Value {
    var value = Value.indices([])
    swap(&value, &self[index])
    return value
  }

  /// Takes the numbers of an operand out of the list, written out where they are sparse.
  mutating func takeMatrix(_ index: Int) -> Matrix {
    switch take(index) {
    case .numbers(let matrix): matrix
    case let other: other.matrix
    }
  }
}

extension Value {
  /// Appends the rows of another value of the same type.
  mutating func append(_ other: Value) {
    switch (self, other) {
    case (.numbers(var matrix), _):
      self = .indices([])
      matrix.append(other.matrix)
      self = .numbers(matrix)
    case (.sparse(var matrix), .sparse(let other)):
      self = .indices([])
      matrix.append(other)
      self = .sparse(matrix)
    case (.sparse, _):
      self = .numbers(matrix)
      append(other)
    case (.indices(var indices), _):
      self = .indices([])
      indices += other.indices
      self = .indices(indices)
    case (.texts(var texts), _):
      self = .indices([])
      texts.append(other.texts)
      self = .texts(texts)
    case (.labels(var labels, let columns), .labels(let more, _)):
      self = .indices([])
      labels.append(more)
      self = .labels(labels, columns: columns)
    case (.labels, _): preconditionFailure("a plan gives labels for every block of rows or for none")
    case (.parts, _): preconditionFailure("a checked graph gives no parts")
    }
  }
}

extension Tensor.Elements {
  fileprivate mutating func append(_ other: Tensor.Elements) {
    // Each array leaves its case while it grows, so that it is not copied.
    switch (self, other) {
    case (.bool(var elements), .bool(let more)):
      self = .bool([])
      elements += more
      self = .bool(elements)
    case (.int32(var elements), .int32(let more)):
      self = .bool([])
      elements += more
      self = .int32(elements)
    case (.int64(var elements), .int64(let more)):
      self = .bool([])
      elements += more
      self = .int64(elements)
    case (.float32(var elements), .float32(let more)):
      self = .bool([])
      elements += more
      self = .float32(elements)
    case (.float64(var elements), .float64(let more)):
      self = .bool([])
      elements += more
      self = .float64(elements)
    case (.string(var elements), .string(let more)):
      self = .bool([])
      elements += more
      self = .string(elements)
    case (.bool, _), (.int32, _), (.int64, _), (.float32, _), (.float64, _), (.string, _):
      preconditionFailure("a plan gives labels of one type")
    }
  }
}
