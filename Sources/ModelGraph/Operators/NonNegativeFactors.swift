public import Domain

/// Each row as a sum of fixed components with factors that are not negative: non-negative matrix factorisation with
/// the components given.
///
/// Cyclic coordinate descent (Cichocki and Phan, 2009) from zeros, as scikit-learn's NMF transforms one row: it stops
/// when the violation has fallen below `tolerance` of the first one.
public struct NonNegativeFactors: Operator {
  /// The name of the kind.
  public static let kind = "non_negative_factors"

  /// The components, a row each.
  public var components: ConstantMatrix
  /// How far the violation must fall.
  public var tolerance: Double
  /// How often each factor is improved at most.
  public var iterations: Int
  /// What is added to each gradient: the weight of Σ factors.
  public var l1: Double
  /// What is added to each curvature: the weight of ½ Σ factors².
  public var l2: Double

  /// Says what components there are and when to stop.
  public init(components: ConstantMatrix, tolerance: Double, iterations: Int, l1: Double, l2: Double) {
    self.components = components
    self.tolerance = tolerance
    self.iterations = iterations
    self.l1 = l1
    self.l2 = l2
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      components: try reader.matrix("components"), tolerance: try reader.number("tolerance"),
      iterations: try reader.integer("iterations"), l1: try reader.number("l1"),
      l2: try reader.number("l2"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(components.tensor, "components")
    writer.write(tolerance, "tolerance")
    writer.write(iterations, "iterations")
    writer.write(l1, "l1")
    writer.write(l2, "l2")
  }

  /// Products with the components, and for each iteration one of all factors with all.
  public func work(on operands: [ValueType]) -> Work {
    .product(components.rows, operands[0].columns) + .product(components.rows, components.rows, iterations)
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
    guard 0...100_000 ~= iterations, tolerance.isFinite, tolerance >= 0, l1.isFinite, l2.isFinite else {
      throw operands.problem(
        "iterations",
        "expected 0 to 100000 iterations, a tolerance of 0 or more and finite weights in '\(operands.node)', found"
          + " \(iterations), \(tolerance), \(l1) and \(l2)")
    }
    // A kernel keeps the product of each two: memory in proportion to the components.
    guard components.rows <= 64 * columns else {
      throw operands.problem(
        "tensor-shape",
        "expected at most 64 components for each column in '\(operands.node)', found \(components.rows) for"
          + " \(columns)")
    }
    return .numbers(components.rows)
  }
}
