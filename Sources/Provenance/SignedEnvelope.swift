package import Domain
import Encoding

/// What is signed: each kind has bounds and codes of problems of its own.
package enum SignedKind: String {
  /// The seal of a bundle.
  case seal
  /// A statement about an image.
  case statement

  /// The largest document, in bytes.
  package var sizeLimit: Int {
    switch self {
    case .seal: SealVerifier.sealSizeLimit
    // A bill of materials of a hundred bundles.
    case .statement: 16 << 20
    }
  }

  var limits: JSONLimits {
    switch self {
    case .seal: JSONLimits(depth: 16, values: 100_000)
    case .statement: JSONLimits(depth: 32, values: 4_000_000)
    }
  }

  package func malformed(_ message: String) -> Problem {
    Problem(.integrity, "\(rawValue).malformed", message)
  }

  package func badSignature(of key: SealVerificationKey) -> Problem {
    Problem(
      .integrity, "\(rawValue).bad-signature",
      "expected a signature by key '\(key.hint.prefix(12))…' over the"
        + " \(self == .seal ? "seal's statement" : "statement"), found one that does not verify")
  }
}

/// A Sigstore bundle v0.3 around a DSSE envelope around an in-toto statement, by a key that is known by its hint.
///
/// https://github.com/sigstore/protobuf-specs, https://github.com/secure-systems-lab/dsse
package struct SignedEnvelope {
  package static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
  package static let payloadType = "application/vnd.in-toto+json"

  package let kind: SignedKind
  package let keyHint: String
  package let payload: [UInt8]
  package let signature: [UInt8]

  /// The bytes that a key signs.
  package static func message(of payload: [UInt8]) -> [UInt8] {
    preAuthenticationEncoding(of: payload, payloadType: payloadType)
  }

  /// The whole document with a signature of `message` of the payload.
  ///
  /// The signature has a random part, and nothing else here has one. Throws `seal.bad-signature`, or the same of a statement,
  /// where it is not by `key`: who signed may be another program.
  package static func document(
    _ payload: [UInt8], as kind: SignedKind, by key: SealVerificationKey, signature: [UInt8]
  ) throws(Problem) -> [UInt8] {
    guard key.isValid(signature, for: message(of: payload)) else { throw kind.badSignature(of: key) }
    let document: JSON = [
      "mediaType": .string(mediaType),
      "verificationMaterial": ["publicKey": ["hint": .string(key.hint)], "tlogEntries": []],
      "dsseEnvelope": [
        "payload": .string(Base64.encode(payload)), "payloadType": .string(payloadType),
        "signatures": [["sig": .string(Base64.encode(signature)), "keyid": ""]],
      ],
    ]
    return document.canonicalBytes
  }

  /// Reads the outer layers strictly: no member that this does not know, one signature.
  package init(parsing bytes: [UInt8], as kind: SignedKind) throws(Problem) {
    guard bytes.count <= kind.sizeLimit else {
      throw kind.malformed(
        "expected a \(kind.rawValue) of at most \(kind.sizeLimit) bytes, found \(bytes.count)")
    }
    self.kind = kind
    let bundle = try DocumentNode(parsing: bytes, as: kind, in: "the \(kind.rawValue)")
    try bundle.requireMembers(["mediaType", "verificationMaterial", "dsseEnvelope"])
    try bundle.member("mediaType").requireText(Self.mediaType)

    let material = try bundle.member("verificationMaterial")
    try material.requireMembers(["publicKey", "tlogEntries"])
    guard try material.member("tlogEntries").array().isEmpty else {
      throw kind.malformed(
        "expected no entries at '/verificationMaterial/tlogEntries' of a \(kind.rawValue) made by a key")
    }
    let publicKey = try material.member("publicKey")
    try publicKey.requireMembers(["hint"])
    keyHint = try publicKey.member("hint").text()

    let envelope = try bundle.member("dsseEnvelope")
    try envelope.requireMembers(["payload", "payloadType", "signatures"])
    try envelope.member("payloadType").requireText(Self.payloadType)
    payload = try envelope.member("payload").base64()
    let signature = try envelope.member("signatures").onlyElement()
    try signature.requireMembers(["sig", "keyid"])
    try signature.member("keyid").requireText("")
    self.signature = try signature.member("sig").base64()
  }

  /// The key that made the signature over the payload, which is one of `keys`.
  ///
  /// Throws `seal.untrusted-key` or `seal.bad-signature`, or the same of a statement.
  package func signer(among keys: [SealVerificationKey]) throws(Problem) -> SealVerificationKey {
    guard let key = keys.first(where: { $0.hint == keyHint }) else {
      throw Problem(
        .integrity, "\(kind.rawValue).untrusted-key",
        "expected a \(kind.rawValue) by one of \(keys.count) trusted keys, found one by key"
          + " '\(keyHint.prefix(12))…'",
        hint: "compare with the SHA-256 of the public key file; trust the key only if you know whose it is")
    }
    guard key.isValid(signature, for: Self.message(of: payload)) else { throw kind.badSignature(of: key) }
    return key
  }
}

/// DSSE's pre-authentication encoding: the bytes that are signed.
func preAuthenticationEncoding(of payload: [UInt8], payloadType: String) -> [UInt8] {
  Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
}
