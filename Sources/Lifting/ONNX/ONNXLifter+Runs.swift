import Domain
import Encoding
import ModelGraph

// What goes along one axis element by element: sums so far, and picking at places that differ from row to row.
extension ONNXLifter {
  static let runs: [String: Handler] = [
    "CumSum": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.cumulated())] },
    "GatherElements": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.pickedByRow())] },
  ]

  /// How long an axis may be: each place takes operators of its own.
  private static let runLimit = 256

  private mutating func cumulated() throws(Problem) -> ONNXBatch {
    let isExclusive = try integer("exclusive", default: 0) != 0
    let isReversed = try integer("reverse", default: 0) != 0
    let batch = try numbers(0)
    guard let stated = try scalarIfPresent(1).flatMap({ Int(exactly: $0) }) else {
      throw refusal("variable-input", "an axis that is known", "another")
    }
    let axis = try axis(stated, rank: batch.rank)
    let (last, back) = try movedLast(batch, axes: [axis])
    let size = batch.shape[axis]
    guard 1...Self.runLimit ~= size else {
      throw refusal("too-large", "up to \(Self.runLimit) elements to add up", "\(size)")
    }
    let groups = last.columns / size
    try spend(2 * last.columns)
    func column(_ place: Int) -> Columns { Columns((0..<groups).map { Int64($0 * size + place) }) }
    let order = isReversed ? Array((0..<size).reversed()) : Array(0..<size)
    var sums = [GraphValue?](repeating: nil, count: size)
    var current = last
    for (turn, place) in order.enumerated() {
      let own = try apply(column(place), to: [last.value], named: "element")
      if isExclusive {
        sums[place] =
          turn == 0
          ? try apply(Fill([Double](repeating: 0, count: groups)), to: [last.value], named: "zero")
          : current.value
      }
      if turn == 0 {
        current.value = own
      } else {
        current.value = try apply(Combine(.add), to: [current.value, own], named: "sum")
        current = try rounded(current)
      }
      if !isExclusive { sums[place] = current.value }
    }
    var result = last
    let side = try apply(Concat(), to: sums.compactMap { $0 }, named: "concat")
    let places = (0..<groups).flatMap { group in (0..<size).map { Int64($0 * groups + group) } }
    result.value = try apply(Columns(places), to: [side], named: "sums")
    return try movedBack(try checkedWhole(result), back)
  }

  private mutating func pickedByRow() throws(Problem) -> ONNXBatch {
    let stated = try integer("axis", default: 0)
    let (data, indices) = (try numbers(0), try numbers(1))
    let axis = try axis(stated, rank: data.rank)
    var expected = data.shape
    expected[axis] = indices.rank == data.rank ? indices.shape[axis] : 0
    guard indices.rank == data.rank, indices.rowAxis == data.rowAxis, indices.shape == expected else {
      throw refusal(
        "unexpected-shape", "places of the shape \(data.shape) but for axis \(axis)", "\(indices.shape)")
    }
    guard indices.kind == .integer else {
      throw refusal("unexpected-type", "places that are whole numbers", "others")
    }
    let (last, _) = try movedLast(data, axes: [axis])
    let (places, back) = try movedLast(indices, axes: [axis])
    let (size, count) = (data.shape[axis], indices.shape[axis])
    guard 1...Self.runLimit ~= size, count > 0 else {
      throw refusal("too-large", "1 to \(Self.runLimit) elements to pick from", "\(size)")
    }
    try spend(last.columns * count + places.columns)
    // Each place becomes the one from the front; one outside is refused when it comes.
    guard let numbers = ConstantMatrix((0..<size).map(Double.init), rows: size, columns: 1) else {
      throw tooLarge()
    }
    let fromFront = try apply(Embed(numbers), to: [places.value], named: "place")
    func element(_ place: Int) -> Columns {
      Columns((0..<places.columns).map { Int64($0 / count * size + place) })
    }
    var value = try apply(element(0), to: [last.value], named: "element")
    for place in 1..<max(1, size) {
      let own = try apply(element(place), to: [last.value], named: "element")
      let isOwn = try apply(
        Combine(.equal, constants: [Double](repeating: Double(place), count: places.columns)),
        to: [fromFront],
        named: "is_own")
      value = try apply(Select(), to: [isOwn, own, value], named: "picked")
    }
    var result = places.with(kind: last.kind)
    result.value = value
    return try movedBack(result, back)
  }
}
