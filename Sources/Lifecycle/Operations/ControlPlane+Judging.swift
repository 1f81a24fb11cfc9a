public import Access
public import Domain
import Encoding
public import Gates
public import Rollouts

// How roll-outs by steps go on by themselves: what is seen is judged every second, and a turn is an act like any other.

extension ControlPlane {
  /// Looks once at every roll-out that is under way, and takes those on or back that are to be.
  ///
  /// To be called each second, never twice at a time. Answers with what went wrong; what could not be done now is judged anew the
  /// next time, and less and less often as long as that fails.
  public func judgeRollOuts() async -> [Problem] {
    var problems: [Problem] = []
    do throws(Problem) {
      let records = try await registry.rollouts()
      for name in rolloutWatches.names where !records.contains(where: { $0.state.deployment == name }) {
        rolloutWatches[name] = nil
        try await parts.rolloutEvidence.remove(name)
      }
      rolloutWatches.keepPauses(of: Set(records.map(\.state.deployment)))
      guard !records.isEmpty, let counts = try await parts.plane.observe() else { return [] }
      for record in records {
        let name = record.state.deployment
        if let problem = rolloutWatches.pausing(name, at: now()) {
          problems.append(problem)
          continue
        }
        do throws(Problem) {
          try await judge(record, counts)
          rolloutWatches.note(nil, of: name, at: now())
        } catch {
          problems.append(error)
          rolloutWatches.note(error, of: name, at: now())
        }
      }
    } catch {
      problems.append(error)
    }
    return problems
  }

  private func judge(_ record: RolloutRecord, _ counts: PlaneCounts) async throws(Problem) {
    let name = record.state.deployment
    var watch = try await watch(record) ?? RolloutWatch(record, counts)
    watch.take(counts, of: record, alarms: try await alarms(of: record))
    let judgement = watch.judge(record.state, at: now())
    // What cannot be saved now was seen all the same.
    rolloutWatches[name] = watch
    // Before the turn: whoever comes after a crash judges by the same.
    let moment = now()
    if judgement.decision != .wait || watch.isDue(at: moment) {
      try await parts.rolloutEvidence.save(watch.document, of: name)
      watch.noteSaved(at: moment)
      rolloutWatches[name] = watch
    }
    if let bundle = record.bundles[record.state.version],
      let revoked = try await seals.revocations().problem(of: bundle)
    {
      return try await turn(record, .undo(by: .platform, reason: revoked.message, at: now()))
    }
    switch judgement.decision {
    case .wait: return
    case .holdForPerson where record.state.phase == .held: return
    case .goOn, .undo, .holdForPerson: try await turn(record, .judged(judgement, at: now()))
    }
  }

  /// More than all aspects of all columns of both versions of a wide model.
  private static let judgedAlerts = 16_384

  /// What watching has found of the versions since the roll-out began, and holds still.
  private func alarms(of record: RolloutRecord) async throws(Problem) -> RolloutWatch.Alarms {
    var alarms = RolloutWatch.Alarms()
    for alert in try await parts.monitor.standing(of: record.state.deployment, count: Self.judgedAlerts) {
      // Figures alone: what a roll-out was held or taken back for is in the ledger, which nothing can be erased from.
      guard let change = alert.change, alert.at >= record.state.began,
        let alarm = try? DriftAlarm(
          column: alert.column.excerpt(40), statistic: change.distance, words: alert.figures.excerpt(400))
      else { continue }
      if alert.version == record.version {
        alarms.canary.append(alarm)
      } else if record.state.before.contains(where: { $0.version == alert.version.version }) {
        alarms.champion.append(alarm)
      }
    }
    return alarms
  }

  /// What the gates of the roll-out have against a further step; nil where they hold.
  private func objection(to record: RolloutRecord) async throws(Problem) -> String? {
    let version = try await registry.version(record.version)
    let asker = RoleHolder(record.asker, in: record.roles)
    let report = try await release.report(
      on: version, try await registry.image(of: record.version)?.manifest, for: asker)
    guard report.verdict != .admitted, !report.results.isEmpty else { return nil }
    return report.results.filter { !$0.isPassed }.map(\.reason).joined(separator: "; ")
  }

  /// What was seen of a roll-out by now; nil where nothing was.
  private func watch(_ record: RolloutRecord) async throws(Problem) -> RolloutWatch? {
    let name = record.state.deployment
    if let watch = rolloutWatches[name], watch.isOf(record) { return watch }
    guard let bytes = try await parts.rolloutEvidence.load(name) else { return nil }
    // What does not read is as what was lost: the step is judged from here on.
    return (try? RolloutWatch(parsing: bytes, of: record)) ?? nil
  }

  /// Takes the roll-out that was judged where an event leads, in the turn of that; nothing where it is over by then, at another
  /// step, or another one in its place.
  ///
  /// Where the event leads further, the gates are asked in that turn, and what stands against it holds it.
  private func turn(_ judged: RolloutRecord, _ event: RolloutEvent) async throws(Problem) {
    let name = judged.state.deployment
    do throws(Problem) {
      _ = try await perform(for: .platform) { [self] recorder async throws(Problem) in
        guard let record = try await registry.rollout(of: name) else { throw Problem.noRollout(name) }
        try MeantRollout(judged).require(record)
        var event = event
        if event.leadsOn, let reason = try await objection(to: record) {
          event = .held(because: reason, at: now())
        }
        return try await bySteps.turn(record, event, recorder: recorder)
      }
    } catch  where ["rollout.none", "rollout.over", "rollout.stale", "rollout.held"].contains(error.code) {
      // Somebody was faster.
    }
  }

