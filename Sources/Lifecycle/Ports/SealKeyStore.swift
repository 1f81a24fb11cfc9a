public import Domain
public import Provenance

/// Who signs seals: a key that is here, or a program that has one signed somewhere else.
public protocol SealSigner: Sendable {
  /// The public key that verifies what this signs.
  var verificationKey: SealVerificationKey { get }
  /// Signs a message; the signature is ECDSA's in DER and verifies with `verificationKey`.
  func sign(_ message: [UInt8]) async throws(Problem) -> [UInt8]
}

extension SealSigner {
  /// Has a signature made on trial, before anything depends on it; throws `signer.bad-signature`, or why there is none.
  public func requireSignature() async throws(Problem) {
    let message = Array("gatehouse: does this key sign".utf8)
    guard verificationKey.isValid(try await sign(message), for: message) else {
      throw Problem(
        .unavailable, "signer.bad-signature",
        "expected a signature by key '\(verificationKey.hint.prefix(12))…', found one that does not verify")
    }
  }
}

/// A key that is in this process.
extension SealingKey: SealSigner {}

/// Where a new key that seals comes from.
public enum SealKeySource: Equatable, Sendable {
  /// It is made here, on this curve, and kept in a file.
  case file(SealCurve)
  /// An external signer of this name has it; nothing secret of it is ever here.
  case signer(String)
}

/// The private keys of seals, wherever they are.
public protocol SealKeyStore: Sendable {
  /// Who signs by the key that seals name so; nil where nothing here has that key.
  func signer(for hint: String) async throws(Problem) -> (any SealSigner)?
  /// Makes a key, durable when this returns, or asks for the one that there is; nothing seals by it yet.
  func provide(_ source: SealKeySource) async throws(Problem) -> any SealSigner
}

extension SealKeyStore {
  /// Who signs by the key that seals name so; throws `seal-key.missing` where nothing here has that key.
  public func requiredSigner(for hint: String) async throws(Problem) -> any SealSigner {
    if let signer = try await signer(for: hint) { return signer }
    throw Problem(
      .unavailable, "seal-key.missing",
      "expected the private key of '\(hint.prefix(12))…' in a file or behind a signer, found it in none",
      subject: hint, hint: "restore keys/ from a backup, or name its signer in keys/signers.json")
  }
}

/// There is no key but the one that the platform was started with.
public struct NoSealKeys: SealKeyStore {
  /// Has nothing.
  public init() {}

  /// None.
  public func signer(for hint: String) async throws(Problem) -> (any SealSigner)? { nil }

  /// Throws `seal-key.no-store`.
  public func provide(_ source: SealKeySource) async throws(Problem) -> any SealSigner {
    throw Problem(
      .unavailable, "seal-key.no-store", "expected a place for new keys, found a platform without one")
  }
}
