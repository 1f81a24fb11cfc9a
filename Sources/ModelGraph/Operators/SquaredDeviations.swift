public import Domain

/// For each of some centres Σ (x − centre)² ÷ variance, added up as NumPy adds along the last axis: the exponents
/// of Gaussians whose features are independent.
public struct SquaredDeviations: Operator {
  /// The name of the kind.
  public static let kind = "squared_deviations"

  /// `[centres, columns]`.
  public var centers: ConstantMatrix
  /// `[centres, columns]`; none is negative.
  public var variances: ConstantMatrix

  /// Says what rows deviate from, and how much is usual.
  public init(centers: ConstantMatrix, variances: ConstantMatrix) {
    self.centers = centers
    self.variances = variances
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(centers: try reader.matrix("centers"), variances: try reader.matrix("variances"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(centers.tensor, "centers")
    writer.write(variances.tensor, "variances")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(centers.rows, operands[0].columns) }

  /// Gives a column for each centre.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard centers.rows > 0 else {
      throw operands.problem("operand", "expected centres in '\(operands.node)', found none")
    }
    try operands.expect(centers.tensor, shape: [centers.rows, columns], "centers")
    try operands.expect(variances.tensor, shape: [centers.rows, columns], "variances")
    try operands.expectFinite(centers.elements, "centers")
    try operands.expectFinite(variances.elements, "variances")
    if let negative = variances.elements.first(where: { $0 < 0 }) {
      throw operands.problem(
        "variances", "expected variances of 0 and above in '\(operands.node)', found \(negative)")
    }
    return .numbers(centers.rows)
  }
}
