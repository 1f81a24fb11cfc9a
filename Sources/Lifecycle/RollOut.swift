public import Domain
import Encoding
import Gates
import Provenance
import Rollouts

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
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  func callAsFunction(_ released: ReleasedImage, recorder: Recorder) async throws(Problem) -> Rollout {
    let version = released.packed.signed.version
    let name = version.reference.name
    try await seals.requireServable(version)
    let present = try await registry.deployments()
    let replaced = present.first { $0.name == name }
    return try await recorder.record(
      .rollOut, of: version.reference.description,
      details: ["from": replaced.map { .string($0.version.description) } ?? .null]
    ) { () async throws(Problem) in
      let deployment = Deployment(
        name: name, version: version.reference.version, bundle: version.bundle, since: time.now())
      let next = present.filter { $0.name != name } + [deployment]
      var formers = try await registry.formers(of: name)
      if let replaced {
        let former = FormerVersions.Former(version: replaced.version, bundle: replaced.bundle)
        formers = formers.following(former, by: deployment.version)
      }
      let isMarked = try await registry.mark(of: version.reference) != nil
      let ended = try await registry.rollout(of: name)?.ended(by: deployment, recorder.principal)
      // A crash after this leaves the data plane ahead of the registry; recovery applies the registry's
      // state again, so that what was never acknowledged does not stay.
      try await plane.apply(
        served.with(
          deployments: next, formers: [name: formers], rollouts: ended.map { [name: $0] } ?? [:]))
      return .done(
        Rollout(deployment: deployment, replaced: replaced?.version),
        details: [
          "bundle": .string(version.bundle.description),
          "policy": .string(released.report.policy.description),
          "from": replaced.map { .string($0.version.description) } ?? .null,
        ],
        changes: [.setDeployment(deployment)]
          + (replaced == nil ? [] : [.governance(.keepFormers(formers, of: name, at: deployment.since))])
          + (ended.map { [.governance(.setRollout($0, at: deployment.since))] } ?? [])
          + (isMarked ? [.governance(.unmark(version.reference, at: deployment.since))] : [])
          + (released.hasWaited ? [.governance(.endWait(version.reference, at: time.now()))] : []))
    }
  }
}

extension RolloutRecord {
  /// The roll-out that was under way as another way into service ends it; nil where it is over.
  fileprivate func ended(by deployment: Deployment, _ principal: Principal) throws(Problem) -> RolloutRecord?
  {
    guard isUnderWay else { return nil }
    let event: RolloutEvent =
      deployment.version == state.version
      ? .undo(by: principal, reason: "it was brought to everybody at once", at: deployment.since)
      : .superseded(by: deployment.version, at: deployment.since)
    return try at(try RolloutState.after(event, state))
  }
}

/// Puts together what the data plane is told, from what the registry holds.
struct ServedState: Sendable {
  let registry: any RegistryReader & LedgerReader
  let bundles: any BundleStore
  let seals: Seals
  let time: any TimeSource

  /// The state that the registry stands for.
  func current() async throws(Problem) -> PlaneState { try await with() }

  /// The state with what is given, and the rest as the registry has it; `marks` says of versions whether they are marked from
  /// here on.
  func with(
    deployments: [Deployment]? = nil, aliases: [Alias]? = nil, keys: [PredictionKey]? = nil,
    settings: [DeploymentSettings]? = nil, issuers: [ConfiguredIssuer]? = nil,
    formers: [ModelName: FormerVersions] = [:], rollouts: [ModelName: RolloutRecord] = [:],
    marks: [VersionReference: Bool] = [:],
    sharings: [ModelName: SharingRecord?] = [:]
  ) async throws(Problem) -> PlaneState {
    var known = Known()
    if let deployments {
      known.deployments = deployments
    } else {
      known.deployments = try await registry.deployments()
    }
    if let aliases { known.aliases = aliases } else { known.aliases = try await registry.aliases() }
    if let keys { known.keys = keys } else { known.keys = try await registry.keys() }
    if let settings { known.settings = settings } else { known.settings = try await registry.settings() }
    if let issuers { known.issuers = issuers } else { known.issuers = try await registry.issuers() }
    let revocations = try await seals.revocations()
    for deployment in known.deployments {
      known.standbys[deployment.name] = try await registry.waysBack(
        from: deployment, past: revocations, formers: formers[deployment.name], marks: marks
      ).first
    }
    for record in try await registry.rollouts() { known.rollouts[record.state.deployment] = record }
    known.rollouts.merge(rollouts) { $1 }
    known.sharings = try await registry.sharings()
    for (name, record) in sharings { known.sharings[name] = record }
    return try await state(of: known, revocations)
  }

