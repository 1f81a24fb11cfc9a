public import Domain

/// The values of B-splines at the elements of each column.
///
/// De Boor's recursion (1972), computed and continued beyond the knots as scikit-learn's SplineTransformer does with
/// SciPy's BSpline.
public struct SplineBasis: Operator {
  /// What becomes of a number before the first inner knot or after the last.
  public enum Outside: String, Sendable, CaseIterable {
    /// It is refused.
    case refuse
    /// The splines keep the values they have at that knot.
    case constant
    /// They go on as straight lines.
    case linear
    /// They go on as the polynomials they are.
    case polynomial
    /// They begin again.
    case periodic
  }

  /// The name of the kind.
  public static let kind = "spline_basis"

  /// The knots of each column, a row a column.
  public var knots: ConstantMatrix
  /// What each spline of each column is made of: for every column a row for each basis function, a column a spline.
  public var coefficients: ConstantMatrix
  /// The degree of the polynomials.
  public var degree: Int
  /// What becomes of numbers outside.
  public var outside: Outside
  /// Whether NaN makes a row of zeros; else it is refused before.
  public var zeroesMissing: Bool

  /// Says what splines there are.
  public init(
    knots: ConstantMatrix, coefficients: ConstantMatrix, degree: Int, outside: Outside, zeroesMissing: Bool
  ) {
    self.knots = knots
    self.coefficients = coefficients
    self.degree = degree
    self.outside = outside
    self.zeroesMissing = zeroesMissing
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      knots: try reader.matrix("knots"), coefficients: try reader.matrix("coefficients"),
      degree: try reader.integer("degree"), outside: try reader.choice("outside"),
      zeroesMissing: try reader.bool("zeroes_missing"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(knots.tensor, "knots")
    writer.write(coefficients.tensor, "coefficients")
    writer.write(degree, "degree")
    writer.write(outside, "outside")
    writer.write(zeroesMissing, "zeroes_missing")
  }

  /// How many basis functions each column has.
  public var basisCount: Int { knots.columns - degree - 1 }

  /// The interval of each number is sought from the first; then come the basis functions and what is made of them.
  public func work(on operands: [ValueType]) -> Work {
    .product(operands[0].columns, knots.columns + (degree + 1) * (degree + 1))
      + .product(operands[0].columns, degree + 1, coefficients.columns)
  }

  /// Gives for each column it reads a column for each spline.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard 0...32 ~= degree, knots.rows == columns, knots.columns >= 2 * degree + 2 else {
      throw operands.problem(
        "tensor-shape",
        "expected 'knots' to have a row for each of \(columns) columns and 2 × degree + 2 knots in"
          + " '\(operands.node)', found [\(knots.rows), \(knots.columns)] for the degree \(degree)")
    }
    let (rows, overflow) = basisCount.multipliedReportingOverflow(by: columns)
    let needed = outside == .linear ? max(degree, 1) + 1 : degree
    guard !overflow, coefficients.rows == rows, coefficients.columns >= max(1, needed) else {
      throw operands.problem(
        "tensor-shape",
        "expected 'coefficients' to have a row for each of \(basisCount) basis functions of \(columns) columns in"
          + " '\(operands.node)', found \(coefficients.rows)")
    }
    try operands.expectFinite(knots.elements, "knots")
    try operands.expectFinite(coefficients.elements, "coefficients")
    for row in 0..<columns {
      let own = knots.elements[(row * knots.columns)..<((row + 1) * knots.columns)]
      guard zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw operands.problem(
          "knots", "expected the knots of column \(row) of '\(operands.node)' to ascend, found others")
      }
    }
    let (outputs, tooMany) = coefficients.columns.multipliedReportingOverflow(by: columns)
    guard !tooMany else {
      throw operands.problem("column-count", "expected fewer columns in '\(operands.node)'")
    }
    return .numbers(outputs)
  }
}
