public import Domain
public import Encoding

/// Something said of things that are known by their digests: an in-toto statement v1.
///
/// https://github.com/in-toto/attestation/tree/main/spec/v1
public struct Statement: Equatable, Sendable {
  /// What a statement is, as it says itself.
  static let type = "https://in-toto.io/Statement/v1"
  /// An image with a hundred bundles has three subjects at most; nobody needs this many.
  private static let subjectLimit = 1_000

  /// A thing that a statement is about.
  public struct Subject: Hashable, Sendable {
    /// What the statement calls it; only the digest says what it is.
    public let name: String
    /// The SHA-256 of its bytes.
    public let digest: Digest

    /// Names a thing.
    public init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }

    var json: JSON {
      ["name": .string(name), "digest": ["sha256": .string(digest.hexadecimal)]]
    }
  }

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

  /// What it is about.
  public let subjects: [Subject]
  /// The type of the predicate, a URI.
  public let predicateType: String
  /// What it says.
  public let predicate: JSON

  /// Says something of things.
  public init(about subjects: [Subject], predicateType: String, predicate: JSON) {
    self.subjects = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  /// The kind of it; nil for one that nothing here makes.
  public var kind: Kind? { Kind(rawValue: predicateType) }

  /// The statement as it is signed.
  public var json: JSON {
    [
      "_type": .string(Self.type), "subject": .array(subjects.map(\.json)),
      "predicateType": .string(predicateType), "predicate": predicate,
    ]
  }

  /// The statement as bytes.
  public var canonicalBytes: [UInt8] { json.canonicalBytes }

  /// The bytes that a key signs.
  public var message: [UInt8] { SignedEnvelope.message(of: canonicalBytes) }

  /// Reads the bytes of a statement strictly: the members of version 1 and no others, one SHA-256 a subject.
  ///
  /// Throws `statement.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    let statement = try DocumentNode(parsing: bytes, as: .statement, in: "the statement")
    try statement.requireMembers(["_type", "subject", "predicateType", "predicate"])
    try statement.member("_type").requireText(Self.type)
    predicateType = try statement.member("predicateType").text()
    let predicate = try statement.member("predicate")
    guard predicate.value.object != nil else { throw predicate.unexpected("an object") }
    self.predicate = predicate.value
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
    self.subjects = subjects
  }
}

/// A statement and the signature over it, as made by a sealing key or verified against a trusted one.
public struct SignedStatement: Equatable, Sendable {
  /// The largest signed statement that is read, in bytes: a bill of materials of a hundred bundles.
  public static let sizeLimit = 16 << 20
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
