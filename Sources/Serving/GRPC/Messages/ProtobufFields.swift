import Domain
import Encoding

// Fields of the protocol's messages, with departures from them told as a caller's mistakes.

extension ProtobufReader {
  /// The next field; nil at the end of the message.
  mutating func nextField() throws(Problem) -> ProtobufField? {
    do throws(MalformedBytes) { return try next() } catch { throw Problem(malformed: error) }
  }

  /// The number of the next field, which is not read; nil at the end of the message.
  func nextNumber() throws(Problem) -> Int? {
    do throws(MalformedBytes) { return try peekNumber() } catch { throw Problem(malformed: error) }
  }
}

extension ProtobufField {
  /// The text that the field holds; `name` is what the schema calls it.
  func text(_ name: @autoclosure () -> String) throws(Problem) -> String {
    guard let text = String(validating: try message(name()), as: UTF8.self) else {
      throw Problem(
        malformed: MalformedBytes(
          offset: offset, expected: "text in UTF-8 as '\(name())'", found: "bytes that are not"))
    }
    return text
  }

  /// The bytes of a message, or plain bytes, that the field holds.
  func message(_ name: @autoclosure () -> String) throws(Problem) -> ArraySlice<UInt8> {
    guard let bytes else { throw unexpected("bytes", name()) }
    return bytes
  }

  /// The Boolean that the field holds.
  func flag(_ name: @autoclosure () -> String) throws(Problem) -> Bool {
    guard let varint else { throw unexpected("true or false", name()) }
    return varint != 0
  }

  /// Calls `body` with each integer that the field holds, packed or alone.
  func integers(_ name: @autoclosure () -> String, _ body: (Int64) -> Void) throws(Problem) {
    switch value {
    case .varint, .bytes:
      do throws(MalformedBytes) { try forEachInteger(body) } catch { throw Problem(malformed: error) }
    case .fixed32, .fixed64, .group: throw unexpected("integers", name())
    }
  }

  /// The refusal of a field that holds something else than the schema has.
  func unexpected(_ what: String, _ name: String) -> Problem {
    Problem(
      malformed: MalformedBytes(offset: offset, expected: "\(what) as '\(name)'", found: "another wire type"))
  }
}

extension Problem {
  /// A message that is not what the wire format or the schema allows.
  init(malformed error: MalformedBytes) {
    self.init(
      .badInput, "protobuf.malformed", "expected \(error.expected), found \(error.found)",
      position: "byte \(error.offset)")
  }
}
