import Encoding
public import Domain

// A seal is an OpenSSF Model Signing v1.0 bundle, key-based: a Sigstore bundle around a DSSE envelope around an
// in-toto statement. https://github.com/ossf/model-signing-spec, https://github.com/secure-systems-lab/dsse

enum SealFormat {
  static let predicateType = "https://model_signing/signature/v1.0"
}

extension UnsealedBundle {
  /// Seals the bundle; `name` is what the statement calls it, `iris@3`.
  ///
  /// The one random thing in a bundle is the nonce of this signature.
  public func sealed(with key: SealingKey, name: String) throws(Problem) -> SealedBundle {
    SealedBundle(
      unchecked: self, seal: try SignedEnvelope.signing(statement(name: name).canonicalBytes, with: key))
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
