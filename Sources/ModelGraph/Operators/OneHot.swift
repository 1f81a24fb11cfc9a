public import Domain

/// Each number becomes a row of zeros with a one at that place; none where it is no place.
public struct OneHot: Operator {
  /// The name of the kind.
  public static let kind = "one_hot"

  /// How many places each column has.
  public var sizes: [Int64]

  /// Says how many places there are.
  public init(sizes: [Int64]) {
    self.sizes = sizes
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(sizes: try reader.integers("sizes"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(sizes, "sizes")
  }

  /// Gives a column for each place of each column.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(sizes, count: try operands.numbers(), "sizes")
    var columns = 0
    for size in sizes {
      guard 0...Int64(GraphLimits.columns) ~= size else {
        throw operands.problem(
          "index-range",
          "expected 'sizes' of '\(operands.node)' to be from 0 to \(GraphLimits.columns), found \(size)")
      }
      // No overflow: a value has few columns, and each of them few places.
      columns += Int(size)
    }
    return .numbers(columns)
  }
}
