import ModelGraph

/// What flows between kernels: numbers in rows and columns, row by row.
///
/// Kernels take one and give one; where the argument is the last reference, its memory is used again.
struct Matrix: Sendable {
  var elements: [Double]
  let rows: Int
  let columns: Int

  init(elements: [Double], rows: Int, columns: Int) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
  }

  /// A matrix of zeros.
  init(rows: Int, columns: Int) {
    self.init(elements: Array(repeating: 0, count: rows * columns), rows: rows, columns: columns)
  }
}

/// Numbers in rows and columns of which most are 0: row `r` has the elements `starts[r]..<starts[r + 1]`.
///
/// Columns ascend in each row and none occurs twice.
struct SparseMatrix: Sendable {
  var starts: [Int]
  var columnIndices: [Int32]
  var elements: [Double]
  let columns: Int

  var rows: Int { starts.count - 1 }

  /// The same numbers with the zeros written out.
  var dense: Matrix {
    var matrix = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for index in starts[row]..<starts[row + 1] {
        matrix.elements[row * columns + Int(columnIndices[index])] = elements[index]
      }
    }
    return matrix
  }
}

/// Texts in rows and columns, row by row; nil is a missing one.
struct TextMatrix: Sendable {
  var elements: [String?]
  let rows: Int
  let columns: Int
}
