import Artifacts
import Domain
import Encoding
import ModelGraph

// What puts elements around or in the place of others: padding, one-hot codes, the greatest.
extension ONNXLifter {
  mutating func padded() throws(Problem) -> ONNXValue {
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

  mutating func oneHot() throws(Problem) -> ONNXValue {
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

  mutating func top() throws(Problem) -> [ONNXValue] {
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
