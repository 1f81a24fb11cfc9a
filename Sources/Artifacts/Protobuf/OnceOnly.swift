import Encoding

/// The fields of one message that stand in it at most once.
///
/// Of a field that is repeated against the schema one reader takes the first, another the last, and messages
/// are merged; nobody writes such a file by accident.
struct OnceOnly {
  private let owner: String
  private let numbers: UInt64
  private var seen: UInt64 = 0

  /// Names the message and the fields, by numbers below 64.
  init(_ owner: String, _ numbers: [Int]) {
    self.owner = owner
    self.numbers = numbers.reduce(0) { $0 | 1 << UInt64($1) }
  }

  /// What is wrong with a field, in words.
  mutating func problem(_ field: ProtobufField) -> String? {
    if case .group = field.value {
      return "expected no groups in \(owner), found one, which readers treat differently"
    }
    guard field.number < 64 else { return nil }
    let bit: UInt64 = 1 << UInt64(field.number)
    guard numbers & bit != 0 else { return nil }
    defer { seen |= bit }
    return seen & bit == 0 ? nil : "expected field \(field.number) of \(owner) once, found it again"
  }
}
