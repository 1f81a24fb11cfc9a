public import Domain
import Encoding

/// The public key of a witness: Ed25519, whose signatures are cosignatures with the time at which the witness saw the
/// checkpoint to be consistent with all that it had seen before.
///
/// https://c2sp.org/tlog-cosignature
public struct WitnessKey: Sendable, Hashable, CustomStringConvertible {
  /// The algorithm byte of timestamped cosignatures in signed notes.
  static let algorithm: UInt8 = 0x04

  /// What the witness calls itself in signature lines.
  public let name: String
  /// The first four bytes of the SHA-256 of name, line feed, 0x04 and the key.
  let keyID: [UInt8]
  private let key: SignatureKey

  init(name: String, key: SignatureKey) throws(Problem) {
    guard name.isNoteKeyName else {
      throw malformedWitness(
        "expected a witness's name of visible ASCII characters other than '+', found '\(name.excerpt(80))'")
    }
    self.name = name
    self.key = key
    keyID = Array(Digest(of: Array(name.utf8) + [0x0A, Self.algorithm] + key.publicBytes).bytes.prefix(4))
  }

  /// Reads `<name>+<id>+<base64>`, where the algorithm is that of cosignatures; throws `witness.malformed-key`.
  public init(parsing text: String) throws(Problem) {
    guard let note = NoteKey(parsing: text, algorithm: Self.algorithm),
      let key = SignatureKey(publicBytes: note.key, of: .ed25519)
    else {
      throw malformedWitness("expected '<name>+<id>+<base64>' of a witness, found '\(text.excerpt(80))'")
    }
    try self.init(name: note.name, key: key)
    guard note.keyID == keyID else {
      throw malformedWitness(
        "expected the key id '\(Hexadecimal.encode(keyID))' that name and key make, found"
          + " '\(Hexadecimal.encode(note.keyID))'")
    }
  }

  /// The key in the form of signed notes, `<name>+<id>+<base64>`.
  public var description: String {
    NoteKey.encode(name: name, keyID: keyID, algorithm: Self.algorithm, key: key.publicBytes)
  }

  /// Whether a signature of a line, timestamp and Ed25519, is of this key over the text of a checkpoint.
  func isValid(_ signature: [UInt8], for text: String) -> Bool {
    guard let time = Self.time(of: signature) else { return false }
    return key.isValid(
      Array(signature.dropFirst(8)), over: Self.message(over: text, at: time), by: .ed25519)
  }

  /// When a cosignature was made, in seconds since 1970; nil where it is none.
  static func time(of signature: [UInt8]) -> UInt64? {
    guard signature.count == 72 else { return nil }
    return signature.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// What is signed: a heading, the time, and the text of the checkpoint.
  static func message(over text: String, at time: UInt64) -> [UInt8] {
    Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
  }

  /// Whether the keys are the same, and of the same witness.
  public static func == (left: WitnessKey, right: WitnessKey) -> Bool {
    left.description == right.description
  }

  /// Feeds the key's text.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

private func malformedWitness(_ message: String) -> Problem {
  Problem(.badInput, "witness.malformed-key", message)
}