  // MARK: For people

  /// Where the roll-out of a deployment is, and what is judged of it now; throws `rollout.none` where there was none.
  public func rollOutStatus(of name: ModelName) async throws(Problem) -> (
    record: RolloutRecord, judgement: Judgement?, seen: Span?
  ) {
    guard let record = try await registry.rollout(of: name) else { throw Problem.noRollout(name) }
    guard record.isUnderWay, let watch = rolloutWatches[name], watch.isOf(record) else {
      return (record, nil, nil)
    }
    return (record, watch.judgement, watch.evidence.seen)
  }

  /// Says yes to what the step of a roll-out is held for: it goes on when this returns.
  ///
  /// Throws `rollout.none`, `rollout.stale`, `rollout.not-held`, `rollout.gates` where a gate stands against it still, and
  /// `access.denied` also to who may only say yes to what others do, and asked for the roll-out or pushed its version.
  public func approveRollOut(
    of name: ModelName, meaning meant: MeantRollout = MeantRollout(), by actor: Actor
  ) async throws(Problem) -> RolloutRecord {
    try await turn(name, meant, .approve, by: actor) { record, moment in
      .approved(step: record.state.step, by: actor.principal, at: moment)
    }
  }

  /// Undoes a roll-out that is under way: what there was before answers everybody when this returns.
  ///
  /// Throws `rollout.none`, `rollout.stale` and `rollout.over`.
  public func undoRollOut(
    of name: ModelName, meaning meant: MeantRollout = MeantRollout(), because reason: RevocationReason,
    by actor: Actor
  ) async throws(Problem) -> RolloutRecord {
    try await turn(name, meant, .deploy, by: actor) { _, moment in
      .undo(by: actor.principal, reason: reason.description, at: moment)
    }
  }

  /// Ends a roll-out whose version answers everybody already, without waiting for more.
  ///
  /// Throws `rollout.none`, `rollout.stale`, `rollout.steps-left`, and `rollout.gates` where a gate stands against it.
  public func finishRollOut(
    of name: ModelName, meaning meant: MeantRollout = MeantRollout(), by actor: Actor
  ) async throws(Problem) -> RolloutRecord {
    try await turn(name, meant, .deploy, by: actor) { _, moment in
      .finish(by: actor.principal, at: moment)
    }
  }

  /// Takes the roll-out that somebody means where an event leads; everything is asked in the turn of that.
  private func turn(
    _ name: ModelName, _ meant: MeantRollout, _ right: Right, by actor: Actor,
    _ event: @escaping @Sendable (RolloutRecord, Timestamp) -> RolloutEvent
  ) async throws(Problem) -> RolloutRecord {
    try await perform(by: actor, right, on: .model(name)) { [self] recorder async throws(Problem) in
      guard let record = try await registry.rollout(of: name) else { throw Problem.noRollout(name) }
      try meant.require(record)
      let next = event(record, now())
      if case .approved = next {
        // A second pair of eyes is neither of those that asked for it.
        let pushedBy = try await registry.version(record.version).pushedBy
        for author in Set([record.asker, pushedBy]) {
          try await require(
            right, on: .model(name), madeBy: author, of: actor,
            asking: "\(right.rawValue) of the roll-out of '\(record.version)'")
        }
      }
      // What cannot happen to it at all is told first.
      _ = try RolloutState.after(next, record.state)
      if next.leadsOn, let reason = try await objection(to: record) {
        throw Problem(
          .refused, "rollout.gates",
          "expected gates that hold for a further step of '\(record.version)', found: \(reason)",
          subject: record.version.description,
          hint: "see what they ask for with 'gatehouse show \(record.version)'")
      }
      return try await bySteps.turn(record, next, recorder: recorder)
    }
  }

  /// Says by which steps versions of a deployment come into service from now on; nil for at once.
  ///
  /// The same again changes nothing. Throws `deployment.unknown`.
  public func planRollOuts(
    of name: ModelName, by terms: RolloutTerms?, as actor: Actor
  ) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [registry, parts] recorder async throws(Problem) in
      guard try await registry.deployments().contains(where: { $0.name == name }) else {
        throw Problem.unknownDeployment(name)
      }
      guard try await registry.rolloutTerms(of: name) != terms else { return }
      try await recorder.note(
        .planRollOuts, of: name.description, details: ["terms": terms?.json ?? .null],
        changes: [.governance(.setRolloutTerms(terms, of: name, at: parts.time.now()))])
    }
  }
}

extension RolloutEvent {
  /// Whether a version comes further by this: the gates of the roll-out have to hold for it.
  fileprivate var leadsOn: Bool {
    switch self {
    case .judged(let judgement, _): judgement.decision == .goOn
    case .approved, .finish: true
    case .begin, .held, .undo, .superseded: false
    }
  }
}

extension Problem {
  /// Why nothing can be done to a roll-out that is none.
  static func noRollout(_ name: ModelName) -> Problem {
    Problem(
      .notFound, "rollout.none", "expected a roll-out by steps of '\(name)', found that there was none",
      subject: name.description,
      hint: "begin one with 'gatehouse roll-out \(name)@VERSION --steps 1%,10%,50%,100%'")
  }
}
