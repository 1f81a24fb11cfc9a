import Access
public import Domain
import Encoding
public import Gates

/// Has several versions share a deployment's callers, by shares that stay, or be asked in the shadow: the data plane first, then the
/// registry, as a roll-out does.
struct ShareTraffic: Sendable {
  let registry: any RegistryReader
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane
  let release: Release
  let entropy: any Entropy
  let time: any TimeSource

  /// Shares the callers so; they are by the time this returns.
  ///
  /// Nil has the live version answer all of them. The version with the largest share is the live one from then on. The same shares again change nothing. `isExcused` says of
  /// which marks a version may come in spite. Throws `deployment.unknown`, `version.unknown`, `share.rolling-out` while a
  /// roll-out is under way, `roll-out.marked`, what a gate says, and as `Seals.requireServable` does.
  func callAsFunction(
    _ name: ModelName, _ shares: StandingShares?, for asker: RoleHolder,
    isExcused: (VersionMark) -> Bool = { _ in false }, recorder: Recorder
  ) async throws(Problem) {
    let deployments = try await registry.deployments()
    guard let present = deployments.first(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let former = try await registry.sharing(of: present)
    guard former?.shares != shares else { return }
    if let running = try await registry.rollout(of: name), running.isUnderWay {
      throw Problem(
        .conflict, "share.rolling-out",
        "expected no roll-out of '\(name)' under way, found one to version \(running.version.version)",
        subject: name.description, hint: "wait for its end, or end it with 'gatehouse roll-out undo \(name)'")
    }
    guard let shares, !shares.isPlain else { return try await end(present, shares, recorder) }
    let (targets, marks) = try await targets(of: name, shares, present, isExcused)
    let live = shares.live(beside: present.version)
    let answering = Set(former?.shares.versions ?? []).union([present.version])
    try await recorder.record(
      .share, of: "\(name)@\(live)", details: ["from": .string(present.version.description)]
    ) { () async throws(Problem) -> ActOutcome<Void> in
      var gates: [String: JSON] = [:]
      // Who answers, and who is asked by what callers send, is in service as much as what a name stands for.
      for target in targets where !answering.contains(target.reference.version) {
        let image = try await registry.image(of: target.reference)?.manifest
        let report = try await release.report(on: target, image, for: asker)
        gates[target.reference.version.description] = report.json
        if let problem = report.problem { return .refused(problem, details: ["gates": .object(gates)]) }
      }
      var bundles: [VersionNumber: Digest] = [:]
      for target in targets { bundles[target.reference.version] = target.bundle }
      let deployment = try await moved(present, to: live, bundles)
      let record = try SharingRecord(
        shares, bundles: bundles, salt: salt(former, of: shares), liveSince: deployment.deployment.since)
      try await plane.apply(
        served.with(
          deployments: deployments.filter { $0.name != name } + [deployment.deployment],
          formers: deployment.formers.map { [name: $0] } ?? [:], sharings: [name: record]))
      let moment = time.now()
      var details = Self.details(of: shares, present)
      if !gates.isEmpty { details["gates"] = .object(gates) }
      // Only where the live version is another by this: it is what served from then on.
      if live != present.version { details["bundle"] = .string(deployment.deployment.bundle.description) }
      return .done(
        (), details: details,
        changes: (live == present.version ? [] : [.setDeployment(deployment.deployment)])
          + (deployment.formers.map { [.governance(.keepFormers($0, of: name, at: moment))] } ?? [])
          + marks.map { .governance(.unmark($0, at: moment)) }
          + [.governance(.setShares(record, of: name, at: moment))])
    }
  }

  /// The live version answers everybody, or the one that does now all alone.
  private func end(
    _ present: Deployment, _ shares: StandingShares?, _ recorder: Recorder
  ) async throws(Problem) {
    let name = present.name
    if let only = shares?.arms.first?.version, only != present.version {
      throw Problem(
        .conflict, "share.alone", "expected version \(present.version), which is live, found \(only) alone",
        subject: name.description, hint: "bring it into service with 'gatehouse roll-out \(name)@\(only)'")
    }
    guard try await registry.sharing(of: present) != nil else { return }
    try await recorder.record(.share, of: "\(name)@\(present.version)") {
      () async throws(Problem) -> ActOutcome<Void> in
      try await plane.apply(served.with(sharings: [name: nil]))
      return .done(
        (), details: Self.details(of: try .all(present.version), present),
        changes: [.governance(.setShares(nil, of: name, at: time.now()))])
    }
  }

  /// The versions that take part, each of which may be served, and the marks that go.
  private func targets(
    of name: ModelName, _ shares: StandingShares, _ present: Deployment, _ isExcused: (VersionMark) -> Bool
  ) async throws(Problem) -> ([ModelVersion], marked: [VersionReference]) {
    var targets: [ModelVersion] = []
    var marked: [VersionReference] = []
    for number in shares.versions {
      let target = try await registry.version(VersionReference(name: name, version: number))
      try await seals.requireServable(target)
      if let mark = try await registry.mark(of: target.reference) {
        guard isExcused(mark) else { throw .marked(mark) }
        marked.append(target.reference)
      }
      targets.append(target)
    }
    return (targets, marked)
  }

  /// The deployment with this version live, and what it can go back to then; nil where that stays as it is.
  private func moved(
    _ present: Deployment, to live: VersionNumber, _ bundles: [VersionNumber: Digest]
  ) async throws(Problem) -> (deployment: Deployment, formers: FormerVersions?) {
    guard live != present.version, let bundle = bundles[live] else { return (present, nil) }
    let formers = try await registry.formers(of: present.name).following(
      FormerVersions.Former(version: present.version, bundle: present.bundle), by: live)
    return (Deployment(name: present.name, version: live, bundle: bundle, since: time.now()), formers)
  }

  /// The salt that the same versions had, so that callers stay where they are; else a new one.
  private func salt(_ former: SharingRecord?, of shares: StandingShares) -> TrafficSplit.Salt {
    if let former, former.shares.versions == shares.versions { return former.salt }
    return TrafficSplit.Salt(entropy.bytes(16))
  }

  /// What the ledger is to know: who answers what share of callers from here on, and who is asked beside.
  private static func details(of shares: StandingShares, _ present: Deployment) -> [String: JSON] {
    var named: [String: JSON] = [:]
    for arm in shares.arms { named[arm.version.description] = JSON(arm.share.value) }
    return [
      "shares": .object(named), "shadows": .array(shares.shadows.map { JSON($0.value) }),
      "affinity": .string(shares.affinity.rawValue), "from": .string(present.version.description),
    ]
  }
}

extension RegistryReader {
  /// How versions share a deployment; nil where one answers all callers, whatever was set before the live version moved.
  public func sharing(of deployment: Deployment) async throws(Problem) -> SharingRecord? {
    guard let record = try await record(.sharing, deployment.name.description) else { return nil }
    let sharing = try SharingRecord(json: record.value)
    return sharing.holds(for: deployment) ? sharing : nil
  }

  /// What was set of how versions share deployments, by their names, whether it holds still or not.
  func sharings() async throws(Problem) -> [ModelName: SharingRecord] {
    var all: [ModelName: SharingRecord] = [:]
    for record in try await governance(.sharing, startingWith: "") {
      all[try ModelName(parsing: record.id)] = try SharingRecord(json: record.value)
    }
    return all
  }
}
