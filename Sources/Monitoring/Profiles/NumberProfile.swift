/// What came in one column of numbers.
public struct NumberProfile: Sendable, Equatable {
  /// Count, mean, variance, least and greatest of the finite values.
  public internal(set) var moments = Moments()
  /// Their quantiles.
  public internal(set) var quantiles: QuantileSketch
  /// How many different ones there were.
  public internal(set) var distinct = DistinctCount()
  /// How many of the values that the sketch looked at fell into each bin of the shape: all of them, until its sampler
  /// begins; then a sample.
  public internal(set) var bins: [Int]
  /// How many values were missing (NaN).
  public internal(set) var missing = 0
  /// How many were infinite.
  public internal(set) var infinite = 0
  /// How many were outside what training had.
  public internal(set) var outOfRange = 0
  /// What is kept of values that are masked; they are in nothing of the above but `outOfRange`.
  public internal(set) var hidden = HiddenValues()

  init(bins: Int, capacity: Int) {
    quantiles = QuantileSketch(capacity: capacity)
    self.bins = [Int](repeating: 0, count: bins)
  }

  /// How many values there were, missing ones included.
  public var count: Int { moments.count + hidden.count + missing + infinite }

  mutating func merge(_ other: NumberProfile) {
    moments.merge(other.moments)
    quantiles.merge(other.quantiles)
    distinct.merge(other.distinct)
    for index in bins.indices { bins[index] += other.bins[index] }
    missing += other.missing
    infinite += other.infinite
    outOfRange += other.outOfRange
    hidden.merge(other.hidden)
  }
}

/// What came in one column of categories.
public struct CategoryProfile: Sendable, Equatable {
  /// How often each category came.
  public internal(set) var counts: CategoryCounts
  /// How many values were missing.
  public internal(set) var missing = 0
  /// What is kept of values that are masked; they are not in `counts`.
  public internal(set) var hidden = HiddenValues()

  init(known: Int) { counts = CategoryCounts(known: known) }

  /// How many values there were, missing ones included.
  public var count: Int { counts.count + hidden.count + missing }

  /// How many were of categories that training did not have.
  public var unknown: Int { counts.unknown + hidden.strange }

  mutating func merge(_ other: CategoryProfile) {
    counts.merge(other.counts)
    missing += other.missing
    hidden.merge(other.hidden)
  }
}
