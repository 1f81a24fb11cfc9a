import Encoding

// Numbers that a data plane says: whoever got into it says what they like, and nothing that is computed of them may overflow.

extension Int {
  /// What is counted of any number of looks at any number of processes, at most: hundreds of such sums together are a number still.
  public static let mostCounted = 1 << 56
  /// What requests took together in nanoseconds, at most: 146 years, of which any two are a number still.
  public static let longestTaken = 1 << 62 - 1

  /// The sum of two that are not negative, and never more than `limit`, beyond which it is not counted any more.
  public func plus(_ other: Int, atMost limit: Int) -> Int {
    Swift.min(Swift.min(self, limit) + Swift.min(other, limit), limit)
  }
}

extension JSON {
  /// A count of one process; nil where it is none.
  var plausibleCount: Int? { int.flatMap { 0...(1 << 48) ~= $0 ? $0 : nil } }

  /// What requests took together, in nanoseconds; nil where it is no such span.
  var plausibleSpan: Int? { int.flatMap { 0...Int.longestTaken ~= $0 ? $0 : nil } }

  /// A moment whose distance from any other is a number: within 285,000 years of 1970; nil where it is none.
  var plausibleMoment: Timestamp? {
    integer.flatMap { -(1 << 53)...(1 << 53) ~= $0 ? Timestamp(milliseconds: $0) : nil }
  }
}
