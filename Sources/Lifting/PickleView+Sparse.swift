import Artifacts
import Domain
import ModelGraph

extension PickleView {
  /// Whether a compressed sparse row matrix of SciPy is there.
  var isSparseMatrix: Bool {
    guard let type = object?.type else { return false }
    // The module was public until SciPy 1.8.
    return (type.module == "scipy.sparse._csr" || type.module == "scipy.sparse.csr")
      && (type.name == "csr_matrix" || type.name == "csr_array")
  }

  /// A matrix of real numbers, be it dense or compressed sparse rows; what is not stored is 0.
  ///
  /// The elements come out of the builder's budgets before they are made.
  func matrix(_ builder: inout GraphBuilder) throws(Problem) -> ConstantMatrix {
    guard isSparseMatrix else {
      guard case .array(let array) = value, array.shape.count == 2 else {
        throw unexpected("an array of numbers with 2 axes")
      }
      try builder.spend(elements: array.count, for: self)
      let (elements, shape) = try numbers(axes: 2)
      guard let matrix = ConstantMatrix(elements, rows: shape[0], columns: shape[1]) else {
        throw unexpected("an array of numbers with 2 axes")
      }
      return matrix
    }
    return try sparseMatrix(&builder)
  }

  private func sparseMatrix(_ builder: inout GraphBuilder) throws(Problem) -> ConstantMatrix {
    let shape = try attribute("_shape")
    var axes: [Int] = []
    for axis in try shape.elements() { axes.append(try axis.integer()) }
    // SciPy 1.15 and later keep a single row as one axis.
    if axes.count == 1 { axes.insert(1, at: 0) }
    guard axes.count == 2, let count = Tensor.elementCount(of: axes) else {
      throw shape.unexpected("one length or two")
    }
    try builder.spend(expanded: count, for: self)
    let (rows, columns) = (axes[0], axes[1])
    let (stored, length) = try attribute("data").numbers(axes: 1)
    let starts = try attribute("indptr").indices(atMost: length[0])
    let places = try attribute("indices").indices(atMost: columns - 1)
    guard starts.count == rows + 1, starts.first == 0, starts.last == stored.count,
      places.count == stored.count, zip(starts, starts.dropFirst()).allSatisfy(<=)
    else { throw unexpected("a sparse matrix of \(rows) rows and \(columns) columns") }
    var elements = [Double](repeating: 0, count: count)
    for row in 0..<rows {
      // What is stored twice is added up, as SciPy does.
      for index in starts[row]..<starts[row + 1] { elements[row * columns + places[index]] += stored[index] }
    }
    guard let matrix = ConstantMatrix(elements, rows: rows, columns: columns) else {
      throw shape.unexpected("one length or two")
    }
    return matrix
  }
}
