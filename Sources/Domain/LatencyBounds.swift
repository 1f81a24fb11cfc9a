/// Between which bounds the time is counted that answers take, everywhere the same: counts of several processes add up, and
/// what one part of the platform counts another can judge by.
public enum LatencyBounds {
  /// In nanoseconds, ascending: from 10 µs to 10 s, three a decade.
  public static let nanoseconds: [Int] = [
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
    5_000_000_000, 10_000_000_000,
  ]
  /// How many counts there are: one up to each bound, and one beyond the last.
  public static let bucketCount = nanoseconds.count + 1

  /// A bound for people: `250 µs`, `2.5 ms`, `1 s`; nil where there is none.
  public static func text(_ place: Int) -> String? {
    guard nanoseconds.indices.contains(place) else { return nil }
    let value = nanoseconds[place]
    let (unit, size) =
      value < 1_000_000 ? ("µs", 1_000) : value < 1_000_000_000 ? ("ms", 1_000_000) : ("s", 1_000_000_000)
    let tenths = value / (size / 10)
    return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
  }
}
