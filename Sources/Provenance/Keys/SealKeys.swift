public import Domain

/// The curve of a key that seals, and with it the digest that is signed: what OpenSSF Model Signing takes.
public enum SealCurve: String, Sendable, CaseIterable {
  /// With SHA-256.
  case p256 = "P-256"
  /// With SHA-384.
  case p384 = "P-384"
  /// With SHA-512.
  case p521 = "P-521"

  init?(_ kind: SignatureKey.Kind) {
    switch kind {
    case .p256: self = .p256
    case .p384: self = .p384
    case .p521: self = .p521
    default: return nil
    }
  }

  var kind: SignatureKey.Kind {
    switch self {
    case .p256: .p256
    case .p384: .p384
    case .p521: .p521
    }
  }

  var scheme: SignatureKey.Scheme {
    switch self {
    case .p256: .ecdsaSHA256
    case .p384: .ecdsaSHA384
    case .p521: .ecdsaSHA512
    }
  }
}

/// The private key that seals bundles: ECDSA over P-256, P-384 or P-521.
///
/// Its description shows the public key's hint, never the key.
public struct SealingKey: Sendable, CustomStringConvertible {
  private let key: SignatureKey
  private let curve: SealCurve
  /// The public key that verifies what this key seals.
  public let verificationKey: SealVerificationKey

  /// Makes a new key from the system's random numbers.
  public init(_ curve: SealCurve = .p256) {
    self.init(SignatureKey.generate(curve.kind), curve)
  }

  /// Reads a private key in PEM (PKCS #8 or SEC 1); throws `seal.malformed-key`.
  public init(pem: String) throws(Problem) {
    let bytes = PEM.decode(pem, labels: ["PRIVATE KEY"])
    let key =
      if let bytes { SignatureKey(privateDER: bytes) } else {
        PEM.decode(pem, labels: ["EC PRIVATE KEY"]).flatMap { SignatureKey(curveDER: $0) }
      }
    guard let key, let curve = SealCurve(key.kind) else { throw malformed("private", pem) }
    self.init(key, curve)
  }

  private init(_ key: SignatureKey, _ curve: SealCurve) {
    self.key = key
    self.curve = curve
    verificationKey = SealVerificationKey(key, curve)
  }

  /// The private key in PEM (PKCS #8), with a final line feed.
  ///
  /// Secret.
  public var pem: String { PEM.encode(key.privateDER, "PRIVATE KEY") }

  /// The key by its public hint.
  public var description: String { "SealingKey(\(verificationKey.hint.prefix(12))…)" }

  /// Signs a message; the signature is ECDSA's in DER.
  ///
  /// Throws `seal.signing-failed`.
  public func sign(_ message: [UInt8]) throws(Problem) -> [UInt8] {
    guard let signature = key.sign(message, by: curve.scheme) else {
      throw Problem(
        .internal, "seal.signing-failed", "expected an ECDSA signature, found a failure of the signer")
    }
    return signature
  }
}

/// A public key that is trusted to verify seals.
public struct SealVerificationKey: Sendable, Hashable, CustomStringConvertible {
  /// The public key in PEM (SubjectPublicKeyInfo, lines of 64 characters, a final line feed).
  public let pem: String
  /// How a seal names this key: the hexadecimal SHA-256 of `pem`, line feeds included.
  public let hint: String
  /// Its curve.
  public let curve: SealCurve
  private let key: SignatureKey

  init(_ key: SignatureKey, _ curve: SealCurve) {
    self.key = key
    self.curve = curve
    // The hint is over this exact text, so its line ends are part of the format.
    pem = PEM.encode(key.publicDER, "PUBLIC KEY")
    hint = Digest(of: pem.utf8).hexadecimal
  }

  /// Reads a public key in PEM; throws `seal.malformed-key`.
  public init(pem: String) throws(Problem) {
    guard let bytes = PEM.decode(pem, labels: ["PUBLIC KEY"]), let key = SignatureKey(publicDER: bytes),
      let curve = SealCurve(key.kind)
    else { throw malformed("public", pem) }
    self.init(key, curve)
  }

  /// The key by its hint.
  public var description: String { "SealVerificationKey(\(hint.prefix(12))…)" }

  /// Whether the keys are the same.
  public static func == (left: SealVerificationKey, right: SealVerificationKey) -> Bool {
    left.pem == right.pem
  }

  /// Feeds the key's PEM.
  public func hash(into hasher: inout Hasher) { hasher.combine(pem) }

  /// Whether a signature of ECDSA, in DER, over a message is by this key.
  public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    key.isValid(signature, over: message, by: curve.scheme)
  }
}

private func malformed(_ what: String, _ pem: String) -> Problem {
  Problem(
    .integrity, "seal.malformed-key",
    "expected a PEM \(what) key on the curve P-256, P-384 or P-521, found \(pem.utf8.count) bytes that are none"
  )
}
