import Domain
import ModelGraph

// Targets taken back, and curves in single precision.

extension InversePowerTransform: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    guard method == .yeoJohnson else { return root(x, powers, into: &graph) }
    // Either half is computed of what is safe for it.
    let above = graph.apply("Max", [x, graph.number(0)])
    let below = graph.negative(graph.apply("Min", [x, graph.number(0)]))
    let upper = graph.difference(root(above, powers, into: &graph), graph.number(1))
    let lower = graph.difference(graph.number(1), root(below, powers.map { 2 - $0 }, into: &graph))
    let half = graph.choice(graph.apply("IsNaN", [x]), x, lower)
    return graph.choice(graph.apply("GreaterOrEqual", [x, graph.number(0)]), upper, half)
  }

  /// (kx + 1)^(1/k), or eˣ in the columns where k is 0.
  private func root(_ x: String, _ powers: [Double], into graph: inout ONNXGraphWriter) -> String {
    let isZero = powers.map { method == .yeoJohnson ? abs($0) < Double.ulpOfOne : $0 == 0 }
    let safe = zip(powers, isZero).map { $1 ? 1 : $0 }
    let base = graph.sum(graph.product(x, graph.numbers(safe)), graph.number(1))
    let curve = graph.apply("Pow", [base, graph.numbers(safe.map { 1 / $0 })])
    guard isZero.contains(true) else { return curve }
    return graph.choice(graph.constant(ONNXConstant(.booleans(isZero))), graph.apply("Exp", [x]), curve)
  }
}

extension InverseQuantileTransform: ONNXInexpressible {
  static let obstacle =
    "targets taken back from quantiles: the error function of runtimes is in single precision, and so are its tails"
}

extension SingleInterpolation: ONNXInexpressible {
  static let obstacle =
    "curves in single precision: each step of a line is rounded, which no operator of the standard promises"
}

extension MultiplicativeFactors: ONNXInexpressible {
  static let obstacle =
    "factors by multiplicative updates: whether one more turn follows hangs on the last bits of a divergence, which"
    + " runtimes add up each in an order of its own"
}
