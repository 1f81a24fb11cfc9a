public import Access
public import Domain
public import Gates

extension ControlPlane {
  /// Takes a name back to the version that served it before, and marks the one it is taken back from.
  ///
  /// Where `from` is named, from that version alone, so that it may be said again where the answer was lost. Throws `deployment.unknown`,
  /// `access.denied`, `roll-back.nowhere` and `roll-back.other`.
  public func rollBack(
    _ name: ModelName, from version: VersionNumber? = nil, because reason: RevocationReason, by actor: Actor
  ) async throws(Problem) -> RolledBack {
    try await perform(by: actor, .deploy, on: .model(name)) { [rollBack] recorder async throws(Problem) in
      try await rollBack(name, from: version, because: reason, recorder: recorder)
    }
  }

  /// Brings a version that is there into service, where the gates of the roll-out hold; how that turned out.
  ///
  /// One that was rolled back from comes back only where `despiteMark` says so. Throws `version.unknown`, `access.denied`,
  /// `roll-out.marked`, and `deployments.named` where another version was applied.
  public func rollOut(
    _ reference: VersionReference, despiteMark: Bool = false, in manner: RolloutManner = .asPlanned,
    by actor: Actor
  ) async throws(Problem) -> PushOutcome {
    let roles = try await rules.current().roles(of: actor, on: .model(reference.name), at: now())
    let asker = RoleHolder(actor.principal, in: roles)
    return try await perform(by: actor, .deploy, on: .model(reference.name)) {
      [road, registry] recorder async throws(Problem) in
      try await registry.requireAdmitted(reference)
      return try await road.bring(
        reference, for: asker, despiteMark: despiteMark, in: manner, recorder: recorder)
    }
  }
}
