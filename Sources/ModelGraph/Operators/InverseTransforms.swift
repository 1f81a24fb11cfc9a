public import Domain

/// Each column taken back from what a power made of it: the inverse of `PowerTransform`.
public struct InversePowerTransform: Operator {
  /// The formula and how it is computed.
  public enum Method: String, Sendable, CaseIterable {
    /// (kx + 1)^(1/k), or eˣ where k is 0: scikit-learn up to 1.5.
    case boxCox = "box_cox"
    /// e^(ln(1 + kx) ÷ k), or eˣ where k is 0: `scipy.special.inv_boxcox`.
    case boxCoxStable = "box_cox_stable"
    /// Yeo and Johnson's (2000), by powers.
    case yeoJohnson = "yeo_johnson"
  }

  /// The name of the kind.
  public static let kind = "inverse_power_transform"

  /// The power of each column.
  public var powers: [Double]
  /// The formula.
  public var method: Method

  /// Says what columns were raised to.
  public init(powers: [Double], method: Method) {
    self.powers = powers
    self.method = method
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(powers: try reader.numbers("powers"), method: try reader.choice("method"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(powers, "powers")
    writer.write(method, "method")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(powers, count: columns, "powers")
    return .numbers(columns)
  }
}

/// Each column taken back from its place among quantiles: the inverse of `QuantileTransform`.
public struct InverseQuantileTransform: Operator {
  /// The name of the kind.
  public static let kind = "inverse_quantile_transform"

  /// The quantiles of each column, a row a column, ascending.
  public var quantiles: ConstantMatrix
  /// The place of each quantile, from 0 to 1, ascending.
  public var references: [Double]
  /// How what it reads is distributed.
  public var distribution: QuantileTransform.Distribution

  /// Says what is mapped to what.
  public init(
    quantiles: ConstantMatrix, references: [Double], distribution: QuantileTransform.Distribution
  ) {
    self.quantiles = quantiles
    self.references = references
    self.distribution = distribution
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      quantiles: try reader.matrix("quantiles"), references: try reader.numbers("references"),
      distribution: try reader.choice("distribution"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(quantiles.tensor, "quantiles")
    writer.write(references, "references")
    writer.write(distribution, "distribution")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let forward = QuantileTransform(
      quantiles: quantiles, references: references, distribution: distribution)
    let type = try forward.check(operands)
    guard zip(references, references.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw operands.problem("references", "expected 'references' of '\(operands.node)' to ascend")
    }
    return type
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(2, operands[0].columns, Work.search(among: references.count))
  }
}
