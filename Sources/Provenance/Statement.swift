public import Domain
public import Encoding

/// Something said of things that are known by their digests: an in-toto statement v1.
///
/// https://github.com/in-toto/attestation/tree/main/spec/v1
public struct Statement: Equatable, Sendable {
  /// What a statement is, as it says itself.
  package static let type = "https://in-toto.io/Statement/v1"

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
}
