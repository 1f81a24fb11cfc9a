import Access
public import Domain
import Encoding
public import Gates
import Rollouts

/// Moves a name to a version step by step, and back.
///
/// Each turn is one act: the data plane first, then the registry. A crash between the two leaves the data plane ahead; the next
/// start applies what the registry says, and from that state the roll-out goes on.
struct RollOutBySteps: Sendable {
  let registry: any RegistryReader
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane
  let entropy: any Entropy
  let time: any TimeSource

  /// Begins a roll-out; one that is under way to another version is undone for it, in the same act: there is no moment at
  /// which neither is there.
  ///
  /// The name has to be served already. When this returns, the version has the first step's share of the callers, or is asked in
  /// the shadow.
  func begin(
    _ released: ReleasedImage, by terms: RolloutTerms, for asker: RoleHolder, recorder: Recorder
  ) async throws(Problem) -> RolloutRecord {
    let version = released.packed.signed.version
    let name = version.reference.name
    try await seals.requireServable(version)
    let deployments = try await registry.deployments()
    guard let present = deployments.first(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let moment = time.now()
    let running = try await registry.rollout(of: name)
    let superseded: RolloutRecord?
    if let running, running.isUnderWay {
      superseded = try running.at(
        try RolloutState.after(.superseded(by: version.reference.version, at: moment), running.state))
    } else {
      superseded = nil
    }
    let order = try RolloutOrder(
      deployment: name, before: [TrafficSplit.Arm(version: present.version, share: .whole)],
      version: version.reference.version, plan: terms.plan)
    let record = try RolloutRecord(
      try RolloutState.after(.begin(order, at: moment), nil),
      bundles: [present.version: present.bundle, version.reference.version: version.bundle],
      salt: TrafficSplit.Salt(entropy.bytes(16)), affinity: terms.affinity, asker: asker.principal,
      roles: Set(asker.roles.compactMap(Role.init(rawValue:))))
    let isMarked = try await registry.mark(of: version.reference) != nil
    return try await recorder.record(.beginRollOut, of: version.reference.description) {
      () async throws(Problem) in
      try await plane.apply(
        served.with(rollouts: [name: record], marks: isMarked ? [version.reference: false] : [:]))
      var details = Self.details(of: record.state)
      details["policy"] = .string(released.report.policy.description)
      if let superseded { details["superseded"] = .string(superseded.version.description) }
      return .done(
        record, details: details,
        changes: (superseded.map { [.governance(.setRollout($0, at: moment))] } ?? [])
          + [.governance(.setRollout(record, at: moment))]
          + (isMarked ? [.governance(.unmark(version.reference, at: moment))] : [])
          + (released.hasWaited ? [.governance(.endWait(version.reference, at: moment))] : []))
    }
  }

  /// Takes a roll-out where an event leads; the record as it is then, which is the same where that is nowhere.
  ///
  /// Throws `rollout.over`, `rollout.stale` and the other conflicts that a state has with events.
  func turn(
    _ record: RolloutRecord, _ event: RolloutEvent, recorder: Recorder
  ) async throws(Problem) -> RolloutRecord {
    let state = try RolloutState.after(event, record.state)
    guard state != record.state else { return record }
    let next = try record.at(state)
    switch state.phase {
    case .finished: return try await finish(next, recorder)
    case .undone: return try await undo(next, marks: event.marks, recorder)
    case .held:
      try await recorder.note(
        .holdRollOut, of: record.version.description, details: Self.details(of: state),
        changes: [.governance(.setRollout(next, at: state.since))])
      return next
    case .shadowing, .stepping:
      return try await recorder.record(.stepRollOut, of: record.version.description) {
        () async throws(Problem) in
        try await plane.apply(served.with(rollouts: [state.deployment: next]))
        return .done(
          next, details: Self.details(of: state),
          changes: [.governance(.setRollout(next, at: state.since))])
      }
    }
  }

  /// The version has come to answer everybody: it is what the name stands for from now on.
  private func finish(_ record: RolloutRecord, _ recorder: Recorder) async throws(Problem) -> RolloutRecord {
    let name = record.state.deployment
    let present = try await registry.deployments()
    guard let replaced = present.first(where: { $0.name == name }),
      let bundle = record.bundles[record.state.version]
    else { throw Problem.unknownDeployment(name) }
    let deployment = Deployment(
      name: name, version: record.state.version, bundle: bundle, since: record.state.since)
    let formers = try await registry.formers(of: name).following(
      FormerVersions.Former(version: replaced.version, bundle: replaced.bundle), by: deployment.version)
    return try await recorder.record(
      .rollOut, of: record.version.description, details: ["from": .string(replaced.version.description)]
    ) { () async throws(Problem) in
      try await plane.apply(
        served.with(
          deployments: present.filter { $0.name != name } + [deployment], formers: [name: formers],
          rollouts: [name: record]))
      var details = Self.details(of: record.state)
      details["bundle"] = .string(bundle.description)
      details["from"] = .string(replaced.version.description)
      return .done(
        record, details: details,
        changes: [
          .setDeployment(deployment),
          .governance(.keepFormers(formers, of: name, at: deployment.since)),
          .governance(.setRollout(record, at: deployment.since)),
        ])
    }
  }

  private func undo(
    _ record: RolloutRecord, marks: Bool, _ recorder: Recorder
  ) async throws(Problem) -> RolloutRecord {
    let state = record.state
    return try await recorder.record(.undoRollOut, of: record.version.description) {
      () async throws(Problem) in
      try await plane.apply(
        served.with(
          rollouts: [state.deployment: record], marks: marks ? [record.version: true] : [:]))
      var changes: [RegistryChange] = [.governance(.setRollout(record, at: state.since))]
      if marks {
        let reason = try RevocationReason(cutting: state.reason)
        changes.append(
          .governance(
            .mark(
              VersionMark(
                version: record.version, by: recorder.principal, reason: reason, at: state.since))))
      }
      return .done(record, details: Self.details(of: state), changes: changes)
    }
  }

  /// What the ledger is to know of a state: who answers what share of callers from here on, and why.
  static func details(of state: RolloutState) -> [String: JSON] {
    var shares: [String: JSON] = [:]
    for arm in state.arms { shares[arm.version.description] = JSON(arm.share.value) }
    return [
      "shares": .object(shares), "step": JSON(state.step), "steps": JSON(state.plan.steps.count),
      "phase": .string(state.phase.rawValue), "reason": .string(state.reason),
    ]
  }
}

extension RevocationReason {
  /// The line as far as there is room; the whole of it is in the ledger's entry.
  fileprivate init(cutting line: String) throws(Problem) {
    var text = ""
    for character in line {
      guard text.utf8.count + character.utf8.count <= Self.longest - 3 else {
        text += "…"
        break
      }
      text.append(character)
    }
    try self.init(parsing: text)
  }
}

extension RolloutEvent {
  /// Whether a version that this sends back is not to come back by itself.
  fileprivate var marks: Bool {
    if case .superseded = self { false } else { true }
  }
}

extension RegistryReader {
  /// The roll-out by steps of a deployment that is under way, or was the last; nil where there was none.
  public func rollout(of name: ModelName) async throws(Problem) -> RolloutRecord? {
    let underWay = try await record(.rollout, name.description)
    let ended = underWay == nil ? try await record(.endedRollout, name.description) : nil
    guard let record = underWay ?? ended else { return nil }
    return try RolloutRecord(json: record.value)
  }

  /// The roll-outs by steps that are under way, by name of their deployments.
  public func rollouts() async throws(Problem) -> [RolloutRecord] {
    var all: [RolloutRecord] = []
    for record in try await governance(.rollout, startingWith: "") {
      all.append(try RolloutRecord(json: record.value))
    }
    return all
  }

  /// By which steps versions of a deployment come into service; nil for at once.
  public func rolloutTerms(of name: ModelName) async throws(Problem) -> RolloutTerms? {
    guard let record = try await record(.rolloutTerms, name.description) else { return nil }
    return try RolloutTerms(json: record.value)
  }
}
