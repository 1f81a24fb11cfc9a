import ModelGraph

/// What flows between kernels: numbers in rows and columns, row by row.
///
/// Kernels take one and give one; where the argument is the last reference, its memory is used again.
struct Matrix {
  var elements: [Double]
  let rows: Int
  let columns: Int

  init(elements: [Double], rows: Int, columns: Int) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
  }
}

/// One value of a plan while it runs.
enum Value {
  case numbers(Matrix)
  /// One whole number a row.
  case indices([Int])
  case labels(Tensor.Elements)
}
