import enum Crypto.P256
import Encoding
public import Domain

/// The private key that seals bundles: ECDSA over P-256.
///
/// Its description shows the public key's hint, never the key.
public struct SealingKey: Sendable, CustomStringConvertible {
  private let key: P256.Signing.PrivateKey

  /// Makes a new key from the system's random numbers.
  public init() {
    key = P256.Signing.PrivateKey()
  }

  /// Reads a private key in PEM (PKCS #8 or SEC 1); throws `seal.malformed-key`.
  public init(pem: String) throws(Problem) {
    do { key = try P256.Signing.PrivateKey(pemRepresentation: pem) } catch {
      throw Problem(
        .integrity, "seal.malformed-key",
        "expected a PEM private key on the curve P-256, found \(pem.utf8.count) bytes that are none")
    }
  }

  /// The private key in PEM (PKCS #8), with a final line feed.
  ///
  /// Secret.
  public var pem: String { key.pemRepresentation + "\n" }

  /// The public key that verifies what this key seals.
  public var verificationKey: SealVerificationKey { SealVerificationKey(key.publicKey) }

  /// The key by its public hint.
  public var description: String { "SealingKey(\(verificationKey.hint.prefix(12))…)" }

  func sign(_ message: [UInt8]) throws(Problem) -> [UInt8] {
    do { return Array(try key.signature(for: message).derRepresentation) } catch {
      throw Problem(
        .internal, "seal.signing-failed", "expected an ECDSA signature, found a failure of the signer",
        cause: String(describing: error))
    }
  }
}

/// A public key that is trusted to verify seals.
public struct SealVerificationKey: Sendable, Hashable, CustomStringConvertible {
  /// The public key in PEM (SubjectPublicKeyInfo, lines of 64 characters, a final line feed).
  public let pem: String
  /// How a seal names this key: the hexadecimal SHA-256 of `pem`, line feeds included.
  public let hint: String
  private let key: P256.Signing.PublicKey

  init(_ key: P256.Signing.PublicKey) {
    self.key = key
    // The hint is over this exact text, so its line ends are part of the format.
    pem = key.pemRepresentation + "\n"
    hint = Digest(of: pem.utf8).hexadecimal
  }

  /// Reads a public key in PEM; throws `seal.malformed-key`.
  public init(pem: String) throws(Problem) {
    do { self.init(try P256.Signing.PublicKey(pemRepresentation: pem)) } catch {
      throw Problem(
        .integrity, "seal.malformed-key",
        "expected a PEM public key on the curve P-256, found \(pem.utf8.count) bytes that are none")
    }
  }

  /// The key by its hint.
  public var description: String { "SealVerificationKey(\(hint.prefix(12))…)" }

  /// Whether the keys are the same.
  public static func == (left: SealVerificationKey, right: SealVerificationKey) -> Bool {
    left.pem == right.pem
  }

  /// Feeds the key's PEM.
  public func hash(into hasher: inout Hasher) { hasher.combine(pem) }

  func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else {
      return false
    }
    return key.isValidSignature(signature, for: message)
  }
}
