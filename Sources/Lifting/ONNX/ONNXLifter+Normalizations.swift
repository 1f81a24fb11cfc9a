import Domain
import ModelGraph

// Normalisation over a batch that is over, over layers and over channels.
extension ONNXLifter {
  static let normalizations: [String: Handler] = [
    "BatchNormalization": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.batchNormalization())]
    },
    "LayerNormalization": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.layerNormalization())]
    },
    "InstanceNormalization": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.instanceNormalization())]
    },
    "LpNormalization": { (lifter: inout ONNXLifter) throws(Problem) in
      let stated = try lifter.integer("axis", default: -1)
      let power = try lifter.integer("p", default: 2)
      let batch = try lifter.numbers(0)
      guard power == 1 || power == 2 else {
        throw lifter.refusal("unexpected-attribute", "1 or 2 as 'p'", "\(power)")
      }
      let axis = try lifter.axis(stated, rank: batch.rank)
      let norm = try lifter.reduced(batch, power == 1 ? .l1 : .l2, axes: [axis], keeps: true)
      return [try lifter.combined(.divide, .batch(batch), .batch(norm))]
    },
  ]

  /// (x − mean) · (scale ÷ √(variance + ε)) + bias, channel by channel.
  private mutating func batchNormalization() throws(Problem) -> ONNXBatch {
    let epsilon = try float("epsilon", default: 1e-5)
    ignore("momentum", "consumed_inputs", "is_test")
    guard try integer("training_mode", default: 0) == 0, try integer("spatial", default: 1) != 0 else {
      throw refusal("unsupported-model", "normalisation by channels for predicting", "another")
    }
    let batch = try numbers(0)
    guard batch.rank >= 2, batch.rowAxis == 0 else {
      throw refusal("unexpected-shape", "rows and channels", "the shape \(batch.shape)")
    }
    let channels = [batch.shape[1]]
    let (scale, bias) = (try doubles(1, shape: channels), try doubles(2, shape: channels))
    let (mean, variance) = (try doubles(3, shape: channels), try doubles(4, shape: channels))
    let factors = scale.indices.map { scale[$0] / (variance[$0] + epsilon).squareRoot() }
    let addends = bias.indices.map { bias[$0] - mean[$0] * factors[$0] }
    let shape = channels + [Int](repeating: 1, count: batch.rank - 2)
    return try affine(batch, factors, addends, shape: shape)
  }

  /// x · factors + addends, both broadcast from a shape.
  private mutating func affine(_ batch: ONNXBatch, _ factors: [Double], _ addends: [Double]?, shape: [Int])
    throws(Problem) -> ONNXBatch
  {
    // Rounded once, at the end.
    var exact = batch
    exact.kind = .float64
    func constant(_ numbers: [Double]) -> ONNXValue {
      .constant(ONNXConstant(kind: .float64, shape: shape, elements: .numbers(numbers)))
    }
    var value = try combined(.multiply, .batch(exact), constant(factors))
    if let addends { value = try combined(.add, value, constant(addends)) }
    guard case .batch(let result) = value else { throw tooLarge() }
    return try rounded(result.with(kind: batch.kind))
  }

  private mutating func layerNormalization() throws(Problem) -> ONNXBatch {
    let epsilon = try float("epsilon", default: 1e-5)
    let stated = try integer("axis", default: -1)
    ignore("stash_type")
    let batch = try numbers(0)
    let axis = try axis(stated, rank: batch.rank)
    guard axis > batch.rowAxis else {
      throw refusal("unsupported-axis", "axes behind that of the rows", "axis \(axis)")
    }
    let shape = Array(batch.shape[axis...])
    var normal = batch
    normal.value = try apply(
      NormalizeGroups(size: shape.reduce(1, *), epsilon: epsilon), to: [batch.value], named: "normalized")
    let scale = try constant(1)
    let bias = try constantIfPresent(2)
    guard let factors = spread(scale, to: shape) else {
      throw refusal("unexpected-shape", "a scale of the shape \(shape)", "the shape \(scale.shape)")
    }
    var addends: [Double]?
    if let bias {
      guard let spread = spread(bias, to: shape) else {
        throw refusal("unexpected-shape", "a bias of the shape \(shape)", "the shape \(bias.shape)")
      }
      addends = spread
    }
    return try affine(normal, factors, addends, shape: shape)
  }

  private func spread(_ constant: ONNXConstant, to shape: [Int]) -> [Double]? {
    guard let axes = ONNXAxes.broadcasting(constant.shape, to: shape) else { return nil }
    return constant.picking(axes.places, shape: shape).doubles
  }

  private mutating func instanceNormalization() throws(Problem) -> ONNXBatch {
    let epsilon = try float("epsilon", default: 1e-5)
    ignore("consumed_inputs")
    let batch = try numbers(0)
    guard batch.rank >= 3, batch.rowAxis == 0, batch.shape[0] == 1 else {
      throw refusal("unexpected-shape", "rows, channels and places", "the shape \(batch.shape)")
    }
    let channels = [batch.shape[1]]
    let (scale, bias) = (try doubles(1, shape: channels), try doubles(2, shape: channels))
    var normal = batch
    normal.value = try apply(
      NormalizeGroups(size: batch.shape.dropFirst(2).reduce(1, *), epsilon: epsilon), to: [batch.value],
      named: "normalized")
    return try affine(
      normal, scale, bias, shape: channels + [Int](repeating: 1, count: batch.rank - 2))
  }
}
