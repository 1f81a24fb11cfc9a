public import Access
public import Domain
import Encoding
public import Gates
import Provenance

/// What came of applying a file of deployments.
public struct AppliedDeployments: Sendable {
  /// Every deployment that the file names, by name: what it is to be, and in what it differs.
  public let deployments: [DeploymentStatus]
  /// The deployments of which nothing is said from here on; what runs of them stays.
  public let pruned: [ModelName]
}

extension ControlPlane {
  /// The most bytes that the changes of one application have in the ledger: beside them its entry says who and when.
  private static let appliedSizeLimit = LedgerEntry.sizeLimit - 4096

  /// Takes a file of deployments for what they are to be: they come to it by themselves from here on.
  ///
  /// With `isDifference` nothing changes, and the answer says what would. With `prunes`, deployments that the file does not name
  /// are nobody's to move any more. With `isDespiteMarks`, versions come into service that had been rolled back from.
  /// Whoever applies it has to have the right to deploy each of them, and to move the aliases that it names: asked before anything
  /// is kept. Throws what is wrong with the file, `access.denied` and `deployments.too-large`.
  public func apply(
    _ file: [UInt8], isDifference: Bool = false, prunes: Bool = false, isDespiteMarks: Bool = false,
    by actor: Actor
  ) async throws(Problem) -> AppliedDeployments {
    let wanted = try DesiredDeploymentsReading.deployments(parsing: file)
    guard !isDifference else {
      return try await difference(wanted, prunes, isDespiteMarks, by: actor)
    }
    try await requireRights(to: wanted, prunes, of: actor)
    let (records, pruned) = try await perform(for: actor) { [self] recorder async throws(Problem) in
      // What was taken back while this waited for its turn is gone.
      try await requireRights(to: wanted, prunes, of: actor)
      let records = try await self.records(wanted, isDespiteMarks, by: actor)
      let former = Dictionary(
        uniqueKeysWithValues: try await registry.desired().map { ($0.name, $0.record) })
      let changed = records.filter { $0.value.isNews(after: former[$0.key]) }
      let pruned = prunes ? former.keys.filter { wanted[$0] == nil }.sorted() : []
      let moment = now()
      let changes: [GovernanceChange] =
        changed.sorted { $0.key < $1.key }.map { .setDesired($0.value, of: $0.key, at: moment) }
        + pruned.map { .setDesired(nil, of: $0, at: moment) }
      guard !changes.isEmpty else { return (former, pruned) }
      let size = changes.reduce(0) { $0 + $1.json.canonicalBytes.count + 1 }
      guard size <= Self.appliedSizeLimit else {
        throw Problem(
          .tooLarge, "deployments.too-large",
          "expected changes of at most \(Self.appliedSizeLimit) bytes in the ledger, found \(size)",
          hint: "write several files, and apply them one after another without --prune")
      }
      try await recorder.note(
        .apply, of: "deployments",
        details: ["file": .string(Digest(of: file).description), "despiteMarks": .bool(isDespiteMarks)],
        changes: changes.map { .governance($0) })
      return (former.merging(changed) { $1 }, pruned)
    }
    reconciling.look(at: nil)
    return AppliedDeployments(deployments: try await statuses(of: wanted, as: records), pruned: pruned)
  }

  /// What would change, asked by whoever may see it.
  private func difference(
    _ wanted: [ModelName: DesiredDeployment], _ prunes: Bool, _ isDespiteMarks: Bool, by actor: Actor
  ) async throws(Problem) -> AppliedDeployments {
    for name in wanted.keys.sorted() {
      try await require(.view, on: .model(name), of: actor, asking: "view on model '\(name)'")
    }
    var pruned: [ModelName] = []
    for (name, _) in prunes ? try await registry.desired() : [] where wanted[name] == nil {
      if try await rules.allow(.view, on: .model(name), actor) { pruned.append(name) }
    }
    let records = try await records(wanted, isDespiteMarks, by: actor)
    return AppliedDeployments(deployments: try await statuses(of: wanted, as: records), pruned: pruned)
  }

