import Encoding

// Numbers that a data plane says: whoever got into it says what they like, and nothing that is computed of them may overflow.

extension JSON {
  /// A count, of which thousands together are a number still; nil where it is none.
  var plausibleCount: Int? { int.flatMap { 0...(1 << 48) ~= $0 ? $0 : nil } }

  /// A span in nanoseconds, of which a few together are a number still: 36 years at most; nil where it is none.
  var plausibleSpan: Int? { int.flatMap { 0...(1 << 60) ~= $0 ? $0 : nil } }

  /// A moment whose distance from any other is a number: within 285,000 years of 1970; nil where it is none.
  var plausibleMoment: Timestamp? {
    integer.flatMap { -(1 << 53)...(1 << 53) ~= $0 ? Timestamp(milliseconds: $0) : nil }
  }
}
