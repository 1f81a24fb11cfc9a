/// Count, mean, variance, least and greatest of values, in one pass (Welford, "Note on a method for calculating
/// corrected sums of squares and products", 1962), mergeable (Chan, Golub and LeVeque, "Updating formulae and a
/// pairwise algorithm for computing sample variances", 1979).
///
/// The relative error of the variance grows with the number of merges, not with mean² / variance: values around 1e9
/// with a deviation of 1 lose nothing that a sum of squares would.
public struct Moments: Sendable, Equatable {
  /// How many values there were.
  public internal(set) var count = 0
  /// Their mean; 0 where there were none.
  public internal(set) var mean = 0.0
  /// The sum of their squared distances to the mean.
  public internal(set) var squaredDistances = 0.0
  /// The least; infinity where there were none.
  public internal(set) var least = Double.infinity
  /// The greatest; minus infinity where there were none.
  public internal(set) var greatest = -Double.infinity

  /// Nothing yet.
  public init() {}

  /// The variance, with count − 1 in the denominator; nil for fewer than two values.
  public var variance: Double? { count > 1 ? squaredDistances / Double(count - 1) : nil }

  /// The square root of the variance.
  public var standardDeviation: Double? { variance?.squareRoot() }

  /// Takes one value; what is not finite is not a value.
  public mutating func observe(_ value: Double) {
    guard value.isFinite else { return }
    merge(Moments(count: 1, mean: value, squaredDistances: 0, least: value, greatest: value))
  }

  init(count: Int, mean: Double, squaredDistances: Double, least: Double, greatest: Double) {
    self.count = count
    self.mean = mean
    self.squaredDistances = squaredDistances
    self.least = least
    self.greatest = greatest
  }

  /// Takes in those of other values.
  public mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let (left, right) = (Double(count), Double(other.count))
    let share = right / (left + right)
    let distance = other.mean - mean
    // A weighted mean, in the form that is exact where both are the same and cannot overflow between them.
    mean = abs(distance).isFinite ? mean + distance * share : mean * (1 - share) + other.mean * share
    squaredDistances += other.squaredDistances + distance * distance * left * share
    count += other.count
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
    // Rounding may leave it a unit outside.
    mean = min(max(mean, least), greatest)
  }
}
