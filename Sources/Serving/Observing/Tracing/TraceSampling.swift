import Encoding

/// Which requests leave a span, decided at their head.
///
/// A caller that sends a trace has decided already, by its sampled flag. Of all others a share is taken, by the trace
/// id alone, so that every part of a system that samples so takes the same ones.
struct TraceSampling: Equatable, Sendable {
  /// Trace ids whose last seven bytes are below this are taken.
  private let threshold: UInt64
  private static let ids: UInt64 = 1 << 56

  /// Takes this share of the traces that begin here, from 0 to 1.
  init(share: Double) {
    threshold = UInt64(min(max(share, 0), 1) * Double(Self.ids))
  }

  /// Whether a trace that begins here is taken; its id has 32 hexadecimal digits.
  func takes(_ trace: String) -> Bool {
    guard threshold > 0 else { return false }
    guard threshold < Self.ids else { return true }
    guard let number = TraceParent.number(trace.utf8.suffix(14)) else { return false }
    return number < threshold
  }
}

/// The field `tracestate` (W3C Trace Context, section 3.3).
enum TraceState {
  /// What a participant has to pass on at least; what is longer is dropped whole, which the specification allows.
  private static let limit = 512

  /// The field as it may be passed on; empty where it is none.
  static func accepted(_ field: String?) -> String {
    guard let field, field.utf8.count <= limit, field.utf8.allSatisfy({ 0x20...0x7E ~= $0 }),
      field.utf8.contains(UInt8(ascii: "="))
    else { return "" }
    return field
  }
}
