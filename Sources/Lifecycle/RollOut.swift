public import Domain
import Encoding
import Provenance

/// The last stage: the version answers under its name.
public struct Rollout: Sendable {
  /// What is served now.
  public let deployment: Deployment
  /// The version that was served before; nil for the first.
  public let replaced: VersionNumber?

  fileprivate init(deployment: Deployment, replaced: VersionNumber?) {
    self.deployment = deployment
    self.replaced = replaced
  }
}

/// Moves a name to a version: the data plane first, then the registry.
struct RollOut: Sendable {
  let registry: any RegistryReader
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  func callAsFunction(_ signed: SignedModel, recorder: Recorder) async throws(Problem) -> Rollout {
    let version = signed.version
    let name = version.reference.name
    let present = try await registry.deployments()
    let replaced = present.first { $0.name == name }
    return try await recorder.record(
      .rollOut, of: version.reference.description,
      details: ["from": replaced.map { .string($0.version.description) } ?? .null]
    ) { () async throws(Problem) in
      let deployment = Deployment(
        name: name, version: version.reference.version, bundle: version.bundle, since: time.now())
      let next = present.filter { $0.name != name } + [deployment]
      // A crash after this leaves the data plane ahead of the registry; recovery applies the registry's
      // state again, so that what was never acknowledged does not stay.
      try await plane.apply(served.with(deployments: next))
      return .done(
        Rollout(deployment: deployment, replaced: replaced?.version),
        details: ["bundle": .string(version.bundle.description)], changes: [.setDeployment(deployment)])
    }
  }
}

/// Puts together what the data plane is told, from what the registry holds.
struct ServedState: Sendable {
  let registry: any RegistryReader & LedgerReader
  let bundles: any BundleStore
  let sealKeys: [SealVerificationKey]

  /// The state that the registry stands for.
  func current() async throws(Problem) -> PlaneState {
    try await with(deployments: registry.deployments())
  }

  /// The state with these deployments, and the rest as the registry has it.
  func with(deployments: [Deployment]) async throws(Problem) -> PlaneState {
    try await state(
      deployments: deployments, aliases: registry.aliases(), policies: registry.recordsPolicies(),
      keys: registry.keys())
  }

  /// The state with these aliases, and the rest as the registry has it.
  func with(aliases: [Alias]) async throws(Problem) -> PlaneState {
    try await state(
      deployments: registry.deployments(), aliases: aliases, policies: registry.recordsPolicies(),
      keys: registry.keys())
  }

  /// The state with these policies for access records, and the rest as the registry has it.
  func with(recordsPolicies: [DeploymentRecords]) async throws(Problem) -> PlaneState {
    try await state(
      deployments: registry.deployments(), aliases: registry.aliases(), policies: recordsPolicies,
      keys: registry.keys())
  }

  /// The state with these keys, and the rest as the registry has it.
  func with(keys: [PredictionKey]) async throws(Problem) -> PlaneState {
    try await state(
      deployments: registry.deployments(), aliases: registry.aliases(), policies: registry.recordsPolicies(),
      keys: keys)
  }

  private func state(
    deployments: [Deployment], aliases: [Alias], policies: [DeploymentRecords], keys: [PredictionKey]
  ) async throws(Problem) -> PlaneState {
    // The ledger only grows, and every change of the state has an entry: its size numbers the states.
    let generation = try await registry.checkpoint()?.size ?? 0
    let aliases = Dictionary(grouping: aliases, by: \.model)
    let records = Dictionary(policies.map { ($0.deployment, $0.policy) }) { first, _ in first }
    return PlaneState(
      generation: generation, sealKeys: sealKeys.map(\.pem),
      deployments: deployments.sorted { $0.name < $1.name }.map {
        deployed($0, aliases: aliases[$0.name] ?? [], records: records[$0.name] ?? .standard)
      },
      keys: keys.filter { $0.revokedAt == nil }.map {
        PlaneState.Key(id: $0.id, hash: $0.hash, deployment: $0.deployment, terms: $0.terms)
      })
  }

  /// A deployment with the versions that its aliases name beside the live one, each once.
  private func deployed(
    _ deployment: Deployment, aliases: [Alias], records: RecordsPolicy
  ) -> PlaneState.Deployment {
    var bundlesOfOthers: [VersionNumber: Digest] = [:]
    for alias in aliases where alias.version != deployment.version {
      bundlesOfOthers[alias.version] = alias.bundle
    }
    return PlaneState.Deployment(
      name: deployment.name, live: version(deployment.version, deployment.bundle),
      others: bundlesOfOthers.sorted { $0.key < $1.key }.map { version($0.key, $0.value) },
      aliases: Dictionary(uniqueKeysWithValues: aliases.map { ($0.name, $0.version) }), records: records)
  }

  private func version(_ number: VersionNumber, _ bundle: Digest) -> PlaneState.Deployment.Version {
    PlaneState.Deployment.Version(version: number, bundle: bundle, path: bundles.path(of: bundle))
  }
}
