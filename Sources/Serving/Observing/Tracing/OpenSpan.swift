import Encoding

/// Where a request that is under way stands in a trace, and what only a span has use for.
///
/// Made for those requests alone that leave a span, or whose caller sent a trace of its own: all others pay nothing.
final class OpenSpan: Sendable {
  /// The trace id, 32 hexadecimal digits.
  let trace: String
  /// The span of this request.
  let span: UInt64
  /// The caller's span; nil where the trace begins here.
  let parent: UInt64?
  /// What the caller sent as `tracestate`; empty where it sent none that is one.
  let state: String
  /// Whether the span goes to the collector.
  let isSampled: Bool
  let method: String
  /// The path of what was asked for, without its query.
  let path: String

  init(
    trace: String, span: UInt64, parent: UInt64?, state: String, isSampled: Bool, method: String, path: String
  ) {
    self.trace = trace
    self.span = span
    self.parent = parent
    self.state = state
    self.isSampled = isSampled
    self.method = method
    self.path = path
  }

  /// The value of the field `traceresponse`: the trace, our span in it, and whether it is kept.
  var response: String {
    var digits: [UInt8] = []
    Hexadecimal.append(span, to: &digits)
    return "00-\(trace)-\(String(decoding: digits, as: UTF8.self))-0\(isSampled ? 1 : 0)"
  }

  /// The eight bytes of a span id, in the order they are written.
  static func bytes(of span: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: span >> (56 - 8 * UInt64($0))) }
  }
}
