public import Access
public import Domain
import Gates

// How callers reach deployments, and how those answer.

extension ControlPlane {
  /// Makes a key to a deployment.
  public func createKey(
    for name: ModelName, terms: KeyTerms = .unbounded, by actor: Actor
  ) async throws(Problem) -> IssuedKey {
    try await perform(by: actor, .issueKeys, on: .model(name)) { [keys] recorder async throws(Problem) in
      try await keys.create(for: name, terms: terms, recorder: recorder)
    }
  }

  /// Revokes a key.
  public func revokeKey(id: String, by actor: Actor) async throws(Problem) {
    let deployment = try await registry.keys().first { $0.id == id }?.deployment
    try await perform(by: actor, .issueKeys, on: deployment.map { .model($0) } ?? .somewhere) {
      [keys] recorder async throws(Problem) in
      try await keys.revoke(id: id, recorder: recorder)
    }
  }

  /// Has an alias name a version of a model.
  public func setAlias(
    _ name: AliasName, of model: ModelName, to version: VersionNumber, by actor: Actor
  ) async throws(Problem) -> Alias {
    let roles = try await rules.current().roles(of: actor, on: .model(model), at: now())
    let asker = RoleHolder(actor.principal, in: roles)
    return try await perform(by: actor, .moveAlias, on: .alias(name, of: model)) {
      [aliases] recorder async throws(Problem) in
      try await aliases.set(name, of: model, to: version, for: asker, recorder: recorder)
    }
  }

  /// Takes an alias away.
  public func removeAlias(_ name: AliasName, of model: ModelName, by actor: Actor)
    async throws(Problem)
  {
    try await perform(by: actor, .moveAlias, on: .alias(name, of: model)) {
      [aliases] recorder async throws(Problem) in
      try await aliases.remove(name, of: model, recorder: recorder)
    }
  }

  /// Says what a deployment's access records hold.
  public func setRecords(
    _ records: RecordsPolicy, of name: ModelName, by actor: Actor
  ) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [deploymentPolicies] recorder async throws(Problem) in
      try await deploymentPolicies.record(name, by: records, recorder: recorder)
    }
  }

  /// Bounds what a deployment takes on at a time.
  public func limitDeployment(
    _ name: ModelName, to limits: DeploymentLimits, by actor: Actor
  ) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [deploymentPolicies] recorder async throws(Problem) in
      try await deploymentPolicies.limit(name, to: limits, recorder: recorder)
    }
  }
}
