public import Domain
import Encoding
public import Provenance

extension Statement {
  /// An image with a hundred bundles has three subjects at most; nobody needs this many.
  private static let subjectLimit = 1_000

  /// The kinds of statements that there are about an image.
  public enum Kind: String, Sendable, CaseIterable {
    /// What the image is made of: CycloneDX 1.6.
    case bill = "https://cyclonedx.org/bom"
    /// How it was made, from what and by whom: SLSA provenance v1.
    case provenance = "https://slsa.dev/provenance/v1"
    /// What inspection found of the artifact of a bundle: a simple verification result.
    case inspection = "https://in-toto.io/attestation/svr/v0.1"
    /// What the gates of the policy said of it: a test result.
    case gates = "https://in-toto.io/attestation/test-result/v0.1"
  }

  /// The kind of it; nil for one that nothing here makes.
  public var kind: Kind? { Kind(rawValue: predicateType) }

  /// Reads the bytes of a statement strictly: the members of version 1 and no others, one SHA-256 a subject.
  ///
  /// Throws `statement.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    let statement = try DocumentNode(parsing: bytes, as: .statement, in: "the statement")
    try statement.requireMembers(["_type", "subject", "predicateType", "predicate"])
    try statement.member("_type").requireText(Self.type)
    let predicateType = try statement.member("predicateType").text()
    let predicate = try statement.member("predicate")
    guard predicate.value.object != nil else { throw predicate.unexpected("an object") }
    let elements = try statement.member("subject").elements()
    guard 1...Self.subjectLimit ~= elements.count else {
      throw SignedKind.statement.malformed(
        "expected 1 to \(Self.subjectLimit) subjects, found \(elements.count)")
    }
    var subjects: [Subject] = []
    for element in elements {
      try element.requireMembers(["name", "digest"])
      let digests = try element.member("digest")
      try digests.requireMembers(["sha256"])
      subjects.append(
        Subject(
          name: try element.member("name").text(), digest: try digests.member("sha256").digest()))
    }
    guard Set(subjects).count == subjects.count else {
      throw SignedKind.statement.malformed("expected each subject once, found one again")
    }
    self.init(about: subjects, predicateType: predicateType, predicate: predicate.value)
  }
}

/// A statement and the signature over it, as made by a sealing key or verified against a trusted one.
public struct SignedStatement: Equatable, Sendable {
  /// The largest signed statement that is read, in bytes.
  public static let sizeLimit = SignedKind.statement.sizeLimit
  /// What the bytes are, for a registry that keeps them.
  public static let mediaType = SignedEnvelope.mediaType

  /// What is said.
  public let statement: Statement
  /// Who says it.
  public let key: SealVerificationKey
  /// The signed document, a Sigstore bundle.
  public let bytes: [UInt8]

  /// Takes a statement that somebody signed: `signature` is over the statement's `message`.
  ///
  /// Throws `statement.too-large` for one that nobody would read, or `statement.bad-signature`.
  public init(_ statement: Statement, by key: SealVerificationKey, signature: [UInt8]) throws(Problem) {
    self.statement = statement
    self.key = key
    bytes = try SignedEnvelope.document(
      statement.canonicalBytes, as: .statement, by: key, signature: signature)
    guard bytes.count <= Self.sizeLimit else {
      throw Problem(
        .tooLarge, "statement.too-large",
        "expected a signed statement of at most \(Self.sizeLimit) bytes, found \(bytes.count)",
        hint: "put fewer bundles into one image")
    }
  }

  /// Signs a statement.
  ///
  /// The same statement gives other bytes each time: the signature has a random part. Throws `statement.too-large`, or
  /// `seal.signing-failed`.
  public init(_ statement: Statement, signedBy key: SealingKey) throws(Problem) {
    try self.init(
      statement, by: key.verificationKey, signature: try key.sign(statement.message))
  }

  /// Reads a signed statement of which nothing is known.
  ///
  /// In this order: the envelope's form, that its key is one of `keys`, the signature, and only then the statement.
  /// Throws `statement.malformed`, `statement.untrusted-key` or `statement.bad-signature`.
  public init(verifying bytes: [UInt8], trusting keys: [SealVerificationKey]) throws(Problem) {
    let envelope = try SignedEnvelope(parsing: bytes, as: .statement)
    key = try envelope.signer(among: keys)
    statement = try Statement(parsing: envelope.payload)
    self.bytes = bytes
  }
}
