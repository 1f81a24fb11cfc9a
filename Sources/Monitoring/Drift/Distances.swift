extension WeightedValues {
  /// How far values have to be moved on average to make one distribution of the other, in the unit of the values: the
  /// first Wasserstein distance, as `scipy.stats.wasserstein_distance` has it.
  ///
  /// It is the area between both distribution functions. Nil where one has no value.
  public func wassersteinDistance(to other: WeightedValues) -> Double? {
    guard total > 0, other.total > 0 else { return nil }
    var (area, i, j) = (0.0, 0, 0)
    var last: Double?
    while i < values.count || j < other.values.count {
      let x = i < values.count ? values[i] : .infinity
      let y = j < other.values.count ? other.values[j] : .infinity
      let next = min(x, y)
      let below = i > 0 ? cumulative[i - 1] / total : 0
      let beside = j > 0 ? other.cumulative[j - 1] / other.total : 0
      if let last { area += abs(below - beside) * (next - last) }
      last = next
      if x <= y { i += 1 }
      if y <= x { j += 1 }
    }
    return area
  }
}

/// How far shares in cells are apart.
public enum ShareDistance {
  /// The Jensen–Shannon distance to base 2, from 0 for the same shares to 1 for shares that have no cell in common: as
  /// `scipy.spatial.distance.jensenshannon(p, q, base=2)` has it, the root of the divergence (Endres and Schindelin, "A
  /// new metric for probability distributions", 2003).
  ///
  /// Nil where both do not have as many cells, or one has no weight.
  public static func jensenShannon(_ left: [Double], _ right: [Double]) -> Double? {
    guard let (left, right) = shares(left, right) else { return nil }
    var sum = 0.0
    for (p, q) in zip(left, right) {
      let middle = (p + q) / 2
      if p > 0 { sum += p * naturalLogarithm(p / middle) }
      if q > 0 { sum += q * naturalLogarithm(q / middle) }
    }
    return (max(sum, 0) / 2 / 0.693_147_180_559_945_3).squareRoot()
  }

  /// The population stability index: Σ (p − q) ln(p / q) over the cells, p live and q training, of counts each with half a
  /// value more, so that an empty cell is a finite amount.
  ///
  /// Over quantile bins of training it is what the field calls stable below 0.1 and shifted above 0.25; its own bias from
  /// samples of n and m values in B cells is about (B − 1)(1/n + 1/m) (Yurdakul, "Statistical properties of population
  /// stability index", 2018). Nil as above.
  public static func stabilityIndex(live: [Double], training: [Double]) -> Double? {
    guard live.reduce(0, +) > 0, training.reduce(0, +) > 0,
      let (live, training) = shares(live.map { $0 + 0.5 }, training.map { $0 + 0.5 })
    else { return nil }
    return zip(live, training).reduce(0) { $0 + ($1.0 - $1.1) * naturalLogarithm($1.0 / $1.1) }
  }

  private static func shares(_ left: [Double], _ right: [Double]) -> ([Double], [Double])? {
    let (leftSum, rightSum) = (left.reduce(0, +), right.reduce(0, +))
    guard left.count == right.count, leftSum > 0, rightSum > 0 else { return nil }
    return (left.map { $0 / leftSum }, right.map { $0 / rightSum })
  }
}
