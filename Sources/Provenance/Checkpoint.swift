import Encoding
public import Domain

/// The signed head of the ledger: so many entries, under this root.
///
/// A C2SP tlog-checkpoint in a signed note. A value of this type was made by a signing key or verified
/// against a trusted one. https://c2sp.org/tlog-checkpoint
public struct Checkpoint: Equatable, Sendable {
  /// Which ledger this is; the name of the key too.
  public let origin: String
  /// How many entries the ledger has.
  public let size: Int
  /// The root of the Merkle tree over them.
  public let root: Digest
  /// The signed note, ready to be handed out.
  public let text: String

  init(unchecked note: UnverifiedCheckpoint, text: String) {
    origin = note.origin
    size = note.size
    root = note.root
    self.text = text
  }

  /// Reads a checkpoint and verifies its signature by `key`; signatures by other keys are left alone.
  ///
  /// Throws `checkpoint.malformed`, `checkpoint.untrusted-key` or `checkpoint.bad-signature`.
  public init(parsing text: String, trusting key: CheckpointVerificationKey) throws(Problem) {
    let note = try UnverifiedCheckpoint(parsing: text)
    guard note.origin == key.name else {
      throw Problem(
        .integrity, "checkpoint.untrusted-key",
        "expected a checkpoint of '\(key.name)', found one of '\(note.origin.prefix(80))'")
    }
    let signatures = note.signatures.filter { $0.name == key.name && $0.keyID == key.keyID }
    guard !signatures.isEmpty else {
      throw Problem(
        .integrity, "checkpoint.untrusted-key",
        "expected a checkpoint signed by '\(key.description)', found signatures by"
          + " \(note.signatures.count) other keys")
    }
    guard signatures.allSatisfy({ key.isValid($0.signature, for: note.signedText) }) else {
      throw Problem(
        .integrity, "checkpoint.bad-signature",
        "expected a signature by '\(key.description)' over the checkpoint, found one that does not verify")
    }
    self.init(unchecked: note, text: text)
  }
}

extension Checkpoint {
  /// Throws `checkpoint.unknown-signature` where a line is neither the key's nor a witness's, or one comes twice, and
  /// `checkpoint.bad-signature` where one does not verify: so no line can be changed unseen.
  func requireSignatures(of key: CheckpointVerificationKey, and witnesses: [WitnessKey]) throws(Problem) {
    let note = try UnverifiedCheckpoint(parsing: text)
    var seen: Set<[UInt8]> = []
    for line in note.signatures {
      let isKey = line.name == key.name && line.keyID == key.keyID
      let witness = witnesses.first { line.name == $0.name && line.keyID == $0.keyID }
      guard isKey || witness != nil, seen.insert(line.keyID + Array(line.name.utf8)).inserted else {
        throw Problem(
          .integrity, "checkpoint.unknown-signature",
          "expected signatures of the ledger and of witnesses that are named, one each, found another by"
            + " '\(line.name.excerpt(80))'", hint: "name the witness's key too")
      }
      guard witness?.isValid(line.signature, for: note.signedText) ?? true else {
        throw Problem(
          .integrity, "checkpoint.bad-signature",
          "expected a cosignature by '\(line.name.excerpt(80))' over the checkpoint, found one that does not verify"
        )
      }
    }
  }
}

/// A checkpoint as it reads, before anyone has looked at its signatures.
public struct UnverifiedCheckpoint: Equatable, Sendable {
  struct SignatureLine: Equatable, Sendable {
    let name: String
    let keyID: [UInt8]
    let signature: [UInt8]

    /// The line, without its line feed.
    var text: String { "\(signaturePrefix)\(name) \(Base64.encode(keyID + signature))" }
  }

  private static let lengthLimit = 16_384
  private static let signatureLimit = 100
  private static let signaturePrefix = "\u{2014} "

  /// Which ledger it claims to be of.
  public let origin: String
  /// How many entries it claims.
  public let size: Int
  /// The root that it claims.
  public let root: Digest
  let signatures: [SignatureLine]
  /// The text that signatures are over, with its final line feed.
  let signedText: String

  init(origin: String, size: Int, root: Digest) {
    self.origin = origin
    self.size = size
    self.root = root
    signatures = []
    signedText = "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n"
  }

  /// Reads a checkpoint; throws `checkpoint.malformed`.
  ///
  /// Extension lines are not accepted.
  public init(parsing text: String) throws(Problem) {
    guard text.utf8.count <= Self.lengthLimit else {
      throw malformed("expected at most \(Self.lengthLimit) bytes, found \(text.utf8.count)")
    }
    // By bytes: to Swift, a carriage return before a line feed would make one character of both.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    guard lines.count >= 6, lines[3].isEmpty, lines.last?.isEmpty == true else {
      throw malformed(
        "expected three lines, an empty line, and signature lines, found \(lines.count - 1) lines")
    }
    guard !lines[0].isEmpty else { throw malformed("expected an origin in the first line, found none") }
    guard let size = Int(lines[1]), size >= 0, String(size) == lines[1] else {
      throw malformed("expected a size in decimal digits in the second line, found '\(lines[1].prefix(40))'")
    }
    guard let root = Base64.decode(lines[2]).flatMap({ Digest(bytes: $0) }) else {
      throw malformed("expected 32 bytes in base 64 in the third line, found '\(lines[2].prefix(60))'")
    }
    let signatureLines = lines[4..<(lines.count - 1)]
    guard signatureLines.count <= Self.signatureLimit else {
      throw malformed("expected at most \(Self.signatureLimit) signatures, found \(signatureLines.count)")
    }
    var signatures: [SignatureLine] = []
    for line in signatureLines { signatures.append(try Self.signature(line)) }
    self.origin = lines[0]
    self.size = size
    self.root = root
    self.signatures = signatures
    signedText = lines[..<3].map { "\($0)\n" }.joined()
  }

  private static func signature(_ line: String) throws(Problem) -> SignatureLine {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Base64.decode(parts[2]), bytes.count > 4,
      case let signature = SignatureLine(
        name: String(parts[1]), keyID: Array(bytes.prefix(4)), signature: Array(bytes.dropFirst(4))),
      // To the byte: what signs does not sign its own line.
      signature.name.isNoteKeyName, signature.text.utf8.elementsEqual(line.utf8)
    else { throw malformed("expected '— <name> <base64>', found '\(line.prefix(60))'") }
    return signature
  }

  func text(signedAs name: String, keyID: [UInt8], signature: [UInt8]) -> String {
    "\(signedText)\n\(SignatureLine(name: name, keyID: keyID, signature: signature).text)\n"
  }
}

private func malformed(_ message: String) -> Problem {
  Problem(.integrity, "checkpoint.malformed", message)
}
