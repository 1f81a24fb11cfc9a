import Encoding
public import Domain

// A seal is an OpenSSF Model Signing v1.0 bundle, key-based: a Sigstore bundle around a DSSE envelope around an
// in-toto statement. https://github.com/ossf/model-signing-spec, https://github.com/secure-systems-lab/dsse

enum SealFormat {
  static let predicateType = "https://model_signing/signature/v1.0"
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
  public var message: [UInt8] { SignedEnvelope.message(of: payload) }

  /// The bundle with the seal that this signature of `message` makes.
  ///
  /// Throws `seal.bad-signature` where it is not by `key`: who signed may be another program.
  public func sealed(by key: SealVerificationKey, signature: [UInt8]) throws(Problem) -> SealedBundle {
    let seal = try SignedEnvelope.document(payload, as: .seal, by: key, signature: signature)
    return SealedBundle(unchecked: contents, seal: seal, key: key)
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

  private func statement(name: String) -> Statement {
    Statement(
      about: [Statement.Subject(name: name, digest: digest)], predicateType: SealFormat.predicateType,
      predicate: [
        "serialization": ["method": "files", "hash_type": "sha256", "allow_symlinks": false],
        "resources": .array(
          zip(files, fileDigests).map { file, digest in
            [
              "name": .string(file.path), "algorithm": "sha256",
              "digest": .string(digest.hexadecimal),
            ]
          }),
      ])
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
