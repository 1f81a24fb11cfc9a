public import Domain

/// x · coefficientsᵀ + intercepts.
public struct Linear: Operator {
  /// The name of the kind.
  public static let kind = "linear"

  /// `[outputs, columns]`.
  public var coefficients: ConstantMatrix
  /// `[outputs]`.
  public var intercepts: [Double]

  /// Says what is multiplied and added.
  public init(coefficients: ConstantMatrix, intercepts: [Double]) {
    self.coefficients = coefficients
    self.intercepts = intercepts
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      coefficients: try reader.matrix("coefficients"), intercepts: try reader.numbers("intercepts"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(coefficients.tensor, "coefficients")
    writer.write(intercepts, "intercepts")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(coefficients.rows, operands[0].columns) }

  /// Gives a column for each row of the coefficients.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard coefficients.rows > 0, coefficients.columns == columns else {
      throw operands.problem(
        "tensor-shape",
        "expected 'coefficients' to have the shape [1 or more, \(columns)] in '\(operands.node)', found"
          + " [\(coefficients.rows), \(coefficients.columns)]")
    }
    try operands.expect(intercepts, count: coefficients.rows, "intercepts")
    try operands.expectFinite(coefficients.elements, "coefficients")
    try operands.expectFinite(intercepts, "intercepts")
    return .numbers(coefficients.rows)
  }
}
