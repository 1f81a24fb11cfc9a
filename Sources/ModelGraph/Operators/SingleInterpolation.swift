public import Domain

/// One column mapped by the straight lines between given points in single precision.
///
/// As SciPy's `interp1d` computes them for arrays that are not double: a number that is a point lies on the line that
/// ends there, and every step is rounded to single precision.
public struct SingleInterpolation: Operator {
  /// The name of the kind.
  public static let kind = "single_interpolation"

  /// Where the points are, in ascending order.
  public var points: [Double]
  /// What stands at each point.
  public var values: [Double]
  /// What becomes of a number outside the points.
  public var outside: Interpolation.Outside

  /// Says what lines there are.
  public init(points: [Double], values: [Double], outside: Interpolation.Outside) {
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

  /// Gives one column; there are at least two points.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let type = try Interpolation(points: points, values: values, outside: outside).check(operands)
    // Two points that are one in single precision would have no line between them.
    let singles = points.map { Float($0) }
    guard zip(singles, singles.dropFirst()).allSatisfy({ $0 < $1 }),
      (singles + values.map { Float($0) }).allSatisfy(\.isFinite)
    else {
      throw operands.problem(
        "points",
        "expected 'points' of '\(operands.node)' to ascend in single precision, and to be finite in it")
    }
    return type
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(Work.search(among: points.count)) }
}
