import Domain
import ModelGraph

/// What flows between kernels: numbers in rows and columns, row by row.
///
/// Kernels take one and give one; where the argument is the last reference, its memory is used again.
struct Matrix: Sendable {
  var elements: [Double]
  private(set) var rows: Int
  let columns: Int

  init(elements: [Double], rows: Int, columns: Int) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
  }

  /// The same numbers without their zeros.
  var sparse: SparseMatrix {
    var matrix = SparseMatrix(starts: [0], columnIndices: [], elements: [], columns: columns)
    for row in 0..<rows {
      for column in 0..<columns where elements[row * columns + column] != 0 {
        matrix.columnIndices.append(Int32(truncatingIfNeeded: column))
        matrix.elements.append(elements[row * columns + column])
      }
      matrix.starts.append(matrix.elements.count)
    }
    return matrix
  }

  /// Appends the rows of another matrix of as many columns.
  mutating func append(_ other: Matrix) {
    elements += other.elements
    rows += other.rows
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

  /// How many elements a block of rows may have in all sparse values at one time.
  static let mostElements = 1 << 27

  /// What is wrong where there are more.
  static var tooMany: Problem {
    Problem(
      .tooLarge, "predict.too-many-terms",
      "expected rows of at most \(mostElements) elements other than 0, found more",
      hint: "ask in several parts, or send shorter texts")
  }

  /// Appends the rows of another matrix of as many columns.
  mutating func append(_ other: SparseMatrix) {
    let end = elements.count
    starts += other.starts.dropFirst().map { $0 + end }
    columnIndices += other.columnIndices
    elements += other.elements
  }

  /// The same numbers with the zeros written out.
  var dense: Matrix { dense(0..<rows) }

  /// Some of the rows with the zeros written out.
  func dense(_ range: Range<Int>) -> Matrix {
    var matrix = Matrix(rows: range.count, columns: columns)
    for (place, row) in range.enumerated() {
      for index in starts[row]..<starts[row + 1] {
        matrix.elements[place * columns + Int(columnIndices[index])] = elements[index]
      }
    }
    return matrix
  }

  /// Ranges of rows that are small enough to be written out one after another.
  var denseBlocks: [Range<Int>] {
    let size = max(1, (1 << 20) / max(1, columns))
    return stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }
}

/// Texts in rows and columns, row by row; nil is a missing one.
struct TextMatrix: Sendable {
  var elements: [String?]
  private(set) var rows: Int
  let columns: Int

  init(elements: [String?], rows: Int, columns: Int) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
  }

  /// Appends the rows of another matrix of as many columns.
  mutating func append(_ other: TextMatrix) {
    elements += other.elements
    rows += other.rows
  }
}
