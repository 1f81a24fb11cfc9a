import Domain
import Encoding

/// The model that a message is about, by its first two fields, which all messages of the protocol have in common.
struct ModelQuery: Equatable {
  /// Bytes that a name or a version may have; none that is served has as many.
  private static let longestName = 1024
  /// The bytes at the beginning of a message that the two fields lie in.
  static let leadingBytes = 2 * (longestName + 8)

  var name = ""
  /// The version that the caller named.
  var version: String?

  /// Reads the fields 1 and 2 at the beginning of a message, and nothing behind them.
  ///
  /// Everybody's encoder writes fields in the order of their numbers. So the model is known, and the right to it can be
  /// asked, before a message of any size is read; `InferRequest` refuses one that names its model again further on.
  init(leading bytes: ArraySlice<UInt8>) throws(Problem) {
    var reader = ProtobufReader(bytes, origin: bytes.startIndex)
    var seen = [false, false]
    while let number = try reader.nextNumber(), number <= 2, let field = try reader.nextField() {
      guard !seen[field.number - 1] else { throw Self.repeated(field) }
      seen[field.number - 1] = true
      guard try field.message("a name").count <= Self.longestName else {
        throw Problem(
          malformed: MalformedBytes(
            offset: field.offset, expected: "a name of at most \(Self.longestName) bytes",
            found: "a longer one"))
      }
      if field.number == 1 {
        name = try field.text("model_name")
      } else {
        version = try field.text("model_version")
      }
    }
    if version == "" { version = nil }
  }

  /// The refusal of a message that names its model behind other fields, or twice.
  static func repeated(_ field: ProtobufField) -> Problem {
    Problem(
      malformed: MalformedBytes(
        offset: field.offset, expected: "the model's name and version once each, before all other fields",
        found: "field \(field.number)"))
  }
}
