public import Domain

/// Weighted sums in single precision that pass missing elements by: XGBoost's linear booster.
///
/// Output `k` begins with `bias[k]`; then `x[i] × weights[i][k]` is added feature by feature, each product and
/// each sum rounded to single precision.
public struct SingleLinear: Operator {
  /// The name of the kind.
  public static let kind = "single_linear"

  /// A row for each feature, a column for each output.
  public var weights: ConstantMatrix
  /// What each output begins with.
  public var bias: [Double]

  /// Puts weights and bias together.
  public init(weights: ConstantMatrix, bias: [Double]) {
    self.weights = weights
    self.bias = bias
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(weights: try reader.matrix("weights"), bias: try reader.numbers("bias"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(weights.tensor, "weights")
    writer.write(bias, "bias")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(weights.columns, operands[0].columns) }

  /// Gives a column for each output.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard weights.rows == columns, weights.columns > 0 else {
      throw operands.problem(
        "tensor-shape",
        "expected 'weights' to have the shape [\(columns), 1 or more] in '\(operands.node)', found"
          + " [\(weights.rows), \(weights.columns)]")
    }
    try operands.expect(bias, count: weights.columns, "bias")
    try operands.expectFinite(weights.elements, "weights")
    try operands.expectFinite(bias, "bias")
    return .numbers(weights.columns)
  }
}
