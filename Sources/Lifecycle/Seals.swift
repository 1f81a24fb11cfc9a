public import Domain
public import Provenance

/// Whose seals hold, who makes them, and what was revoked, as the registry says at the moment.
struct Seals: Sendable {
  let registry: any RegistryReader
  let bundles: any BundleStore
  /// The key that the platform was started with: the active one of a registry that knows none yet.
  let present: any SealSigner
  let store: any SealKeyStore

  /// Who makes the seals.
  ///
  /// Throws `seal-key.missing` where the active key is nowhere here.
  func signer() async throws(Problem) -> any SealSigner {
    guard let active = try await registry.sealKeys().first(where: { $0.state == .active }) else {
      return present
    }
    return try await signer(for: active)
  }

  /// Who signs by a key of our own.
  func signer(for key: SealKey) async throws(Problem) -> any SealSigner {
    if present.verificationKey.hint == key.hint { return present }
    return try await store.requiredSigner(for: key.hint)
  }

  /// The keys whose seals hold.
  func trusted() async throws(Problem) -> [SealVerificationKey] {
    let keys = try await registry.sealKeys()
    guard !keys.isEmpty else { return [present.verificationKey] }
    return try keys.trusted()
  }

  /// Why what a key has sealed is not taken any more, as a refusal of a model; nil where it is.
  func problem(ofSealsBy hint: String, on name: ModelName) async throws(Problem) -> Problem? {
    if let problem = try await revocations().problem(ofSealsBy: hint) {
      return problem.refused(name.description)
    }
    guard try await !trusted().contains(where: { $0.hint == hint }) else { return nil }
    return Problem(
      .refused, "seal.untrusted-key", "expected a seal by a key that is trusted, found one by \(hint)",
      subject: name.description, hint: "see 'gatehouse seal-keys list'")
  }

  /// What must not be served.
  func revocations() async throws(Problem) -> Revocations {
    try await registry.revocations()
  }

  /// Makes sure that a version may be served: it was not revoked, nor was the key that sealed it, and its bundle verifies
  /// by a key that is trusted.
  ///
  /// Throws `bundle.revoked` and `seal.revoked-key` as refusals, `bundle.missing`, or the seal's own problem.
  func requireServable(_ version: ModelVersion) async throws(Problem) {
    let revocations = try await revocations()
    let hint = try SealVerifier.keyHint(of: try await bundles.seal(of: version.bundle))
    if let problem = revocations.problem(of: version.bundle) ?? revocations.problem(ofSealsBy: hint) {
      throw problem.refused(version.reference.description)
    }
    do throws(Problem) {
      try await bundles.verify(version.bundle, trusting: try await trusted())
    } catch {
      throw error.naming(version.reference)
    }
  }
}

extension RegistryReader {
  /// What was revoked, and must not be served.
  public func revocations() async throws(Problem) -> Revocations {
    Revocations(
      keys: try await sealKeys().compactMap(\.revocation), versions: try await revokedVersions())
  }
}

extension [SealKey] {
  /// Those whose seals hold, to verify by.
  ///
  /// Throws `seal.malformed-key` where the registry has what is none.
  public func trusted() throws(Problem) -> [SealVerificationKey] {
    var keys: [SealVerificationKey] = []
    // The active one first: most seals are by it.
    for key in filter({ $0.state == .active }) + filter({ $0.state == .trusted }) {
      keys.append(try SealVerificationKey(pem: key.pem))
    }
    return keys
  }
}

extension SealKey {
  /// The key as what is revoked; nil where it is not.
  public var revocation: Revocations.Key? {
    guard state == .revoked else { return nil }
    return Revocations.Key(hint: hint, since: changedAt, reason: reason ?? "no reason was given")
  }

  /// A key that is trusted from now on.
  init(_ key: SealVerificationKey, isOwn: Bool, state: State, at moment: Timestamp) {
    self.init(
      hint: key.hint, pem: key.pem, curve: key.curve.rawValue, isOwn: isOwn, addedAt: moment, state: state)
  }
}

extension Problem {
  /// The same, as a refusal of a model or a version.
  fileprivate func refused(_ subject: String) -> Problem {
    Problem(
      .refused, code, message, subject: subject, position: position, hint: hint, cause: cause)
  }

  /// The same, about a version where it is about nothing yet.
  fileprivate func naming(_ reference: VersionReference) -> Problem {
    var problem = self
    problem.subject = subject.map { "\(reference): \($0)" } ?? reference.description
    return problem
  }
}
