public import Domain

/// Each row as a sum of fixed components with factors that are not negative, found by multiplicative updates for a
/// β-divergence.
///
/// Source: Févotte and Idier, "Algorithms for nonnegative matrix factorization with the β-divergence", 2011, from equal
/// factors √(mean ÷ components), as scikit-learn's NMF and MiniBatchNMF transform one row.
public struct MultiplicativeFactors: Operator {
  /// What says that factors are good enough.
  public enum Stop: String, Sendable, CaseIterable {
    /// Every tenth turn the root of twice the divergence, which no longer falls by the tolerance of what it was at
    /// first: NMF.
    case divergence
    /// Each turn how far the factors moved for their size: MiniBatchNMF.
    case step
  }

  /// The name of the kind.
  public static let kind = "multiplicative_factors"

  /// The components, a row each.
  public var components: ConstantMatrix
  /// The β of the divergence: 2 is Euclidean, 1 Kullback and Leibler's, 0 Itakura and Saito's.
  public var beta: Double
  /// What says that factors are good enough.
  public var stop: Stop
  /// How little has to change.
  public var tolerance: Double
  /// How often the factors are improved at most.
  public var iterations: Int
  /// The weight of Σ factors.
  public var l1: Double
  /// The weight of ½ Σ factors².
  public var l2: Double
  /// Whether all that is below the ε of single precision counts as ε, rather than 0 alone.
  public var raisesSmall: Bool

  /// Says what components there are, what is made small and when to stop.
  public init(
    components: ConstantMatrix, beta: Double, stop: Stop, tolerance: Double, iterations: Int, l1: Double,
    l2: Double, raisesSmall: Bool
  ) {
    self.components = components
    self.beta = beta
    self.stop = stop
    self.tolerance = tolerance
    self.iterations = iterations
    self.l1 = l1
    self.l2 = l2
    self.raisesSmall = raisesSmall
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      components: try reader.matrix("components"), beta: try reader.number("beta"),
      stop: try reader.choice("stop"), tolerance: try reader.number("tolerance"),
      iterations: try reader.integer("iterations"), l1: try reader.number("l1"), l2: try reader.number("l2"),
      raisesSmall: try reader.bool("raises_small"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(components.tensor, "components")
    writer.write(beta, "beta")
    writer.write(stop, "stop")
    writer.write(tolerance, "tolerance")
    writer.write(iterations, "iterations")
    writer.write(l1, "l1")
    writer.write(l2, "l2")
    writer.write(raisesSmall, "raises_small")
  }

  /// For each turn three products with the components, and some powers for each column.
  public func work(on operands: [ValueType]) -> Work {
    let (turns, columns) = (max(1, iterations), operands[0].columns)
    return .product(3 * components.rows, columns, turns) + .product(32, columns, turns)
  }

  /// Gives a column for each component.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard 1...8192 ~= components.rows, components.columns == columns else {
      throw operands.problem(
        "tensor-shape",
        "expected 'components' to have the shape [1 to 8192, \(columns)] in '\(operands.node)', found"
          + " [\(components.rows), \(components.columns)]")
    }
    try operands.expectFinite(components.elements, "components")
    guard 0...100_000 ~= iterations, tolerance.isFinite, tolerance >= 0, l1.isFinite, l2.isFinite,
      beta.isFinite
    else {
      throw operands.problem(
        "iterations",
        "expected 0 to 100000 iterations, a tolerance of 0 or more, finite weights and a finite beta in"
          + " '\(operands.node)', found \(iterations), \(tolerance), \(l1), \(l2) and \(beta)")
    }
    return .numbers(components.rows)
  }
}