  private func requireRights(
    to wanted: [ModelName: DesiredDeployment], _ prunes: Bool, of actor: Actor
  ) async throws(Problem) {
    var names = wanted.keys.sorted()
    if prunes { names += try await registry.desired().map(\.name).filter { wanted[$0] == nil } }
    for name in names {
      try await require(.deploy, on: .model(name), of: actor, asking: "deploy on model '\(name)'")
      for alias in wanted[name]?.aliases.keys.sorted() ?? [] {
        try await require(
          .moveAlias, on: .alias(alias, of: name), of: actor, asking: "move-alias on '\(name)@\(alias)'")
      }
      if let owner = wanted[name]?.facts.owner { try await requireKnown(owner) }
    }
  }

  private func records(
    _ wanted: [ModelName: DesiredDeployment], _ isDespiteMarks: Bool, by actor: Actor
  ) async throws(Problem) -> [ModelName: DesiredRecord] {
    let (state, moment) = (try await rules.current(), now())
    var records: [ModelName: DesiredRecord] = [:]
    for (name, desired) in wanted {
      records[name] = DesiredRecord(
        desired, by: actor.principal, roles: state.roles(of: actor, on: .model(name), at: moment), at: moment,
        excused: isDespiteMarks ? try await marks(of: name) : [:])
    }
    return records
  }

  /// When the marks were made that a model's newest versions have.
  private func marks(of name: ModelName) async throws(Problem) -> [VersionNumber: Timestamp] {
    var marks: [VersionMark] = []
    for record in try await registry.governance(.mark, startingWith: "\(name)@") {
      marks.append(try VersionMark(json: record.value))
    }
    let newest = marks.sorted { $0.version.version > $1.version.version }.prefix(DesiredRecord.excusedLimit)
    return Dictionary(newest.map { ($0.version.version, $0.at) }) { first, _ in first }
  }

  private func statuses(
    of wanted: [ModelName: DesiredDeployment], as records: [ModelName: DesiredRecord]
  ) async throws(Problem) -> [DeploymentStatus] {
    var statuses: [DeploymentStatus] = []
    for name in wanted.keys.sorted() {
      guard let record = records[name] else { continue }
      let present = try await registry.present(name)
      statuses.append(
        DeploymentStatus(
          name: name, record: record, condition: DeploymentCondition(record.next(from: present)),
          differences: record.differences(from: present)))
    }
    return statuses
  }

  /// Has versions share a deployment's callers by shares that stay; nil has the live one answer all of them.
  ///
  /// Throws what `ShareTraffic` throws, `access.denied`, and `deployments.named` where deployments were applied that say who
  /// answers.
  public func share(
    _ name: ModelName, by shares: StandingShares?, as actor: Actor
  ) async throws(Problem) -> StandingShares? {
    let roles = try await rules.current().roles(of: actor, on: .model(name), at: now())
    let asker = RoleHolder(actor.principal, in: roles)
    return try await perform(by: actor, .deploy, on: .model(name)) {
      [shareTraffic, registry] recorder async throws(Problem) in
      if let named = try await registry.desired(of: name)?.desired.answeringWords {
        throw Problem(
          .conflict, "deployments.named",
          "expected a deployment of which nobody has applied who answers, found '\(name)', of which that is \(named)",
          subject: name.description,
          hint: "change the file, and apply that with 'gatehouse apply -f FILE'")
      }
      try await shareTraffic(name, shares, for: asker, recorder: recorder)
      return try await registry.present(name).shares
    }
  }
}

extension DesiredRecord {
  /// Whether it says something else than the one before, or somebody else says it, or one of both says it in spite of marks.
  fileprivate func isNews(after former: DesiredRecord?) -> Bool {
    guard let former else { return true }
    return desired != former.desired || by != former.by || roles != former.roles || excused != former.excused
  }
}
