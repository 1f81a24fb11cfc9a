public import Domain

/// Each column mapped to its place among quantiles, uniformly or normally distributed.
///
/// The mean of two interpolations, up and down, so that a number that is several quantiles gets the middle of them;
/// as scikit-learn's QuantileTransformer.
public struct QuantileTransform: Operator {
  /// How what comes out is distributed.
  public enum Distribution: String, Sendable, CaseIterable {
    /// Between 0 and 1.
    case uniform
    /// Normally, cut off at about ±5.2.
    case normal
  }

  /// The name of the kind.
  public static let kind = "quantile_transform"

  /// The quantiles of each column, a row a column, ascending.
  public var quantiles: ConstantMatrix
  /// The place of each quantile, from 0 to 1.
  public var references: [Double]
  /// How what comes out is distributed.
  public var distribution: Distribution

  /// Says what is mapped to what.
  public init(quantiles: ConstantMatrix, references: [Double], distribution: Distribution) {
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

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(2, operands[0].columns, Work.search(among: references.count))
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard quantiles.rows == columns, quantiles.columns == references.count, !references.isEmpty else {
      throw operands.problem(
        "tensor-shape",
        "expected 'quantiles' to have the shape [\(columns), \(references.count)] in '\(operands.node)', found"
          + " [\(quantiles.rows), \(quantiles.columns)]")
    }
    try operands.expectFinite(references, "references")
    for row in 0..<columns {
      let own = quantiles.elements[(row * references.count)..<((row + 1) * references.count)]
      guard zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 }) || own.allSatisfy(\.isNaN) else {
        throw operands.problem(
          "quantiles", "expected the quantiles of column \(row) of '\(operands.node)' to ascend, found others"
        )
      }
    }
    return .numbers(columns)
  }
}
