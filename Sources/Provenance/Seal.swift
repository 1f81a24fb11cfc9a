import Encoding
public import Domain

// A seal is an OpenSSF Model Signing v1.0 bundle, key-based: a Sigstore bundle around a DSSE envelope around an
// in-toto statement. https://github.com/ossf/model-signing-spec, https://github.com/secure-systems-lab/dsse

enum SealFormat {
  static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
  static let payloadType = "application/vnd.in-toto+json"
  static let statementType = "https://in-toto.io/Statement/v1"
  static let predicateType = "https://model_signing/signature/v1.0"

  /// DSSE's pre-authentication encoding: the bytes that are signed.
  static func preAuthenticationEncoding(of payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
  }
}

/// A bundle whose seal is to be signed, by whoever has the key.
public struct SealDraft: Sendable {
  private let contents: UnsealedBundle
  private let payload: [UInt8]

  fileprivate init(_ contents: UnsealedBundle, payload: [UInt8]) {
    self.contents = contents
    self.payload = payload
  }

  /// The bytes that the key signs.
  public var message: [UInt8] { SealFormat.preAuthenticationEncoding(of: payload) }

  /// The bundle with the seal that this signature of `message` makes.
  ///
  /// Throws `seal.bad-signature` where it is not by `key`: who signed may be another program.
  public func sealed(by key: SealVerificationKey, signature: [UInt8]) throws(Problem) -> SealedBundle {
    guard key.isValid(signature, for: message) else { throw SealVerifier.badSignature(of: key) }
    let seal: JSON = [
      "mediaType": .string(SealFormat.mediaType),
      "verificationMaterial": ["publicKey": ["hint": .string(key.hint)], "tlogEntries": []],
      "dsseEnvelope": [
        "payload": .string(Base64.encode(payload)), "payloadType": .string(SealFormat.payloadType),
        "signatures": [["sig": .string(Base64.encode(signature)), "keyid": ""]],
      ],
    ]
    return SealedBundle(unchecked: contents, seal: seal.canonicalBytes, key: key)
  }
}

extension UnsealedBundle {
  /// Seals the bundle; `name` is what the statement calls it, `iris@3`.
  ///
  /// The one random thing in a bundle is the nonce of this signature.
  public func sealed(with key: SealingKey, name: String) throws(Problem) -> SealedBundle {
    let draft = sealDraft(name: name)
    return try draft.sealed(by: key.verificationKey, signature: try key.sign(draft.message))
  }

  /// What is to be signed to seal the bundle; `name` is what the statement calls it, `iris@3`.
  public func sealDraft(name: String) -> SealDraft {
    SealDraft(self, payload: statement(name: name).canonicalBytes)
  }

  private func statement(name: String) -> JSON {
    [
      "_type": .string(SealFormat.statementType),
      "subject": [["name": .string(name), "digest": ["sha256": .string(digest.hexadecimal)]]],
      "predicateType": .string(SealFormat.predicateType),
      "predicate": [
        "serialization": ["method": "files", "hash_type": "sha256", "allow_symlinks": false],
        "resources": .array(
          zip(files, fileDigests).map { file, digest in
            [
              "name": .string(file.path), "algorithm": "sha256",
              "digest": .string(digest.hexadecimal),
            ]
          }),
      ],
    ]
  }
}

/// What a seal says once it has been verified against the files and a trusted key.
public struct VerifiedSeal: Equatable, Sendable {
  /// The digest of the bundle that it is over.
  public let bundle: Digest
  /// What the statement calls the bundle.
  public let name: String
  /// The key that made the seal.
  public let key: SealVerificationKey
  /// The digest of each file, by its path.
  public let files: [String: Digest]
}
