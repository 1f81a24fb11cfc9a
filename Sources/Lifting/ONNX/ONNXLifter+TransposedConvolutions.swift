import Domain
import Encoding
import ModelGraph

// Convolutions that make more places than they read.
extension ONNXLifter {
  static let transposedConvolutions: [String: Handler] = [
    "ConvTranspose": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.transposedConvolution())]
    }
  ]

  /// A convolution with the weights turned round, over places with zeros between them.
  private mutating func transposedConvolution() throws(Problem) -> ONNXBatch {
    let groups = try integer("group", default: 1)
    let batch = try numbers(0)
    let weights = try constant(1)
    guard batch.rowAxis == 0, batch.shape[0] == 1, 3...4 ~= batch.rank, weights.shape.count == batch.rank,
      let doubles = weights.doubles, groups > 0
    else {
      throw refusal(
        "unexpected-shape", "rows, channels and one or two axes of places", "the shape \(batch.shape)")
    }
    let channels = batch.shape[1]
    let inGroup = weights.shape[1]
    let (outputs, overflow) = inGroup.multipliedReportingOverflow(by: groups)
    guard !overflow, outputs > 0, channels.isMultiple(of: groups), weights.shape[0] == channels else {
      throw refusal("unexpected-shape", "weights for \(channels) channels", "the shape \(weights.shape)")
    }
    let places = Array(batch.shape.dropFirst(2))
    let (window, strides) = try turnedWindow(kernel: Array(weights.shape.dropFirst(2)), places: places)
    let bias =
      try input(2) == nil ? [Double](repeating: 0, count: outputs) : try self.doubles(2, shape: [outputs])
    guard let sizes = window.outputs, let count = ONNXAxes.count([outputs] + sizes), count > 0,
      let spread = ONNXAxes.count([channels] + window.places)
    else { throw tooLarge() }
    try spend(doubles.count)
    try spend(spread)
    let wide = try spreadOut(batch, strides: strides, over: window.places, count: spread)
    let turned = turned(doubles, weights.shape, groups: groups)
    var result = batch
    result.value = try apply(
      Convolve(window: window, channels: channels, groups: groups, weights: turned, bias: bias),
      to: [wide], named: "convolution")
    return try rounded(result.reshaped([1, outputs] + sizes, rowAxis: 0))
  }

  /// The window over the places that have been spread out, and how far each has been.
  private mutating func turnedWindow(
    kernel: [Int], places: [Int]
  ) throws(Problem) -> (window: SlidingWindow, strides: [Int]) {
    let stated = try integers("kernel_shape")
    let automatic = try text("auto_pad", default: "NOTSET")
    let ones = [Int](repeating: 1, count: places.count)
    let strides = try integers("strides") ?? ones
    let dilations = try integers("dilations") ?? ones
    let pads = try integers("pads") ?? ones.flatMap { _ in [0, 0] }
    let extra = try integers("output_padding") ?? ones.map { _ in 0 }
    guard stated == nil || stated == kernel, try integers("output_shape") == nil,
      automatic == "NOTSET" || automatic == "VALID"
    else {
      throw refusal(
        "unsupported-attribute", "padding that is given, and the window of the weights", "another shape")
    }
    let limit = 1...(1 << 20)
    guard strides.count == places.count, dilations.count == places.count, extra.count == places.count,
      pads.count == 2 * places.count, (kernel + strides + dilations + places).allSatisfy({ limit ~= $0 }),
      (pads + extra).allSatisfy({ 0...(1 << 20) ~= $0 })
    else {
      throw refusal(
        "unexpected-attribute", "a window with \(places.count) axes of lengths above 0", "another")
    }
    var (spread, before, after): ([Int], [Int], [Int]) = ([], [], [])
    for axis in places.indices {
      let reach = (kernel[axis] - 1) * dilations[axis]
      spread.append((places[axis] - 1) * strides[axis] + 1)
      before.append(reach - (automatic == "VALID" ? 0 : pads[axis]))
      after.append(reach - (automatic == "VALID" ? 0 : pads[places.count + axis]) + extra[axis])
    }
    guard (before + after).allSatisfy({ $0 >= 0 }) else {
      throw refusal("unsupported-attribute", "padding that the window reaches over", "more")
    }
    let window = SlidingWindow(
      places: spread, kernel: kernel, strides: ones, dilations: dilations, before: before, after: after,
      roundsUp: false)
    return (window, strides)
  }

  /// The places with zeros between them.
  private mutating func spreadOut(
    _ batch: ONNXBatch, strides: [Int], over places: [Int], count: Int
  ) throws(Problem) -> GraphValue {
    let zero = try apply(Fill([0]), to: [batch.value], named: "zero")
    let both = try apply(Concat(), to: [batch.value, zero], named: "concat")
    let shape = [batch.shape[1]] + places
    let sources = ONNXAxes.strides(Array(batch.shape.dropFirst()))
    var columns = [Int](repeating: 0, count: 1)
    for (axis, size) in shape.enumerated() {
      let stride = axis == 0 ? 1 : strides[axis - 1]
      var next: [Int] = []
      next.reserveCapacity(columns.count * size)
      for column in columns {
        for place in 0..<size {
          let isBetween = column < 0 || !place.isMultiple(of: stride)
          next.append(isBetween ? -1 : column + place / stride * sources[axis])
        }
      }
      columns = next
    }
    return try apply(
      Columns(columns.map { Int64($0 < 0 ? batch.columns : $0) }), to: [both], named: "spread")
  }

  /// Weights by output and input of a group, the window from its other end.
  private func turned(_ weights: [Double], _ shape: [Int], groups: Int) -> [Double] {
    let (inputs, outputs) = (shape[0] / groups, shape[1])
    let size = shape.dropFirst(2).reduce(1, *)
    var result: [Double] = []
    result.reserveCapacity(weights.count)
    for group in 0..<groups {
      for output in 0..<outputs {
        for input in 0..<inputs {
          let start = ((group * inputs + input) * outputs + output) * size
          result += weights[start..<(start + size)].reversed()
        }
      }
    }
    return result
  }
}
