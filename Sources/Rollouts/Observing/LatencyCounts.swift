import Domain
import Encoding

/// How many answers took how long, between the bounds of `LatencyBounds`.
public struct LatencyCounts: Hashable, Sendable {
  /// How many answers were no slower than each bound, and slower than the one before; the last are those slower than any.
  public private(set) var buckets: [Int]

  /// No answer at all.
  public init() { buckets = [Int](repeating: 0, count: LatencyBounds.bucketCount) }

  /// Takes counts; nil unless there is one for each bound and one more, none of them negative.
  public init?(buckets: [Int]) {
    guard buckets.count == LatencyBounds.bucketCount, buckets.allSatisfy({ $0 >= 0 }) else { return nil }
    self.buckets = buckets
  }

  /// How many answers there were.
  public var total: Int { buckets.reduce(0) { $0.saturating($1) } }

  /// Counts answers that took so many nanoseconds.
  public mutating func add(_ nanoseconds: Int, times: Int = 1) {
    let place = LatencyBounds.nanoseconds.firstIndex { nanoseconds <= $0 } ?? buckets.count - 1
    buckets[place] = buckets[place].saturating(max(0, times))
  }

  /// How many answers were slower than the bound at this place.
  public func beyond(_ place: Int) -> Int { buckets.dropFirst(place + 1).reduce(0) { $0.saturating($1) } }

  /// The place of the least bound that at least this share of the answers kept; nil where there is no answer, or where too many
  /// were slower than any bound.
  public func bound(keptBy share: Double) -> Int? {
    let total = Double(total)
    guard total > 0 else { return nil }
    var kept = 0.0
    for place in LatencyBounds.nanoseconds.indices {
      kept += Double(buckets[place])
      if kept >= share * total { return place }
    }
    return nil
  }

  /// Adds what another part of the traffic was counted as.
  public mutating func merge(_ other: LatencyCounts) {
    for place in buckets.indices { buckets[place] = buckets[place].saturating(other.buckets[place]) }
  }

  /// What came since an earlier reading; nil where any count went down.
  func difference(since earlier: LatencyCounts) -> LatencyCounts? {
    LatencyCounts(buckets: zip(buckets, earlier.buckets).map { $0 - $1 })
  }
}

extension Int {
  /// The sum of two counts, or the greatest number where it is beyond that.
  func saturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
