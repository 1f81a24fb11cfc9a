import Artifacts
import Domain
import Encoding
import ModelGraph

// What takes some of the elements, or puts elements of several values side by side.
extension ONNXLifter {
  static let selections: [String: Handler] = [
    "Concat": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.concatenated()] },
    "Split": { (lifter: inout ONNXLifter) throws(Problem) in try lifter.split() },
    "Slice": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.sliced()] },
    "Gather": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.gathered()] },
    "Pad": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.padded()] },
    "OneHot": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.oneHot()] },
    "TopK": { (lifter: inout ONNXLifter) throws(Problem) in try lifter.top() },
  ]

  /// Sequences that the model gives, each of whose values becomes an output.
  static let sequences: [String: Handler] = [
    "SequenceConstruct": { (lifter: inout ONNXLifter) throws(Problem) in
      let name = lifter.node.outputs.first ?? ""
      guard lifter.model.graph.outputs.contains(where: { $0.name == name }),
        !lifter.model.graph.nodes.contains(where: { $0.inputs.contains(name) }), !lifter.node.inputs.isEmpty
      else { throw lifter.refusal("unsupported-sequence", "a sequence that the model gives", "another") }
      var batches: [ONNXBatch] = []
      for index in lifter.node.inputs.indices { batches.append(try lifter.batch(index)) }
      lifter.sequences[name] = batches
      return [.batch(batches[0])]
    }
  ]

  // MARK: - Side by side

  private mutating func concatenated() throws(Problem) -> ONNXValue {
    var parts: [ONNXValue] = []
    for index in node.inputs.indices { parts.append(try required(index)) }
    let stated = try integer("axis", default: 1)
    if parts.contains(where: { if case .batch = $0 { true } else { false } }) {
      return .batch(try concatenated(parts, axis: stated))
    }
    if parts.contains(where: { if case .sizes = $0 { true } else { false } }) {
      var sizes: [ONNXSize] = []
      for index in parts.indices { sizes += try self.sizes(index) }
      return .sizes(sizes, isScalar: false)
    }
    var constants: [ONNXConstant] = []
    for case .constant(let constant) in parts { constants.append(constant) }
    guard let first = constants.first else { throw refusal("missing-input", "an input", "none") }
    let axis = try axis(stated, rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for constant in constants {
      var others = constant.shape
      guard others.count == shape.count, constant.kind == first.kind else {
        throw refusal("unexpected-shape", "values of one kind and rank", "others")
      }
      others[axis] = 0
      guard others.enumerated().allSatisfy({ $0 == axis || $1 == shape[$0] }) else {
        throw refusal("unexpected-shape", "values that fit together", "others")
      }
      let (sum, overflow) = shape[axis].addingReportingOverflow(constant.shape[axis])
      guard !overflow else { throw tooLarge() }
      shape[axis] = sum
    }
    guard let count = ONNXAxes.count(shape) else { throw tooLarge() }
    try spend(count)
    // Laid end to end first, each block of one outer place then taken from each in turn.
    let order = interleaved(constants.map(\.shape), axis: axis)
    let all: ONNXConstant.Elements
    switch first.elements {
    case .numbers: all = .numbers(constants.flatMap { $0.doubles ?? [] })
    case .integers: all = .integers(constants.flatMap { $0.integers ?? [] })
    case .texts:
      var texts: [String] = []
      for constant in constants { if case .texts(let own) = constant.elements { texts += own } }
      all = .texts(texts)
    }
    let joined = ONNXConstant(kind: first.kind, shape: [count], elements: all)
    guard joined.count == count, order.count == count else {
      throw refusal("unexpected-shape", "values that fit together", "others")
    }
    return .constant(joined.picking(order, shape: shape))
  }

  /// The places of values laid end to end, in the order of their concatenation along an axis.
  private func interleaved(_ shapes: [[Int]], axis: Int) -> [Int] {
    let outer = shapes[0].prefix(axis).reduce(1, *)
    var starts: [Int] = []
    var blocks: [Int] = []
    var start = 0
    for shape in shapes {
      starts.append(start)
      blocks.append(shape.suffix(from: axis).reduce(1, *))
      start += outer * (blocks.last ?? 0)
    }
    var order: [Int] = []
    order.reserveCapacity(start)
    for place in 0..<outer {
      for (start, block) in zip(starts, blocks) {
        order.append(contentsOf: (start + place * block)..<(start + (place + 1) * block))
      }
    }
    return order
  }

  private mutating func concatenated(_ parts: [ONNXValue], axis stated: Int) throws(Problem) -> ONNXBatch {
    var model: ONNXBatch?
    for case .batch(let batch) in parts where model == nil { model = batch }
    guard let model else { throw refusal("missing-input", "a value of the rows", "none") }
    let axis = try axis(stated, rank: model.rank)
    if axis == model.rowAxis, let stack = try stack(parts) { return stack }
    guard axis != model.rowAxis else {
      throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(axis)")
    }
    var batches: [ONNXBatch] = []
    for part in parts {
      switch part {
      case .batch(let batch): batches.append(batch.content == .texts ? batch : try numbers(batch))
      case .constant(let constant):
        guard constant.shape.count == model.rank, constant.shape[model.rowAxis] == 1 else {
          throw refusal("unsupported-broadcast", "constants that are the same for all rows", "others")
        }
        batches.append(
          try filled(constant, rowAxis: model.rowAxis, shape: constant.shape, on: model.value))
      case .sizes: throw refusal("variable-input", "numbers that are known", "the number of rows")
      }
    }
    var shape = model.shape
    shape[axis] = 0
    for batch in batches {
      guard batch.rank == model.rank, batch.rowAxis == model.rowAxis, batch.content == batches[0].content,
        batch.shape.indices.allSatisfy({ $0 == axis || batch.shape[$0] == shape[$0] })
      else { throw refusal("unexpected-shape", "values that fit together", "others") }
      shape[axis] += batch.shape[axis]
    }
    guard let count = ONNXAxes.count(shape) else { throw tooLarge() }
    var result = batches[0]
    if batches.count > 1 {
      result.value = try apply(Concat(), to: batches.map(\.value), named: "concat")
      result.kind = batches.contains { $0.kind == .float64 } ? .float64 : batches[0].kind
    }
    let order = interleaved(batches.map(\.shape), axis: axis)
    if !order.indices.allSatisfy({ order[$0] == $0 }) {
      try spend(count)
      result.value = try apply(Columns(order.map { Int64($0) }), to: [result.value], named: "columns")
    }
    return result.reshaped(shape, rowAxis: model.rowAxis)
  }

  /// Columns one below the other, of which the one node that reads them makes an axis before that of the rows.
  private mutating func stack(_ parts: [ONNXValue]) throws(Problem) -> ONNXBatch? {
    guard let name = node.outputs.first, !model.graph.outputs.contains(where: { $0.name == name }) else {
      return nil
    }
    let readers = model.graph.nodes.filter { $0.inputs.contains(name) }
    guard readers.count == 1, readers[0].operation == "Reshape", readers[0].domain.isEmpty,
      readers[0].inputs.count == 2, readers[0].inputs[0] == name,
      case .constant(let target)? = values[readers[0].inputs[1]], target.integers == [Int64(parts.count), -1]
    else { return nil }
    var batches: [ONNXBatch] = []
    for case .batch(let batch) in parts where batch.shape == [1, 1] && batch.rowAxis == 0 {
      batches.append(try numbers(batch))
    }
    guard batches.count == parts.count, batches.count > 1, batches.allSatisfy({ $0.kind == batches[0].kind })
    else { return nil }
    var result = batches[0].reshaped([parts.count, 1], rowAxis: 1)
    result.value = try apply(Concat(), to: batches.map(\.value), named: "stack")
    stacked.insert(name)
    return result
  }

  // MARK: - Parts

  private mutating func split() throws(Problem) -> [ONNXValue] {
    let stated = try integer("axis", default: 0)
    let attribute = try integers("split")
    let lengths = try integersIfPresent(1) ?? attribute
    _ = try integer("num_outputs")
    let value = try required(0)
    let shape: [Int]
    switch value {
    case .batch(let batch): shape = batch.shape
    case .constant(let constant): shape = constant.shape
    case .sizes(let sizes, _): shape = [sizes.count]
    }
    let axis = try axis(stated, rank: shape.count)
    let parts = node.outputs.count
    let size = parts == 0 ? 0 : shape[axis] / parts + (shape[axis].isMultiple(of: parts) ? 0 : 1)
    let wanted = lengths ?? (0..<parts).map { min(size, shape[axis] - min($0 * size, shape[axis])) }
    guard wanted.count == parts, wanted.allSatisfy({ 1...ONNXAxes.placeLimit ~= $0 }),
      wanted.reduce(0, +) == shape[axis]
    else { throw refusal("unexpected-shape", "lengths that add up to \(shape[axis])", "others") }
    var result: [ONNXValue] = []
    var start = 0
    for length in wanted {
      result.append(try taking(Array(start..<(start + length)), along: axis, of: value))
      start += length
    }
    return result
  }

  /// Some positions along an axis.
  mutating func taking(_ positions: [Int], along axis: Int, of value: ONNXValue) throws(Problem)
    -> ONNXValue
  {
    switch value {
    case .sizes(let sizes, _): return .sizes(positions.map { sizes[$0] }, isScalar: false)
    case .constant(let constant):
      guard let axes = ONNXAxes.selecting(positions, along: axis, of: constant.shape) else {
        throw tooLarge()
      }
      try spend(axes.places.count)
      return .constant(constant.picking(axes.places, shape: axes.shape))
    case .batch(let batch):
      if axis == batch.rowAxis {
        guard positions == Array(0..<batch.shape[axis]) else {
          throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(axis)")
        }
        return value
      }
      return .batch(
        try rearranged(
          batch, ONNXAxes.selecting(positions, along: axis, of: batch.shape), rowAxis: batch.rowAxis))
    }
  }

  private mutating func sliced() throws(Problem) -> ONNXValue {
    let (oldStarts, oldEnds, oldAxes) = (try integers("starts"), try integers("ends"), try integers("axes"))
    guard let starts = try integersIfPresent(1) ?? oldStarts, let ends = try integersIfPresent(2) ?? oldEnds
    else {
      throw refusal("missing-input", "starts and ends", "none")
    }
    let axes = try integersIfPresent(3) ?? oldAxes ?? Array(starts.indices)
    let steps = try integersIfPresent(4) ?? [Int](repeating: 1, count: starts.count)
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
      throw refusal("unexpected-shape", "as many ends, axes and steps as starts", "others")
    }
    var value = try required(0)
    for index in starts.indices {
      let shape: [Int]
      var rowAxis: Int?
      switch value {
      case .batch(let batch):
        shape = batch.shape
        rowAxis = batch.rowAxis
      case .constant(let constant): shape = constant.shape
      case .sizes(let sizes, _): shape = [sizes.count]
      }
      let axis = try axis(axes[index], rank: shape.count)
      if axis == rowAxis, starts[index] == 0, steps[index] == 1, ends[index] >= Int(Int32.max) { continue }
      guard axis != rowAxis else {
        throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(axis)")
      }
      value = try taking(
        try positions(starts[index], ends[index], steps[index], size: shape[axis]), along: axis, of: value)
    }
    return value
  }

  /// The positions of a slice, as NumPy takes them.
  private func positions(_ start: Int, _ end: Int, _ step: Int, size: Int) throws(Problem) -> [Int] {
    guard step != 0, step > Int.min else {
      throw refusal("unexpected-shape", "a step other than 0", "\(step)")
    }
    let (least, most) = step > 0 ? (0, size) : (-1, size - 1)
    func clamped(_ place: Int) -> Int {
      let counted = place < 0 ? (place < -size ? -1 - (step > 0 ? 0 : 0) : place + size) : place
      return min(max(place < -size ? least : counted, least), most)
    }
    return Array(stride(from: clamped(start), to: clamped(end), by: step))
  }
}
