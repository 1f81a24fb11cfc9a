extension QuantileSketch {
  /// Takes in all that another sketch has seen, as if its values had come here.
  ///
  /// The capacity stays that of this one. Errors add up as independent ones do: after any tree of merges
  /// `rankVariance` is the sum over all decisions that were taken in it. What would make it more than `countLimit`
  /// values is not taken.
  public mutating func merge(_ other: QuantileSketch) {
    guard other.count > 0, other.count <= Self.countLimit - min(count, Self.countLimit) else { return }
    var other = other
    while other.samplingExponent < samplingExponent { other.raiseSampling() }
    while samplingExponent < other.samplingExponent { raiseSampling() }
    // Both have been through as many draws: the sum is one that neither was at.
    draws.drawn = draws.drawn &+ other.draws.drawn
    rankVariance += other.rankVariance
    count += other.count
    let height = max(levels, other.levels)
    var merged: [Double] = []
    merged.reserveCapacity(items.count + other.items.count)
    for level in (0..<height).reversed() {
      let (left, right) = (values(of: level), other.values(of: level))
      if level == 0 {
        merged += left
        merged += right
      } else {
        merged += Self.merge(left, right)
      }
    }
    items = merged
    sizes = sizes &+ other.sizes
    levels = height
    while items.count > capacity { makeRoom() }
    if other.pendingWeight > 0 {
      // Making room may have raised the sampling since: the weight is less than a block before, and so it is after.
      sample(other.candidate, weight: other.pendingWeight)
    } else {
      planReplacement(after: pendingWeight)
    }
  }

  /// The values of a level.
  func values(of level: Int) -> ArraySlice<Double> {
    let start = start(of: level)
    return items[start..<(start + Int(sizes[level]))]
  }

  private static func merge(_ left: ArraySlice<Double>, _ right: ArraySlice<Double>) -> [Double] {
    unsafe [Double](unsafeUninitializedCapacity: left.count + right.count) { target, count in
      count = left.count + right.count
      unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
          guard let target = target.baseAddress else { return }
          guard let x = left.baseAddress else {
            if let y = right.baseAddress { unsafe target.initialize(from: y, count: right.count) }
            return
          }
          guard let y = right.baseAddress else {
            return unsafe target.initialize(from: x, count: left.count)
          }
          unsafe MergeSort.merge(x, left.count, y, right.count, into: target)
        }
      }
    }
  }
}
