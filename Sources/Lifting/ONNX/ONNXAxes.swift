/// Where the elements of a rearranged tensor come from: a shape, and for each place of it a place in the original.
///
/// One description serves constants, whose elements are copied, and values of the graph, whose columns are.
struct ONNXAxes {
  /// The most places that one rearrangement may have.
  static let placeLimit = 1 << 24

  let shape: [Int]
  let places: [Int]

  /// The places of a tensor as it stands; nil where there are too many.
  init?(identity shape: [Int]) {
    guard let count = Self.count(shape) else { return nil }
    self.init(shape: shape, places: Array(0..<count))
  }

  private init(shape: [Int], places: [Int]) {
    self.shape = shape
    self.places = places
  }

  /// How many places a shape has; nil where there are too many.
  static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= placeLimit else { return nil }
      count = product
    }
    return count
  }

  /// Whether every place is where it was.
  var isIdentity: Bool { places.indices.allSatisfy { places[$0] == $0 } }

  /// The places of a tensor of `shape`, each made of a place along each axis; nil where there are too many.
  private static func gather(_ shape: [Int], from strides: [Int], _ along: [[Int]]) -> ONNXAxes? {
    guard let count = count(shape) else { return nil }
    var places = [0]
    places.reserveCapacity(count)
    guard count > 0 else { return ONNXAxes(shape: shape, places: []) }
    for (axis, positions) in along.enumerated() {
      var next: [Int] = []
      next.reserveCapacity(places.count * positions.count)
      for place in places { for position in positions { next.append(place + position * strides[axis]) } }
      places = next
    }
    return ONNXAxes(shape: shape, places: places)
  }

  /// The distance in memory between neighbours along each axis.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
    return strides
  }

  /// Takes these positions along each axis.
  static func selecting(_ positions: [[Int]], of shape: [Int]) -> ONNXAxes? {
    gather(positions.map(\.count), from: strides(shape), positions)
  }

  /// Takes these positions along one axis and all along the others.
  static func selecting(_ positions: [Int], along axis: Int, of shape: [Int]) -> ONNXAxes? {
    var all: [[Int]] = []
    for (index, size) in shape.enumerated() { all.append(index == axis ? positions : Array(0..<size)) }
    return selecting(all, of: shape)
  }

  /// Puts the axes in another order, a permutation of them.
  static func transposing(_ shape: [Int], to order: [Int]) -> ONNXAxes? {
    let strides = strides(shape)
    return gather(
      order.map { shape[$0] }, from: order.map { strides[$0] }, order.map { Array(0..<shape[$0]) })
  }

  /// Repeats elements along axes of length 1, and along new ones in front, as broadcasting does; nil where the
  /// shapes do not allow it.
  static func broadcasting(_ shape: [Int], to target: [Int]) -> ONNXAxes? {
    guard shape.count <= target.count else { return nil }
    let padded = [Int](repeating: 1, count: target.count - shape.count) + shape
    let strides = strides(padded)
    var along: [[Int]] = []
    for (size, wanted) in zip(padded, target) {
      guard size == wanted || size == 1, count([wanted]) != nil else { return nil }
      along.append(size == wanted ? Array(0..<size) : [Int](repeating: 0, count: wanted))
    }
    return gather(target, from: strides, along)
  }

  /// The shape that two shapes broadcast to; nil where they do not.
  static func broadcast(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    let first = [Int](repeating: 1, count: rank - left.count) + left
    let second = [Int](repeating: 1, count: rank - right.count) + right
    var result: [Int] = []
    for (one, other) in zip(first, second) {
      guard one == other || one == 1 || other == 1 else { return nil }
      result.append(one == 1 ? other : one)
    }
    return result
  }
}
