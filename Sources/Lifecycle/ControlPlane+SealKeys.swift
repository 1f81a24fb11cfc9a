public import Access
public import Domain
import Encoding
public import Provenance

extension ControlPlane {
  /// Seals by another key from now on; the former stays trusted.
  public func rotateSealKey(to source: SealKeySource, by actor: Actor) async throws(Problem)
    -> SealKey
  {
    try await perform(by: actor, .manageSeals, on: .platform) { [sealKeys] recorder async throws(Problem) in
      try await sealKeys.rotate(to: source, recorder: recorder)
    }
  }

  /// Trusts the seals of somebody else's key.
  public func trustSealKey(_ key: SealVerificationKey, by actor: Actor) async throws(Problem)
    -> SealKey
  {
    try await perform(by: actor, .manageSeals, on: .platform) { [sealKeys] recorder async throws(Problem) in
      try await sealKeys.trust(key, recorder: recorder)
    }
  }

  /// Ends the time of a key against which nothing is held; `hint` may be the beginning of one.
  public func retireSealKey(_ hint: String, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageSeals, on: .platform) { [sealKeys] recorder async throws(Problem) in
      try await sealKeys.retire(hint, recorder: recorder)
    }
  }

  /// Revokes a key of seals; answers with what was withdrawn with it.
  public func revokeSealKey(
    _ hint: String, _ reason: RevocationReason, by actor: Actor
  ) async throws(Problem) -> [VersionReference] {
    try await perform(by: actor, .manageSeals, on: .platform) { [sealKeys] recorder async throws(Problem) in
      try await sealKeys.revoke(hint, reason, recorder: recorder)
    }
  }

  /// Withdraws a version for good.
  public func revokeVersion(
    _ reference: VersionReference, _ reason: RevocationReason, by actor: Actor
  ) async throws(Problem) -> Revocations.Version {
    try await perform(by: actor, .revoke, on: .model(reference.name)) {
      [sealKeys] recorder async throws(Problem) in
      try await sealKeys.revoke(reference, reason, recorder: recorder)
    }
  }

  /// Seals again, by the active key, what another key of our own has sealed, or the one that a hint names.
  public func reseal(_ hint: String?, by actor: Actor) async throws(Problem) -> [VersionReference] {
    try await perform(by: actor, .manageSeals, on: .platform) {
      [sealKeys, reseal] recorder async throws(Problem) in
      var key: SealKey?
      if let hint { key = try await sealKeys.find(hint) }
      return try await reseal(key, recorder: recorder)
    }
  }

  /// A signed list of all that was revoked, lines of `RevocationList`.
  ///
  /// Signed by every key of our own that is here, those that were revoked too: an image that trusts a former key alone
  /// believes nobody else that the key is revoked.
  public func signRevocations(by actor: Actor) async throws(Problem) -> [UInt8] {
    try await perform(by: actor, .manageSeals, on: .platform) { [sealKeys] recorder async throws(Problem) in
      try await sealKeys.signRevocations(recorder: recorder)
    }
  }
}