  /// What a state is put together from.
  private struct Known {
    var deployments: [Deployment] = []
    var aliases: [Alias] = []
    var keys: [PredictionKey] = []
    var settings: [DeploymentSettings] = []
    var issuers: [ConfiguredIssuer] = []
    /// Where a roll-back of each deployment would lead.
    var standbys: [ModelName: FormerVersions.Former] = [:]
    var rollouts: [ModelName: RolloutRecord] = [:]
    var sharings: [ModelName: SharingRecord] = [:]
  }

  private func state(of known: Known, _ revocations: Revocations) async throws(Problem) -> PlaneState {
    // The ledger only grows, and every change of the state has an entry: its size numbers the states.
    let generation = try await registry.checkpoint()?.size ?? 0
    let aliases = Dictionary(grouping: known.aliases, by: \.model)
    var deployed: [PlaneState.Deployment] = []
    for deployment in known.deployments.sorted(by: { $0.name < $1.name }) {
      deployed.append(
        try self.deployed(
          deployment, aliases: aliases[deployment.name] ?? [],
          standby: known.standbys[deployment.name],
          rollout: known.rollouts[deployment.name].flatMap { $0.isUnderWay ? $0 : nil },
          sharing: known.sharings[deployment.name].flatMap { $0.holds(for: deployment) ? $0 : nil },
          revocations,
          policy: known.settings.first { $0.deployment == deployment.name }?.policy ?? .standard))
    }
    return PlaneState(
      generation: generation, sealKeys: try await seals.trusted().map(\.pem), deployments: deployed,
      keys: known.keys.filter(isOfUse).map {
        PlaneState.Key(id: $0.id, hash: $0.hash, deployment: $0.deployment, terms: $0.terms)
      }, issuers: known.issuers.map(\.issuer).sorted { $0.url < $1.url },
      revocations: revocations)
  }

  /// Whether a key may open anything still; one that has ended a day ago opens nothing by any clock.
  private func isOfUse(_ key: PredictionKey) -> Bool {
    guard key.revokedAt == nil else { return false }
    guard let end = key.terms.expiresAt else { return true }
    return end.milliseconds > time.now().milliseconds - 86_400_000
  }

  /// A deployment with the versions that its aliases name and that a roll-out brings beside the live one, each once.
  private func deployed(
    _ deployment: Deployment, aliases: [Alias], standby: FormerVersions.Former?, rollout: RolloutRecord?,
    sharing: SharingRecord?, _ revocations: Revocations, policy: DeploymentPolicy
  ) throws(Problem) -> PlaneState.Deployment {
    // A roll-out goes first; afterwards versions share again as before, unless it has moved the live one.
    let sharing = rollout == nil ? sharing : nil
    let revoked = Set((sharing?.bundles ?? [:]).filter { revocations.problem(of: $0.value) != nil }.keys)
    var bundlesOfOthers = (rollout?.bundles ?? sharing?.bundles ?? [:]).filter {
      $0.key != deployment.version && !revoked.contains($0.key)
    }
    for alias in aliases where alias.version != deployment.version {
      bundlesOfOthers[alias.version] = alias.bundle
    }
    let (split, shadows): (Sharing?, Shadowing?) =
      if let rollout {
        (try rollout.sharing(), try rollout.shadowing())
      } else {
        (
          try sharing?.sharing(live: deployment.version, without: revoked),
          try sharing?.shadowing(without: revoked)
        )
      }
    return PlaneState.Deployment(
      name: deployment.name, live: version(deployment.version, deployment.bundle),
      others: bundlesOfOthers.sorted { $0.key < $1.key }.map { version($0.key, $0.value) },
      aliases: Dictionary(uniqueKeysWithValues: aliases.map { ($0.name, $0.version) }), policy: policy,
      standby: standby.map { version($0.version, $0.bundle) },
      sharing: split, shadowing: shadows, rollout: rollout?.state.version)
  }

  private func version(_ number: VersionNumber, _ bundle: Digest) -> PlaneState.Deployment.Version {
    PlaneState.Deployment.Version(version: number, bundle: bundle, path: bundles.path(of: bundle))
  }
}
