public import Domain

/// One column mapped by the straight lines between given points, as `numpy.interp` computes them.
public struct Interpolation: Operator {
  /// What becomes of a number before the first point or after the last.
  public enum Outside: String, Sendable, CaseIterable {
    /// It counts as that point.
    case clip
    /// It becomes NaN.
    case missing
    /// It is refused.
    case refuse
  }

  /// The name of the kind.
  public static let kind = "interpolation"

  /// Where the points are, in ascending order.
  public var points: [Double]
  /// What stands at each point.
  public var values: [Double]
  /// What becomes of a number outside the points.
  public var outside: Outside

  /// Says what lines there are.
  public init(points: [Double], values: [Double], outside: Outside) {
    self.points = points
    self.values = values
    self.outside = outside
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      points: try reader.numbers("points"), values: try reader.numbers("values"),
      outside: try reader.choice("outside"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(points, "points")
    writer.write(values, "values")
    writer.write(outside, "outside")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(Work.search(among: points.count)) }

  /// Gives one column; there are at least two points.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard columns == 1 else {
      throw operands.problem("operand", "expected '\(operands.node)' to read one column, found \(columns)")
    }
    guard points.count >= 2 else {
      throw operands.problem(
        "tensor-shape", "expected 'points' of '\(operands.node)' to be two at least, found \(points.count)")
    }
    try operands.expect(values, count: points.count, "values")
    try operands.expectFinite(points, "points")
    try operands.expectFinite(values, "values")
    guard zip(points, points.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw operands.problem("points", "expected 'points' of '\(operands.node)' to ascend")
    }
    return .numbers(1)
  }
}
