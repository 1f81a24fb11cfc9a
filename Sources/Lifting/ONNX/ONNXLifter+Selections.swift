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
  private mutating func taking(_ positions: [Int], along axis: Int, of value: ONNXValue) throws(Problem)
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

  // MARK: - By index

  private mutating func gathered() throws(Problem) -> ONNXValue {
    let stated = try integer("axis", default: 0)
    let value = try required(0)
    if case .batch(let indices) = try required(1) {
      guard case .constant(let table) = value else {
        throw refusal("variable-input", "constant places, or constants to take from", "neither")
      }
      return .batch(try lookedUp(table, axis: try axis(stated, rank: table.shape.count), indices))
    }
    let places = try constant(1)
    guard let integers = places.integers else {
      throw refusal("unexpected-type", "integers as places", "others")
    }
    switch value {
    case .sizes(let sizes, _):
      var picked: [ONNXSize] = []
      for place in integers { picked.append(sizes[try axis(Int(place), rank: sizes.count)]) }
      return .sizes(picked, isScalar: places.shape.isEmpty)
    case .constant(let constant):
      let axis = try axis(stated, rank: constant.shape.count)
      let positions = try positions(integers, size: constant.shape[axis])
      guard let axes = ONNXAxes.selecting(positions, along: axis, of: constant.shape) else {
        throw tooLarge()
      }
      try spend(axes.places.count)
      let shape = constant.shape[..<axis] + places.shape + constant.shape[(axis + 1)...]
      return .constant(constant.picking(axes.places, shape: Array(shape)))
    case .batch(let batch):
      let axis = try axis(stated, rank: batch.rank)
      guard axis != batch.rowAxis else {
        guard places.count == 1, integers == [0], places.shape.isEmpty, batch.shape[axis] == 1 else {
          throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(axis)")
        }
        throw refusal("unsupported-axis", "an axis other than that of the rows", "axis \(axis)")
      }
      let positions = try positions(integers, size: batch.shape[axis])
      let taken = try rearranged(
        batch, ONNXAxes.selecting(positions, along: axis, of: batch.shape), rowAxis: batch.rowAxis)
      let shape = batch.shape[..<axis] + places.shape + batch.shape[(axis + 1)...]
      let added = batch.rowAxis > axis ? places.shape.count - 1 : 0
      return .batch(taken.reshaped(Array(shape), rowAxis: batch.rowAxis + added))
    }
  }

  /// Places that may be counted from the end.
  func positions(_ places: [Int64], size: Int) throws(Problem) -> [Int] {
    try places.mapped { (place) throws(Problem) in
      guard place >= -Int64(size), place < size else {
        throw refusal("unexpected-index", "places from \(-size) to \(size - 1)", "\(place)")
      }
      return Int(place < 0 ? place + Int64(size) : place)
    }
  }

  /// What stands in a table of constants at the places that a value holds.
  mutating func lookedUp(_ table: ONNXConstant, axis: Int, _ indices: ONNXBatch) throws(Problem) -> ONNXBatch
  {
    guard axis == 0 || table.shape[..<axis].allSatisfy({ $0 == 1 }) else {
      throw refusal("unsupported-axis", "the first axis of the table", "axis \(axis)")
    }
    let rows = table.shape[axis]
    let inner = Array(table.shape[(axis + 1)...])
    let leading = [Int](repeating: 1, count: axis)
    let shape = leading + indices.shape + inner
    guard rows > 0, let width = ONNXAxes.count(inner), width > 0, let count = ONNXAxes.count(shape) else {
      throw tooLarge()
    }
    var result = indices.reshaped(shape, rowAxis: indices.rowAxis + axis)
    result.kind = table.kind
    if case .texts(let texts) = table.elements {
      guard case .indices(let bound) = indices.content, bound == rows, width == 1 else {
        throw refusal("unsupported-type", "texts that an index of the greatest element picks", "others")
      }
      result.content = .names(texts)
      return result
    }
    guard let numbers = table.doubles else { throw tooLarge() }
    if case .indices(let bound) = indices.content, bound == rows, width == 1, count == 1 {
      try spend(rows)
      result.value = try apply(Pick(numbers), to: [indices.value], named: "pick")
      result.content = .numbers
      return result
    }
    let source = try self.numbers(indices)
    guard let matrix = ConstantMatrix(numbers, rows: rows, columns: width) else { throw tooLarge() }
    try spend(numbers.count)
    result.value = try apply(Embed(matrix), to: [source.value], named: "embed")
    result.content = .numbers
    return result
  }

  // MARK: - Padding, one-hot, the greatest

  private mutating func padded() throws(Problem) -> ONNXValue {
    let mode = try text("mode", default: "constant")
    let value = try float("value", default: 0)
    let (attribute, old) = (try integers("pads"), try integers("paddings"))
    let batch = try numbers(0)
    guard mode == "constant", let pads = try integersIfPresent(1) ?? attribute ?? old else {
      throw refusal("unsupported-attribute", "padding with a constant", "'\(mode.excerpt(80))'")
    }
    let filling = try scalarIfPresent(2) ?? value
    let stated = try integersIfPresent(3)
    var sides = [(before: Int, after: Int)](repeating: (0, 0), count: batch.rank)
    let axes = stated ?? Array(0..<batch.rank)
    guard pads.count == 2 * axes.count, pads.allSatisfy({ 0...ONNXAxes.placeLimit ~= $0 }) else {
      throw refusal("unexpected-shape", "two lengths of padding for each axis", "others")
    }
    for (index, number) in axes.enumerated() {
      sides[try axis(number, rank: batch.rank)] = (pads[index], pads[axes.count + index])
    }
    guard sides[batch.rowAxis] == (0, 0) else {
      throw refusal("unsupported-axis", "rows that stay as many as they are", "padded rows")
    }
    let shape = zip(batch.shape, sides).map { $0 + $1.before + $1.after }
    guard let count = ONNXAxes.count(shape), count > 0 else { throw tooLarge() }
    try spend(count)
    let fill = try apply(Fill([filling]), to: [batch.value], named: "padding")
    let both = try apply(Concat(), to: [batch.value, fill], named: "concat")
    // Every place is one of the value, or the one of the padding behind it.
    var places = [Int](repeating: 0, count: 1)
    let strides = ONNXAxes.strides(batch.shape)
    for (axis, size) in shape.enumerated() {
      var next: [Int] = []
      next.reserveCapacity(places.count * size)
      for place in places {
        for position in 0..<size {
          let inner = position - sides[axis].before
          next.append(
            place < 0 || inner < 0 || inner >= batch.shape[axis] ? -1 : place + inner * strides[axis])
        }
      }
      places = next
    }
    var result = batch.reshaped(shape, rowAxis: batch.rowAxis)
    result.value = try apply(
      Columns(places.map { Int64($0 < 0 ? batch.columns : $0) }), to: [both], named: "padded")
    return .batch(result)
  }

  private mutating func oneHot() throws(Problem) -> ONNXValue {
    let stated = try integer("axis", default: -1)
    let indices = try numbers(0)
    guard let depth = try scalarIfPresent(1), depth >= 1, depth <= Double(ONNXAxes.placeLimit) else {
      throw refusal("unexpected-shape", "a depth above 0", "another")
    }
    let values = try doubles(2, shape: [2])
    guard values[0] == 0, values[1] == 1 else {
      throw refusal("unsupported-attribute", "the values 0 and 1", "others")
    }
    guard stated == -1 || stated == indices.rank else {
      throw refusal("unsupported-axis", "a new axis behind the others", "axis \(stated)")
    }
    let size = Int(depth)
    let widened = indices.reshaped(indices.shape + [1], rowAxis: indices.rowAxis)
    // A place counted from the end is taken too.
    let numbers = ONNXConstant(
      kind: .float64, shape: [size], elements: .numbers((0..<size).map { Double($0) }))
    let fromEnd = ONNXConstant(
      kind: .float64, shape: [size], elements: .numbers((0..<size).map { Double($0 - size) }))
    let first = try combined(.equal, .batch(widened), .constant(numbers))
    let second = try combined(.equal, .batch(widened), .constant(fromEnd))
    let kind = try constant(2).kind
    return try combined(.maximum, first, second).with(kind: kind)
  }

  private mutating func top() throws(Problem) -> [ONNXValue] {
    let stated = try integer("axis", default: -1)
    let isLargest = try integer("largest", default: 1) != 0
    _ = try integer("sorted")
    let attribute = try integer("k")
    let batch = try numbers(0)
    let axis = try axis(stated, rank: batch.rank)
    guard let count = try scalarIfPresent(1).flatMap({ Int(exactly: $0) }) ?? attribute, count > 0,
      count <= batch.shape[axis]
    else { throw refusal("unexpected-shape", "from 1 to \(batch.shape[axis]) elements", "others") }
    let (last, back) = try movedLast(batch, axes: [axis])
    let size = batch.shape[axis]
    let both = try apply(
      TopElements(size: size, count: count, largest: isLargest), to: [last.value], named: "top")
    var shape = last.shape
    shape[shape.count - 1] = count
    let total = shape.reduce(1, *)
    try spend(2 * total)
    var values = last.reshaped(shape, rowAxis: last.rowAxis)
    values.value = try apply(Columns((0..<total).map { Int64($0) }), to: [both], named: "values")
    var places = values.with(kind: .integer)
    places.value = try apply(Columns((0..<total).map { Int64($0 + total) }), to: [both], named: "places")
    return [.batch(try movedBack(values, back)), .batch(try movedBack(places, back))]
  }
}
