/// The columns of what is watched of a model, in two lists: those of numbers, and those of categories.
///
/// It is shared by all profiles of a model, which keep counts alone.
public struct ModelShape: Sendable, Equatable {
  /// How many columns there are at most.
  public static let columnLimit = 4096

  /// A column of numbers, ready for the loop over its values.
  struct Numbers: Sendable, Equatable {
    let column: Int
    /// Fifteen edges, behind the last infinity, so that each value takes the same four steps to its bin.
    let edges: [Double]
    let bins: Int
    let range: ClosedRange<Double>?
    let fence: ClosedRange<Double>?
    let isNeverMissing: Bool
  }

  /// The columns, in their own order.
  public let columns: [ColumnShape]
  /// The places of the columns of numbers among all.
  public let numberColumns: [Int]
  /// The places of the columns of categories among all.
  public let categoryColumns: [Int]
  let numbers: [Numbers]
  let categories: [CategoryShape]

  /// The shape of a model of these columns, of which there are at most `columnLimit`: the first are taken.
  public init(columns: [ColumnShape]) {
    var numbers: [Numbers] = []
    var (categoryColumns, categories): ([Int], [CategoryShape]) = ([], [])
    self.columns = Array(columns.prefix(Self.columnLimit))
    for (index, column) in self.columns.enumerated() {
      switch column.kind {
      case .number(let shape):
        let free = [Double](repeating: .infinity, count: NumberShape.binLimit - 1 - shape.edges.count)
        numbers.append(
          Numbers(
            column: index, edges: shape.edges + free, bins: shape.edges.count + 1, range: shape.range,
            fence: column.role == .feature ? shape.fence : nil, isNeverMissing: column.isNeverMissing))
      case .category(let shape):
        categoryColumns.append(index)
        categories.append(shape)
      }
    }
    self.numbers = numbers
    numberColumns = numbers.map(\.column)
    self.categoryColumns = categoryColumns
    self.categories = categories
  }
}
