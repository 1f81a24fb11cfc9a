import Artifacts
import Domain
import Encoding
import ModelGraph

// What picks elements by their places.
extension ONNXLifter {
  mutating func gathered() throws(Problem) -> ONNXValue {
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
}
