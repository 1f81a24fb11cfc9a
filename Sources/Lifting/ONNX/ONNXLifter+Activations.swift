import Artifacts
import Domain
import Encoding
import ModelGraph

// The functions between the layers of networks, put together from simpler ones as their definitions are.
extension ONNXLifter {
  static let activations: [String: Handler] = [
    "LeakyRelu": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 0.01)
      lifter.ignore("consumed_inputs")
      let (above, below) = try lifter.halves(try lifter.numbers(0))
      return [.batch(try lifter.combined(.add, above, try lifter.with(alpha, .multiply, below)))]
    },
    "PRelu": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("consumed_inputs")
      let (above, below) = try lifter.halves(try lifter.numbers(0))
      guard case .batch(let scaled) = try lifter.combined(.multiply, .batch(below), try lifter.required(1)),
        scaled.shape == above.shape
      else { throw lifter.refusal("unexpected-shape", "slopes for the elements", "more than there are") }
      return [.batch(try lifter.combined(.add, above, scaled))]
    },
    "Elu": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 1)
      lifter.ignore("consumed_inputs")
      let (above, below) = try lifter.halves(try lifter.numbers(0))
      let curve = try lifter.with(alpha, .multiply, try lifter.map(.expm1, below, rounding: false))
      return [.batch(try lifter.combined(.add, above, curve))]
    },
    "Selu": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 1.67326319217681884765625)
      let gamma = try lifter.float("gamma", default: 1.05070102214813232421875)
      lifter.ignore("consumed_inputs")
      let (above, below) = try lifter.halves(try lifter.numbers(0))
      let curve = try lifter.with(
        alpha, .multiply, try lifter.map(.expm1, below, rounding: false), rounding: false)
      let sum = try lifter.combined(.add, above, curve, rounding: false)
      return [.batch(try lifter.with(gamma, .multiply, sum))]
    },
    "Celu": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 1)
      let (above, below) = try lifter.halves(try lifter.numbers(0))
      let inner = try lifter.with(alpha, .divide, below, rounding: false)
      let curve = try lifter.with(alpha, .multiply, try lifter.map(.expm1, inner, rounding: false))
      return [.batch(try lifter.combined(.add, above, curve))]
    },
    "ThresholdedRelu": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 1)
      let x = try lifter.numbers(0)
      let isAbove = try lifter.with(alpha, .greater, x)
      return [.batch(try lifter.combined(.multiply, x, isAbove))]
    },
    "HardSigmoid": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 0.2)
      let beta = try lifter.float("beta", default: 0.5)
      lifter.ignore("consumed_inputs")
      return [.batch(try lifter.hardSigmoid(try lifter.numbers(0), alpha, beta))]
    },
    "HardSwish": { (lifter: inout ONNXLifter) throws(Problem) in
      let x = try lifter.numbers(0)
      return [.batch(try lifter.combined(.multiply, x, try lifter.hardSigmoid(x, 1.0 / 6, 0.5)))]
    },
    "Swish": { (lifter: inout ONNXLifter) throws(Problem) in
      let alpha = try lifter.float("alpha", default: 1)
      let x = try lifter.numbers(0)
      let inner = try lifter.with(alpha, .multiply, x, rounding: false)
      return [.batch(try lifter.combined(.multiply, x, try lifter.map(.logistic, inner, rounding: false)))]
    },
    "Mish": { (lifter: inout ONNXLifter) throws(Problem) in
      let x = try lifter.numbers(0)
      let curve = try lifter.map(.tanh, try lifter.softplus(x), rounding: false)
      return [.batch(try lifter.combined(.multiply, x, curve))]
    },
    "Softplus": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.rounded(try lifter.softplus(try lifter.numbers(0))))]
    },
    "Softsign": { (lifter: inout ONNXLifter) throws(Problem) in
      let x = try lifter.numbers(0)
      let size = try lifter.with(1, .add, try lifter.map(.absolute, x), rounding: false)
      return [.batch(try lifter.combined(.divide, x, size))]
    },
    "Gelu": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.gelu(try lifter.numbers(0), form: try lifter.text("approximate", default: "none")))]
    },
    "Clip": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("consumed_inputs")
      var low: Double?
      var high: Double?
      if lifter.node.attribute("min") != nil { low = try lifter.float("min", default: 0) }
      if lifter.node.attribute("max") != nil { high = try lifter.float("max", default: 0) }
      low = try lifter.scalarIfPresent(1) ?? low
      high = try lifter.scalarIfPresent(2) ?? high
      if case .constant(let constant) = try lifter.required(0), let numbers = constant.doubles {
        let clipped = numbers.map { Swift.min(Swift.max($0, low ?? -.infinity), high ?? .infinity) }
        return [.constant(lifter.rounded(constant, clipped, shape: constant.shape))]
      }
      var x = try lifter.numbers(0)
      if let low { x = try lifter.with(low, .maximum, x) }
      if let high { x = try lifter.with(high, .minimum, x) }
      return [.batch(x)]
    },
    "Softmax": softmax(isLogarithm: false), "LogSoftmax": softmax(isLogarithm: true),
  ]

  /// max(x, 0) and min(x, 0).
  private mutating func halves(_ x: ONNXBatch) throws(Problem) -> (above: ONNXBatch, below: ONNXBatch) {
    (try map(.relu, x), try with(0, .minimum, x))
  }

  /// max(0, min(1, α · x + β)).
  private mutating func hardSigmoid(_ x: ONNXBatch, _ alpha: Double, _ beta: Double) throws(Problem)
    -> ONNXBatch
  {
    let line = try with(beta, .add, try with(alpha, .multiply, x, rounding: false))
    return try with(1, .minimum, try map(.relu, line))
  }

  /// log(1 + eˣ), as max(x, 0) + log(1 + e^−|x|).
  private mutating func softplus(_ x: ONNXBatch) throws(Problem) -> ONNXBatch {
    let small = try map(
      .exp, try map(.negative, try map(.absolute, x), rounding: false), rounding: false)
    return try combined(
      .add, try map(.relu, x), try map(.log1p, small, rounding: false), rounding: false)
  }

  /// x · Φ(x), by the error function or by its approximation with tanh (Hendrycks and Gimpel, 2016).
  private mutating func gelu(_ x: ONNXBatch, form: String) throws(Problem) -> ONNXBatch {
    let curve: ONNXBatch
    switch form {
    case "none":
      let inner = try with(0.5.squareRoot(), .multiply, x, rounding: false)
      curve = try map(.erf, inner, rounding: false)
    case "tanh":
      let square = try combined(.multiply, x, x, rounding: false)
      let cube = try with(
        0.044715, .multiply, try combined(.multiply, square, x, rounding: false), rounding: false)
      let inner = try with(
        (2 / Double.pi).squareRoot(), .multiply, try combined(.add, x, cube, rounding: false), rounding: false
      )
      curve = try map(.tanh, inner, rounding: false)
    default:
      throw refusal("unexpected-attribute", "'none' or 'tanh' as 'approximate'", "'\(form.excerpt(80))'")
    }
    let factor = try with(
      0.5, .multiply, try with(1, .add, curve, rounding: false), rounding: false)
    return try combined(.multiply, x, factor)
  }

  /// Softmax along an axis; before version 13 over all axes from one on.
  private static func softmax(isLogarithm: Bool) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let x = try lifter.numbers(0)
      let isNew = lifter.operatorSet >= 13
      let axis = try lifter.axis(try lifter.integer("axis", default: isNew ? -1 : 1), rank: x.rank)
      let axes = isNew ? [axis] : Array(axis..<x.rank)
      let (last, restore) = try lifter.movedLast(x, axes: axes)
      var result = last
      result.value = try lifter.apply(
        SoftmaxGroups(size: axes.reduce(1) { $0 * x.shape[$1] }, isLogarithm: isLogarithm), to: [last.value],
        named: isLogarithm ? "log_softmax" : "softmax")
      return [.batch(try lifter.rounded(try lifter.movedBack(result, restore)))]
    }
  }

  // MARK: - Axes at the end

  /// A value with some of its axes moved behind the others, and the order that moves them back.
  mutating func movedLast(_ batch: ONNXBatch, axes: [Int]) throws(Problem) -> (ONNXBatch, [Int]) {
    guard !axes.contains(batch.rowAxis) else {
      throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(batch.rowAxis)")
    }
    let others = (0..<batch.rank).filter { !axes.contains($0) }
    let order = others + axes
    var back = order
    for (place, axis) in order.enumerated() { back[axis] = place }
    return (try transposed(batch, to: order), back)
  }

  mutating func movedBack(_ batch: ONNXBatch, _ order: [Int]) throws(Problem) -> ONNXBatch {
    try transposed(batch, to: order)
  }

  /// A value with its axes in another order.
  mutating func transposed(_ batch: ONNXBatch, to order: [Int]) throws(Problem) -> ONNXBatch {
    try rearranged(
      batch, ONNXAxes.transposing(batch.shape, to: order),
      rowAxis: order.firstIndex(of: batch.rowAxis) ?? batch.rowAxis)
  }
}
