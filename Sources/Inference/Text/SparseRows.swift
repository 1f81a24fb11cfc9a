/// Collects the rows of a sparse matrix, each with its elements in any order.
struct SparseRows {
  private var matrix: SparseMatrix
  private var row: [(column: Int32, element: Double)] = []

  init(columns: Int, rows: Int) {
    matrix = SparseMatrix(starts: [0], columnIndices: [], elements: [], columns: columns)
    matrix.starts.reserveCapacity(rows + 1)
  }

  /// Adds an element to the row at hand; those of one column are added up.
  mutating func append(_ element: Double, column: Int32) { row.append((column, element)) }

  /// Whether no two elements of the row at hand are of one column.
  var hasOneAColumn: Bool { Set(row.map(\.column)).count == row.count }

  /// Ends the row at hand.
  mutating func endRow() {
    row.sort { $0.column < $1.column }
    let start = matrix.elements.count
    for (column, element) in row {
      if matrix.elements.count > start, matrix.columnIndices[matrix.elements.count - 1] == column {
        matrix.elements[matrix.elements.count - 1] += element
      } else {
        matrix.columnIndices.append(column)
        matrix.elements.append(element)
      }
    }
    row.removeAll(keepingCapacity: true)
    matrix.starts.append(matrix.elements.count)
  }

  /// The rows that were ended.
  var finished: SparseMatrix { matrix }
}
