public import Domain

/// Each column raised to a power so that it looks normal.
///
/// Box and Cox (1964) for numbers above 0, Yeo and Johnson (2000) for all.
public struct PowerTransform: Operator {
  /// The formula and how it is computed.
  public enum Method: String, Sendable, CaseIterable {
    /// (xᵏ − 1) ÷ k, or ln x where k is 0, as `scipy.special.boxcox`.
    case boxCox = "box_cox"
    /// Yeo and Johnson's, by powers: scikit-learn up to 1.8.
    case yeoJohnson = "yeo_johnson"
    /// Yeo and Johnson's, by `expm1` and `log1p`: `scipy.stats.yeojohnson`.
    case yeoJohnsonStable = "yeo_johnson_stable"
  }

  /// The name of the kind.
  public static let kind = "power_transform"

  /// The power of each column.
  public var powers: [Double]
  /// The formula.
  public var method: Method

  /// Says how columns are raised.
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
