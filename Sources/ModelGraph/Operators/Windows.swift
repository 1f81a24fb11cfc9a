public import Domain

/// A window that slides over one or two axes of places, as in convolutions and pooling (ONNX, operator `Conv`).
public struct SlidingWindow: Equatable, Sendable {
  /// The number of places along each axis.
  public var places: [Int]
  /// The length of the window along each axis.
  public var kernel: [Int]
  /// How far the window moves.
  public var strides: [Int]
  /// The distance between neighbours in the window.
  public var dilations: [Int]
  /// How many places there seem to be before the first.
  public var before: [Int]
  /// How many there seem to be behind the last.
  public var after: [Int]
  /// Whether a last window that hangs over the end counts.
  public var roundsUp: Bool

  /// Describes a window.
  public init(
    places: [Int], kernel: [Int], strides: [Int], dilations: [Int], before: [Int], after: [Int],
    roundsUp: Bool
  ) {
    self.places = places
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.before = before
    self.after = after
    self.roundsUp = roundsUp
  }

  /// How many times the window stops along each axis; nil where the window does not fit or makes no sense.
  public var outputs: [Int]? {
    let limit = 1...(1 << 24)
    let count = places.count
    guard 1...2 ~= count, [kernel, strides, dilations, before, after].allSatisfy({ $0.count == count }),
      (places + kernel + strides + dilations).allSatisfy({ limit ~= $0 }),
      (before + after).allSatisfy({ 0...(1 << 24) ~= $0 })
    else { return nil }
    var result: [Int] = []
    for axis in 0..<count {
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      let room = places[axis] + before[axis] + after[axis] - reach
      guard room >= 0 else { return nil }
      var stops = room / strides[axis] + 1
      if roundsUp, !room.isMultiple(of: strides[axis]) {
        // A window that would begin behind the places is none.
        if stops * strides[axis] < places[axis] + before[axis] { stops += 1 }
      }
      result.append(stops)
    }
    return result
  }

  init(from reader: inout AttributeReader) throws(Problem) {
    func axes(_ name: String) throws(Problem) -> [Int] { try reader.integers(name).map { Int($0) } }
    self.init(
      places: try axes("places"), kernel: try axes("kernel"), strides: try axes("strides"),
      dilations: try axes("dilations"), before: try axes("before"), after: try axes("after"),
      roundsUp: try reader.bool("rounds_up"))
  }

  func write(to writer: inout AttributeWriter) {
    func write(_ axes: [Int], _ name: String) { writer.write(axes.map { Int64($0) }, name) }
    write(places, "places")
    write(kernel, "kernel")
    write(strides, "strides")
    write(dilations, "dilations")
    write(before, "before")
    write(after, "after")
    writer.write(roundsUp, "rounds_up")
  }

  /// How many places are under the window.
  var reach: Int { kernel.reduce(1, *) }

  /// How many times the window stops in all.
  var stops: Int { (outputs ?? []).reduce(1, *) }

  /// How many columns an operand of so many channels has, and how many stops there are; checked for work.
  func check(channels: Int, _ operands: Operands, work: Int) throws(Problem) -> Int {
    let columns = try operands.numbers()
    guard let outputs, let inputs = Tensor.elementCount(of: [channels] + places),
      let stops = Tensor.elementCount(of: outputs), channels > 0, inputs == columns
    else {
      throw operands.problem(
        "window",
        "expected '\(operands.node)' to have a window that fits \(channels) channels of places \(places),"
          + " found one that does not, or \(columns) columns")
    }
    try operands.expectWork([stops, work] + kernel)
    return stops
  }
}

/// A convolution: weights that slide over places, channel by channel in groups.
public struct Convolve: Operator {
  /// The name of the kind.
  public static let kind = "convolve"

  /// The window.
  public var window: SlidingWindow
  /// How many channels go in.
  public var channels: Int
  /// How many groups the channels are in; each output reads those of one.
  public var groups: Int
  /// `[outputs, channels ÷ groups, kernel…]`, row by row.
  public var weights: [Double]
  /// `[outputs]`.
  public var bias: [Double]

  /// Says what slides and what is added.
  public init(window: SlidingWindow, channels: Int, groups: Int, weights: [Double], bias: [Double]) {
    self.window = window
    self.channels = channels
    self.groups = groups
    self.weights = weights
    self.bias = bias
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      window: try SlidingWindow(from: &reader), channels: try reader.integer("channels"),
      groups: try reader.integer("groups"), weights: try reader.numbers("weights"),
      bias: try reader.numbers("bias"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    window.write(to: &writer)
    writer.write(channels, "channels")
    writer.write(groups, "groups")
    writer.write(weights, "weights")
    writer.write(bias, "bias")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(window.stops, weights.count) }

  /// Gives the stops of the window for each output, output by output.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard groups > 0, channels > 0, channels.isMultiple(of: groups), !bias.isEmpty,
      bias.count.isMultiple(of: groups)
    else {
      throw operands.problem("window", "expected groups of channels and of outputs in '\(operands.node)'")
    }
    let (work, overflow) = bias.count.multipliedReportingOverflow(by: channels / groups)
    guard !overflow else { throw operands.problem("window", "expected fewer channels in '\(operands.node)'") }
    let stops = try window.check(channels: channels, operands, work: work)
    guard Tensor.elementCount(of: [bias.count, channels / groups] + window.kernel) == weights.count else {
      throw operands.problem(
        "tensor-shape",
        "expected weights for \(bias.count) outputs in '\(operands.node)', found \(weights.count)")
    }
    try operands.expectFinite(weights, "weights")
    try operands.expectFinite(bias, "bias")
    let (columns, tooMany) = stops.multipliedReportingOverflow(by: bias.count)
    guard !tooMany else { throw operands.problem("window", "expected fewer outputs in '\(operands.node)'") }
    return .numbers(columns)
  }
}

/// The greatest or the mean of the elements under a window, channel by channel.
public struct Pool: Operator {
  /// What is made of the elements.
  public enum Kind: String, Sendable, CaseIterable {
    /// The greatest.
    case max
    /// Their mean.
    case mean
  }

  /// The name of the kind.
  public static let kind = "pool"

  /// What is made of the elements.
  public var pooling: Kind
  /// The window.
  public var window: SlidingWindow
  /// How many channels there are.
  public var channels: Int
  /// Whether a mean counts the places before and behind those that are.
  public var countsPadding: Bool

  /// Says what is made of which elements.
  public init(_ pooling: Kind, window: SlidingWindow, channels: Int, countsPadding: Bool) {
    self.pooling = pooling
    self.window = window
    self.channels = channels
    self.countsPadding = countsPadding
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      try reader.choice("pooling"), window: try SlidingWindow(from: &reader),
      channels: try reader.integer("channels"), countsPadding: try reader.bool("counts_padding"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(pooling, "pooling")
    window.write(to: &writer)
    writer.write(channels, "channels")
    writer.write(countsPadding, "counts_padding")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(window.stops, channels, window.reach) }

  /// Gives the stops of the window for each channel, channel by channel; each window has a place under it.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard channels > 0 else { throw operands.problem("window", "expected channels in '\(operands.node)'") }
    let stops = try window.check(channels: channels, operands, work: channels)
    for axis in window.places.indices {
      let reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1
      guard window.before[axis] < reach, window.after[axis] < reach else {
        throw operands.problem(
          "window",
          "expected less padding than the window in '\(operands.node)', found \(window.before[axis]) and"
            + " \(window.after[axis])")
      }
    }
    return .numbers(stops * channels)
  }
}
