import Domain
import Encoding
import Synchronization

/// The trace ids of requests that bring none: a number of the process, and a count.
///
/// Unique, not secret; the last eight bytes look random, as W3C's Trace Context (section 3.3.5) asks for where ids are
/// sampled by.
final class TraceNumbers: Sendable {
  private let process: String
  private let count = Atomic<UInt64>(0)

  /// Numbers the traces of a process that is known by 16 hexadecimal digits.
  init(process: String) {
    self.process = process
  }

  /// The next trace id: 32 hexadecimal digits.
  func next() -> String {
    // SplitMix64: every number once before any comes again.
    var mixed = count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: mixed >> (56 - 8 * UInt64($0))) }
    return process + Hexadecimal.encode(bytes)
  }

  /// The trace id of a field `traceparent` (W3C Trace Context, section 3.2); nil where it is none.
  static func trace(of field: String) -> String? {
    let utf8 = Array(field.utf8)
    func isLowerHex(_ byte: UInt8) -> Bool {
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }
    guard utf8.count >= 55, utf8[2] == UInt8(ascii: "-"), utf8[35] == UInt8(ascii: "-"),
      utf8[52] == UInt8(ascii: "-"), utf8[0..<2].allSatisfy(isLowerHex), utf8[3..<35].allSatisfy(isLowerHex),
      utf8[36..<52].allSatisfy(isLowerHex), utf8[53..<55].allSatisfy(isLowerHex),
      // Version ff is none, version 00 has nothing behind the flags, a later one a hyphen.
      utf8[0..<2].elementsEqual("ff".utf8) == false,
      utf8.count == 55 || utf8[0..<2].elementsEqual("00".utf8) == false && utf8[55] == UInt8(ascii: "-"),
      utf8[3..<35].contains(where: { $0 != UInt8(ascii: "0") }),
      utf8[36..<52].contains(where: { $0 != UInt8(ascii: "0") })
    else { return nil }
    return String(decoding: utf8[3..<35], as: UTF8.self)
  }
}
