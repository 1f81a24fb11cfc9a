/// A distribution as values, ascending and each once, and how much weight there is up to each.
///
/// What a `QuantileSketch` knows, in the form in which it is asked.
public struct WeightedValues: Sendable, Equatable {
  /// The values, ascending, each once.
  public let values: [Double]
  /// The weight of all values up to each, itself included; the last is the weight of all.
  public let cumulative: [Double]

  /// Values, each of a weight of its own, in any order; weights that are not positive count for nothing.
  public init(_ pairs: [(value: Double, weight: Double)]) {
    var (values, cumulative): ([Double], [Double]) = ([], [])
    values.reserveCapacity(pairs.count)
    cumulative.reserveCapacity(pairs.count)
    var sum = 0.0
    for (value, weight) in pairs.filter({ $0.weight > 0 }).sorted(by: { $0.value < $1.value }) {
      sum += weight
      if values.last == value {
        cumulative[cumulative.count - 1] = sum
      } else {
        values.append(value)
        cumulative.append(sum)
      }
    }
    self.values = values
    self.cumulative = cumulative
  }

  /// Values of weight 1 each, in any order.
  public init(_ values: [Double]) { self.init(values.map { ($0, 1) }) }

  /// The weight of all values.
  public var total: Double { cumulative.last ?? 0 }

  /// The weight of the values up to `bound`, itself included.
  public func weight(upTo bound: Double) -> Double {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] <= bound { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? cumulative[low - 1] : 0
  }

  /// The least value up to which there is at least this share of the weight; nil where there is no value.
  ///
  /// The inverse of the empirical distribution function, without interpolation.
  public func quantile(_ share: Double) -> Double? {
    value(at: min(max(share, 0), 1) * total)
  }

  /// The least value up to which there is at least this weight; the last where there is not so much, nil where there is none.
  func value(at wanted: Double) -> Double? {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low < values.count ? values[low] : values.last
  }
}

extension QuantileSketch {
  /// What the sketch knows of the values that came.
  public var distribution: WeightedValues {
    var pairs: [(value: Double, weight: Double)] = []
    pairs.reserveCapacity(items.count + 1)
    for level in 0..<levels {
      let weight = Double(block) * Double(1 << level)
      for value in values(of: level) { pairs.append((value, weight)) }
    }
    if pendingWeight > 0 { pairs.append((candidate, Double(pendingWeight))) }
    return WeightedValues(pairs)
  }

  /// How far the share of values up to any bound may be from the truth: with probability `confidence` no bound has
  /// more; 0 while the sketch is exact.
  ///
  /// Each decision moves a rank by a number whose mean is 0 and that is bounded, so that their sum is sub-Gaussian with
  /// `rankVariance` (Hoeffding's lemma); a union over the kept values, between which no rank changes by more than a
  /// value's weight, makes it hold for all bounds at once. It is a bound: what is met is about a third of it.
  public func rankError(confidence: Double = 0.99) -> Double {
    guard !isExact, count > 0 else { return 0 }
    let doubt = max(1 - confidence, 1e-15)
    let deviation = (2 * rankVariance * naturalLogarithm(2 * Double(items.count + 1) / doubt)).squareRoot()
    return min(1, deviation / Double(count))
  }
}
