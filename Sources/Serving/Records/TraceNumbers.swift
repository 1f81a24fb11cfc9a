import Domain
import Encoding
import Synchronization

/// The trace ids of requests that bring none, a number of the process and a count; and the ids of spans.
///
/// Unique, not secret; the last eight bytes look random, as W3C's Trace Context (section 3.3.5) asks for where ids are
/// sampled by.
final class TraceNumbers: Sendable {
  private let process: String
  /// What sets the span ids of this process apart from those of others.
  private let seed: UInt64
  private let count = Atomic<UInt64>(0)

  /// Numbers the traces of a process that is known by 16 hexadecimal digits.
  init(process: String) {
    self.process = process
    seed = TraceParent.number(process.utf8.prefix(16)) ?? 0
  }

  /// The next trace id: 32 hexadecimal digits.
  func next() -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    digits += process.utf8
    Hexadecimal.append(nextNumber(), to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  /// The next span id, which is never 0.
  func nextSpan() -> UInt64 { max(nextNumber() ^ seed, 1) }

  /// SplitMix64: every number once before any comes again.
  private func nextNumber() -> UInt64 {
    var mixed = count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
