import Domain

/// Collects the rows of a sparse matrix, each with its elements in any order.
struct SparseRows {
  private var matrix: SparseMatrix
  private var row: [(column: Int32, element: Double)] = []
  /// How many elements the row may have before those of one column are added up.
  private var mostUnfolded = leastFolded

  /// Whether elements of one column were added up already.
  private var hasFolded = false

  private static let leastFolded = 1 << 16

  init(columns: Int, rows: Int) {
    matrix = SparseMatrix(starts: [0], columnIndices: [], elements: [], columns: columns)
    matrix.starts.reserveCapacity(rows + 1)
  }

  /// Adds an element to the row at hand; those of one column are added up in the order in which they come.
  mutating func append(_ element: Double, column: Int32) {
    row.append((column, element))
    guard row.count >= mostUnfolded else { return }
    // A long text has many times more terms than there are columns.
    fold()
    mostUnfolded = max(Self.leastFolded, 2 * row.count)
  }

  /// Whether no two elements of the row at hand are of one column.
  var hasOneAColumn: Bool { !hasFolded && Set(row.map(\.column)).count == row.count }

  /// Ends the row at hand; throws where there are too many elements by now.
  mutating func endRow() throws(Problem) {
    fold()
    guard matrix.elements.count + row.count <= SparseMatrix.mostElements else { throw SparseMatrix.tooMany }
    for (column, element) in row {
      matrix.columnIndices.append(column)
      matrix.elements.append(element)
    }
    row.removeAll(keepingCapacity: true)
    mostUnfolded = Self.leastFolded
    hasFolded = false
    matrix.starts.append(matrix.elements.count)
  }

  /// Puts the elements of the row at hand in the order of their columns and adds up those of one.
  private mutating func fold() {
    guard row.count > 1 else { return }
    row.sort { $0.column < $1.column }
    var last = 0
    for index in 1..<row.count {
      if row[index].column == row[last].column {
        row[last].element += row[index].element
      } else {
        last += 1
        row[last] = row[index]
      }
    }
    hasFolded = hasFolded || last + 1 < row.count
    row.removeLast(row.count - 1 - last)
  }

  /// The rows that were ended.
  var finished: SparseMatrix { matrix }
}
