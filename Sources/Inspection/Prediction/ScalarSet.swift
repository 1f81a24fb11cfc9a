/// A set of Unicode scalars: what one place of a regular expression matches.
struct ScalarSet: Equatable {
  /// Ranges in ascending order that neither overlap nor touch.
  private(set) var ranges: [ClosedRange<UInt32>]

  private static let last: UInt32 = 0x10FFFF

  /// The set of all scalars in some ranges.
  init(_ unordered: [ClosedRange<UInt32>]) {
    ranges = []
    for range in unordered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let before = ranges.last, range.lowerBound <= before.upperBound &+ 1 {
        ranges[ranges.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// The set of one scalar.
  init(_ scalar: UInt32) { ranges = [scalar...scalar] }

  static let any = ScalarSet([0...last])
  static let digits = ScalarSet([0x30...0x39, 0x660...0x669, 0x6F0...0x6F9, 0x966...0x96F, 0xFF10...0xFF19])
  static let spaces = ScalarSet([
    0x09...0x0D, 0x1C...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])
  /// Letters, digits and the underscore; beyond ASCII everything that is no space, which is near enough here.
  static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, 0xA1...last])
    .subtracting(spaces)
  static let lineFeed = ScalarSet(0x0A)

  /// All other scalars.
  var inverted: ScalarSet {
    var others: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { others.append(next...(range.lowerBound - 1)) }
      next = range.upperBound &+ 1
    }
    if next <= Self.last { others.append(next...Self.last) }
    return ScalarSet(others)
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  func subtracting(_ other: ScalarSet) -> ScalarSet { inverted.union(other).inverted }

  /// Whether some scalar is in both.
  func overlaps(_ other: ScalarSet) -> Bool {
    var (mine, theirs) = (0, 0)
    while mine < ranges.count, theirs < other.ranges.count {
      if ranges[mine].overlaps(other.ranges[theirs]) { return true }
      if ranges[mine].upperBound < other.ranges[theirs].upperBound { mine += 1 } else { theirs += 1 }
    }
    return false
  }

  func isSuperset(of other: ScalarSet) -> Bool { !inverted.overlaps(other) }

  /// The set with the other case of every ASCII letter in it.
  var withBothCases: ScalarSet {
    var more = ranges
    for (first, other) in [(UInt32(0x41), UInt32(0x61)), (0x61, 0x41)] {
      for range in ranges {
        let low = max(range.lowerBound, first)
        let high = min(range.upperBound, first + 25)
        if low <= high { more.append((low - first + other)...(high - first + other)) }
      }
    }
    return ScalarSet(more)
  }
}
