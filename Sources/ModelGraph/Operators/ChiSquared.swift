public import Domain

/// −Σ (x − y)² ÷ (x + y) against each of some points, where x + y is not 0: scikit-learn's additive chi-squared kernel.
///
/// Rows with a negative element are refused, as the library refuses them.
public struct ChiSquared: Operator {
  /// The name of the kind.
  public static let kind = "chi_squared"

  /// `[points, columns]`; none is negative.
  public var points: ConstantMatrix

  /// Says what rows are compared with.
  public init(_ points: ConstantMatrix) {
    self.points = points
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.matrix("points"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(points.tensor, "points")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(points.rows, operands[0].columns) }

  /// Gives a column for each point.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expectPoints(points, columns: columns)
    if let negative = points.elements.first(where: { $0 < 0 }) {
      throw operands.problem(
        "points", "expected points without negative elements in '\(operands.node)', found \(negative)")
    }
    return .numbers(points.rows)
  }
}
