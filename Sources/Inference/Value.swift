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
}

extension Value {
  /// The numbers, written out where they are sparse.
  var matrix: Matrix {
    switch self {
    case .numbers(let matrix): matrix
    case .sparse(let matrix): matrix.dense
    case .indices, .texts, .labels: preconditionFailure("a checked graph gives numbers here")
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
    }
  }
}
