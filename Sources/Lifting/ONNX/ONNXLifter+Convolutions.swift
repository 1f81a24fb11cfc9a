import Domain
import Encoding
import ModelGraph

// Windows that slide over places: convolutions and pooling.
extension ONNXLifter {
  static let convolutions: [String: Handler] = [
    "Conv": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.convolution())] },
    "MaxPool": pooling(.max), "AveragePool": pooling(.mean),
  ]

  /// The window that the attributes of a node describe, over places of these sizes.
  private mutating func window(kernel: [Int]?, places: [Int]) throws(Problem) -> SlidingWindow {
    let stated = try integers("kernel_shape")
    let automatic = try text("auto_pad", default: "NOTSET")
    let strides = try integers("strides") ?? [Int](repeating: 1, count: places.count)
    let dilations = try integers("dilations") ?? [Int](repeating: 1, count: places.count)
    let pads = try integers("pads") ?? [Int](repeating: 0, count: 2 * places.count)
    let isCeiling = try integer("ceil_mode", default: 0) != 0
    guard let kernel = kernel ?? stated, stated == nil || stated == kernel else {
      throw refusal("unexpected-attribute", "a window of the shape of the weights", "another")
    }
    let limit = 1...(1 << 20)
    guard kernel.count == places.count, strides.count == places.count, dilations.count == places.count,
      pads.count == 2 * places.count, (kernel + strides + dilations).allSatisfy({ limit ~= $0 }),
      pads.allSatisfy({ 0...(1 << 20) ~= $0 })
    else {
      throw refusal(
        "unexpected-attribute", "a window with \(places.count) axes of lengths above 0", "another")
    }
    var before = Array(pads.prefix(places.count))
    var after = Array(pads.suffix(places.count))
    switch automatic {
    case "NOTSET": break
    case "VALID":
      before = before.map { _ in 0 }
      after = before
    case "SAME_UPPER", "SAME_LOWER":
      for axis in places.indices {
        let outputs = (places[axis] + strides[axis] - 1) / strides[axis]
        let reach = (kernel[axis] - 1) * dilations[axis] + 1
        let total = max(0, (outputs - 1) * strides[axis] + reach - places[axis])
        before[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        after[axis] = total - before[axis]
      }
    default:
      throw refusal("unexpected-attribute", "a known padding", "'\(automatic.excerpt(80))'")
    }
    return SlidingWindow(
      places: places, kernel: kernel, strides: strides, dilations: dilations, before: before, after: after,
      roundsUp: isCeiling)
  }

  private mutating func convolution() throws(Problem) -> ONNXBatch {
    let groups = try integer("group", default: 1)
    let batch = try numbers(0)
    let weights = try constant(1)
    guard batch.rowAxis == 0, batch.shape[0] == 1, 3...4 ~= batch.rank, weights.shape.count == batch.rank,
      let doubles = weights.doubles, groups > 0
    else {
      throw refusal(
        "unexpected-shape", "rows, channels and one or two axes of places", "the shape \(batch.shape)")
    }
    let outputs = weights.shape[0]
    let channels = batch.shape[1]
    let window = try window(
      kernel: Array(weights.shape.dropFirst(2)), places: Array(batch.shape.dropFirst(2)))
    guard channels.isMultiple(of: groups), outputs.isMultiple(of: groups), outputs > 0,
      weights.shape[1] == channels / groups
    else {
      throw refusal("unexpected-shape", "weights for \(channels) channels", "the shape \(weights.shape)")
    }
    let bias =
      try input(2) == nil ? [Double](repeating: 0, count: outputs) : try self.doubles(2, shape: [outputs])
    guard let sizes = window.outputs, let count = ONNXAxes.count([outputs] + sizes), count > 0 else {
      throw tooLarge()
    }
    try spend(doubles.count)
    var result = batch
    result.value = try apply(
      Convolve(window: window, channels: channels, groups: groups, weights: doubles, bias: bias),
      to: [batch.value], named: "convolution")
    return try rounded(result.reshaped([1, outputs] + sizes, rowAxis: 0))
  }

  private static func pooling(_ kind: Pool.Kind) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let countsPadding = try lifter.integer("count_include_pad", default: 0) != 0
      lifter.ignore("storage_order")
      let batch = try lifter.numbers(0)
      guard batch.rowAxis == 0, batch.shape[0] == 1, 3...4 ~= batch.rank else {
        throw lifter.refusal(
          "unexpected-shape", "rows, channels and one or two axes of places", "the shape \(batch.shape)")
      }
      let window = try lifter.window(kernel: nil, places: Array(batch.shape.dropFirst(2)))
      guard let sizes = window.outputs, let count = ONNXAxes.count([batch.shape[1]] + sizes), count > 0 else {
        throw lifter.tooLarge()
      }
      var result = batch
      result.value = try lifter.apply(
        Pool(kind, window: window, channels: batch.shape[1], countsPadding: countsPadding), to: [batch.value],
        named: "pool")
      return [.batch(try lifter.rounded(result.reshaped([1, batch.shape[1]] + sizes, rowAxis: 0)))]
    }
  }
}
