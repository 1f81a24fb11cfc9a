import Encoding
public import Domain

/// The private key that signs checkpoints of the ledger: Ed25519, named after the ledger.
///
/// Its description shows the public key, never the key.
public struct CheckpointSigningKey: Sendable, CustomStringConvertible {
  private static let prefix = "PRIVATE+KEY+"

  let key: SignatureKey
  /// The public key that verifies what this key signs.
  public let verificationKey: CheckpointVerificationKey

  /// Makes a new key for the ledger of this name.
  ///
  /// Throws `checkpoint.malformed-key` where the name is empty or has white space or a `+`.
  public init(name: String) throws(Problem) {
    try self.init(name: name, key: SignatureKey.generate(.ed25519))
  }

  init(name: String, key: SignatureKey) throws(Problem) {
    self.key = key
    verificationKey = try CheckpointVerificationKey(name: name, key: key)
  }

  /// Reads `encoded`; throws `checkpoint.malformed-key`, which does not repeat what it read.
  public init(parsing text: String) throws(Problem) {
    guard text.hasPrefix(Self.prefix), let note = NoteKey(parsing: text.dropFirst(Self.prefix.count)),
      let key = SignatureKey(seed: note.key)
    else {
      throw malformedKey("expected 'PRIVATE+KEY+<name>+<id>+<base64>', found something else")
    }
    try self.init(name: note.name, key: key)
    guard note.keyID == verificationKey.keyID else {
      throw malformedKey("expected the key id that name and key make, found another")
    }
  }

  /// The key in the form of signed notes, `PRIVATE+KEY+<name>+<id>+<base64>`.
  ///
  /// Secret.
  public var encoded: String {
    Self.prefix
      + NoteKey.encode(
        name: verificationKey.name, keyID: verificationKey.keyID, key: key.seed)
  }

  /// The public key.
  public var description: String { "CheckpointSigningKey(\(verificationKey))" }

  /// Signs the head of the ledger.
  public func sign(size: Int, root: Digest) throws(Problem) -> Checkpoint {
    let note = UnverifiedCheckpoint(origin: verificationKey.name, size: size, root: root)
    guard let signature = key.sign(Array(note.signedText.utf8), by: .ed25519) else {
      throw Problem(
        .internal, "checkpoint.signing-failed",
        "expected an Ed25519 signature, found a failure of the signer")
    }
    return Checkpoint(
      unchecked: note,
      text: note.text(
        signedAs: verificationKey.name, keyID: verificationKey.keyID, signature: signature))
  }
}

/// A public key that is trusted to verify checkpoints.
public struct CheckpointVerificationKey: Sendable, Hashable, CustomStringConvertible {
  /// The ledger that the key is of.
  public let name: String
  /// The first four bytes of the SHA-256 of name, line feed, 0x01 and the key.
  let keyID: [UInt8]
  private let key: SignatureKey

  init(name: String, key: SignatureKey) throws(Problem) {
    guard name.isNoteKeyName else {
      throw malformedKey(
        "expected a key name of visible ASCII characters other than '+', found '\(name.prefix(80))'")
    }
    self.name = name
    self.key = key
    keyID = Array(
      Digest(of: Array(name.utf8) + [0x0A, NoteKey.ed25519] + key.publicBytes).bytes.prefix(4))
  }

  /// Reads `<name>+<id>+<base64>`; throws `checkpoint.malformed-key`.
  public init(parsing text: String) throws(Problem) {
    guard let note = NoteKey(parsing: text),
      let key = SignatureKey(publicBytes: note.key, of: .ed25519)
    else { throw malformedKey("expected '<name>+<id>+<base64>', found '\(text.prefix(80))'") }
    try self.init(name: note.name, key: key)
    guard note.keyID == keyID else {
      throw malformedKey(
        "expected the key id '\(Hexadecimal.encode(keyID))' that name and key make, found"
          + " '\(Hexadecimal.encode(note.keyID))'")
    }
  }

  /// The key in the form of signed notes, `<name>+<id>+<base64>`.
  public var description: String { NoteKey.encode(name: name, keyID: keyID, key: key.publicBytes) }

  func isValid(_ signature: [UInt8], for text: String) -> Bool {
    key.isValid(signature, over: Array(text.utf8), by: .ed25519)
  }

  /// Whether the keys are the same, and of the same ledger.
  public static func == (left: CheckpointVerificationKey, right: CheckpointVerificationKey) -> Bool {
    left.description == right.description
  }

  /// Feeds the key's text.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

/// The common part of all key texts: `<name>+<id in hexadecimal>+<base64 of algorithm and key>`.
struct NoteKey {
  /// The algorithm byte of Ed25519 in signed notes.
  static let ed25519: UInt8 = 0x01

  let name: String
  let keyID: [UInt8]
  let key: [UInt8]

  init?(parsing text: some StringProtocol, algorithm: UInt8 = ed25519) {
    // The base 64 may have a '+' of its own.
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let keyID = Hexadecimal.decode(parts[1]), keyID.count == 4,
      let key = Base64.decode(parts[2]), key.count == 33, key[0] == algorithm
    else { return nil }
    name = String(parts[0])
    self.keyID = keyID
    self.key = Array(key.dropFirst())
  }

  static func encode(name: String, keyID: [UInt8], algorithm: UInt8 = ed25519, key: [UInt8]) -> String {
    "\(name)+\(Hexadecimal.encode(keyID))+\(Base64.encode([algorithm] + key))"
  }
}

extension String {
  /// Whether a key of signed notes can have this name.
  var isNoteKeyName: Bool {
    1...255 ~= utf8.count && utf8.allSatisfy { 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "+") }
  }
}

private func malformedKey(_ message: String) -> Problem {
  Problem(.integrity, "checkpoint.malformed-key", message)
}
