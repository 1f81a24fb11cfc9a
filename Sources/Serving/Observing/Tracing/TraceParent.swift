import Encoding

/// The field `traceparent` of a caller (W3C Trace Context, section 3.2): its trace, and its own span in it.
struct TraceParent: Equatable, Sendable {
  /// The trace id, 32 hexadecimal digits.
  let trace: String
  /// The caller's span.
  let span: UInt64
  /// Whether the caller says that it keeps this trace.
  let isSampled: Bool

  /// Reads the field; nil where it is none.
  init?(_ field: String) {
    let utf8 = Array(field.utf8)
    guard utf8.count >= 55, utf8[2] == UInt8(ascii: "-"), utf8[35] == UInt8(ascii: "-"),
      utf8[52] == UInt8(ascii: "-"), let version = Self.number(utf8[0..<2]),
      utf8[3..<35].allSatisfy(Self.isDigit), let span = Self.number(utf8[36..<52]),
      let flags = Self.number(utf8[53..<55]),
      // Version ff is none, version 00 has nothing behind the flags, a later one a hyphen.
      version != 0xFF, utf8.count == 55 || version != 0 && utf8[55] == UInt8(ascii: "-"),
      utf8[3..<35].contains(where: { $0 != UInt8(ascii: "0") }), span != 0
    else { return nil }
    trace = String(decoding: utf8[3..<35], as: UTF8.self)
    self.span = span
    isSampled = flags & 1 == 1
  }

  /// The lower-case hexadecimal digits as a number; nil where one is none.
  static func number(_ digits: some Sequence<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"):
        number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return number
  }

  private static func isDigit(_ byte: UInt8) -> Bool { number(CollectionOfOne(byte)) != nil }
}
