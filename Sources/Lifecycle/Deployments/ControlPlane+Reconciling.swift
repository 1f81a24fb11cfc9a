import Access
public import Domain
import Encoding
import Gates
import Rollouts

// How deployments come to what they are to be: looked at again and again, one act at a time, each in its turn. Nothing is kept of
// the way but what the acts keep, so whoever starts anew goes on from what there is.

extension ControlPlane {
  /// How many acts one look takes a deployment on by at most; there are fewer differences.
  private static let stepLimit = 64

  /// Looks at every deployment of which somebody has said what it is to be, and takes each as far as it goes now.
  ///
  /// To be called each second, never twice at a time: it looks that often while anything is not in place, else every ten seconds,
  /// and at once after something was applied. Answers with what could not be looked at.
  public func reconcileDeployments() async -> [Problem] {
    guard reconciling.isDue(at: now()) else { return [] }
    var problems: [Problem] = []
    var isSettled = true
    do throws(Problem) {
      // Set before, so that what is applied meanwhile is looked at after this.
      reconciling.look(at: Timestamp(milliseconds: now().milliseconds + 10_000))
      for (name, _) in try await registry.desired() {
        do throws(Problem) {
          if try await !reconcile(name) { isSettled = false }
        } catch {
          isSettled = false
          problems.append(error)
        }
      }
    } catch {
      isSettled = false
      problems.append(error)
    }
    if !isSettled { reconciling.look(at: nil) }
    return problems
  }

  /// Takes a deployment as far as it goes now; whether it is in place then.
  private func reconcile(_ name: ModelName) async throws(Problem) -> Bool {
    var last: (step: DeploymentStep, grounds: Reconciling.Grounds)?
    for _ in 0..<Self.stepLimit {
      guard let grounds = try await grounds(of: name) else { return true }
      guard case .take(let step) = grounds.record.next(from: grounds.present) else {
        reconciling[name] = nil
        return grounds.record.next(from: grounds.present) == .inPlace
      }
      if let attempt = reconciling[name], attempt.stands(against: step, grounds, at: now()) { return false }
      if let last, last.step == step, last.grounds == grounds {
        // It was done, and nothing came of it: to do it once more would go on for ever.
        reconciling.note(.withoutEffect(step, on: name), of: step, grounds, at: now())
        return false
      }
      if let problem = try await standing(against: step, grounds) {
        reconciling.note(problem, of: step, grounds, at: now())
        return false
      }
      do throws(Problem) {
        try await take(step, grounds)
        last = (step, grounds)
      } catch {
        // What failed may have happened all the same: then the next look finds other grounds.
        reconciling.note(error, of: step, grounds, at: now())
        return false
      }
    }
    return false
  }

  /// All that the next step of a deployment goes by; nil where nobody says what it is to be.
  private func grounds(of name: ModelName) async throws(Problem) -> Reconciling.Grounds? {
    guard let record = try await registry.desired(of: name) else { return nil }
    var approvals: [ApprovalRecord] = []
    for version in record.desired.versions {
      approvals += try await registry.approvals(of: VersionReference(name: name, version: version))
    }
    return Reconciling.Grounds(
      record: record, present: try await registry.present(name), policy: try await policies.active().digest,
      approvals: approvals, roles: try await rolesLeft(record, on: name))
  }

  /// The roles that somebody may still have of those with which they applied it.
  private func rolesLeft(_ record: DesiredRecord, on name: ModelName) async throws(Problem) -> Set<Role> {
    try await rules.current().rolesLeft(record.roles, of: record.by, on: .model(name), at: now())
  }

  /// Throws `access.denied` where whoever applied it may not do a step any more.
  private func requireStanding(
    _ record: DesiredRecord, _ right: Right, on object: AccessObject, _ roles: Set<Role>
  ) async throws(Problem) {
    guard record.by != Actor.administrator.principal else { return }
    // Of the object itself: a grant may be for the model and leave one alias out.
    let left = try await rules.current().rolesLeft(roles, of: record.by, on: object, at: now())
    guard !left.contains(where: { $0.rights.contains(right) }) else { return }
    // Nobody is here to show a key or a token: what was granted to them themselves is what they have beside roles.
    let asker = Actor(principal: record.by, credential: .token(provider: "", words: []))
    let state = try await rules.current()
    guard state.principals[record.by] != nil else {
      throw Problem(
        .forbidden, "access.denied", "expected somebody known behind what was applied, found \(record.by)",
        hint: "have somebody apply it anew who may 'deploy'")
    }
    if let refusal = state.refusal(asker, right, on: object, at: now()) { throw refusal }
  }

  /// What gates have against versions that waited for them when it was tried last; nil where they let them pass by now.
  ///
  /// Nothing is written down, so that it can be asked as often as there is time.
  private func standing(
    against step: DeploymentStep, _ grounds: Reconciling.Grounds
  ) async throws(Problem) -> Problem? {
    guard let attempt = reconciling[grounds.present.name], attempt.step == step,
      attempt.problem.category == .waiting
    else { return nil }
    let asked: [VersionNumber] =
      switch step {
      case .bring(let version), .setAlias(_, let version): [version]
      case .share(let shares?): shares.versions.filter { $0 != grounds.present.live }
      default: []
      }
    for version in asked {
      let reference = VersionReference(name: grounds.present.name, version: version)
      let report = try await release.report(
        on: try await registry.version(reference), try await registry.image(of: reference)?.manifest,
        for: RoleHolder(grounds.record.by, in: grounds.roles))
      if report.verdict == .waiting { return report.problem }
    }
    return nil
  }

  /// Does a step in its turn, on behalf of who applied it; nothing where something has changed by then.
  private func take(_ step: DeploymentStep, _ grounds: Reconciling.Grounds) async throws(Problem) {
    let name = grounds.present.name
    var recorder = recorder(for: .platform)
    recorder = Recorder(
      registry: parts.registry, time: parts.time, principal: grounds.record.by, trace: recorder.trace)
    let (acting, object) = (recorder, AccessObject.model(name))
    try await perform(recordedUnder: acting.trace) { [self] () async throws(Problem) in
      guard try await self.grounds(of: name) == grounds else { return }
      if case .setAlias(let alias, _) = step {
        try await requireStanding(grounds.record, .moveAlias, on: .alias(alias, of: name), grounds.roles)
      } else {
        try await requireStanding(grounds.record, .deploy, on: object, grounds.roles)
      }
      try await take(step, grounds, acting)
    }
  }

  private func take(
    _ step: DeploymentStep, _ grounds: Reconciling.Grounds, _ recorder: Recorder
  ) async throws(Problem) {
    let (name, record) = (grounds.present.name, grounds.record)
    let asker = RoleHolder(record.by, in: grounds.roles)
    switch step {
    case .setFacts: try await setFacts(record.desired.facts, of: name, recorder)
    case .setLimits(let limits): try await deploymentPolicies.limit(name, to: limits, recorder: recorder)
    case .setRecords(let records): try await deploymentPolicies.record(name, by: records, recorder: recorder)
    case .setWatched(let isWatched):
      try await deploymentPolicies.watch(name, isWatched, recorder: recorder)
    case .awaitLabels(let millionths):
      try await deploymentPolicies.awaitLabels(name, millionths, recorder: recorder)
    case .planRollOuts(let terms):
      try await recorder.note(
        .planRollOuts, of: name.description, details: ["terms": terms?.json ?? .null],
        changes: [.governance(.setRolloutTerms(terms, of: name, at: now()))])
    case .setAlias(let alias, let version):
      _ = try await aliases.set(alias, of: name, to: version, for: asker, recorder: recorder)
    case .bring(let version):
      let outcome = try await road.bring(
        VersionReference(name: name, version: version), for: asker,
        despiteMark: grounds.present.versions[version]?.mark.map { !record.heeds($0) } ?? false,
        in: .asPlanned, withKey: false, recorder: recorder)
      switch outcome.status {
      case .live: return
      case .waiting: throw Problem(.waiting, "deployments.waiting", outcome.message)
      case .refused: throw outcome.problem ?? Problem(.refused, "deployments.refused", outcome.message)
      }
    case .endRollOut(let version):
      guard let running = try await registry.rollout(of: name), running.isUnderWay,
        running.state.version == version, let live = grounds.present.live
      else { return }
      _ = try await bySteps.turn(running, .superseded(by: live, at: now()), recorder: recorder)
    case .share(let shares):
      try await shareTraffic(
        name, shares, for: asker, isExcused: { !record.heeds($0) }, recorder: recorder)
    }
  }

  /// Says of a model what is desired, over what is said of it when that is committed: somebody may be saying something else.
  private func setFacts(
    _ wanted: ModelFacts, of name: ModelName, _ recorder: Recorder
  ) async throws(Problem) {
    let moment = now()
    try await together.record(.setFacts, of: name.description, by: recorder) {
      view throws(Problem) -> ActOutcome<Void> in
      let present = try ModelFacts(
        of: name, in: try view.governance(.facts, startingWith: name.description))
      let next = wanted.over(present)
      return .done(
        (), details: ["facts": next.json], changes: [.governance(.setFacts(next, of: name, at: moment))])
    }
  }

  // MARK: For people

  /// How far a deployment has come on its way to what it is to be; nil where nobody says what that is.
  public func desiredStatus(of name: ModelName) async throws(Problem) -> DeploymentStatus? {
    guard let grounds = try await grounds(of: name) else { return nil }
    return DeploymentStatus(
      name: name, record: grounds.record, condition: condition(grounds),
      differences: grounds.record.differences(from: grounds.present))
  }

  private func condition(_ grounds: Reconciling.Grounds) -> DeploymentCondition {
    let next = grounds.record.next(from: grounds.present)
    if case .take(let step) = next, let attempt = reconciling[grounds.present.name], attempt.step == step,
      attempt.grounds == grounds
    {
      return DeploymentCondition(attempt.problem)
    }
    return DeploymentCondition(next)
  }
}

extension Problem {
  /// Why a step is not done again that was done and after which everything was as before.
  fileprivate static func withoutEffect(_ step: DeploymentStep, on name: ModelName) -> Problem {
    Problem(
      .internal, "deployments.without-effect",
      "expected a change of '\(name)' after a step, found it as before: \(step.words)",
      subject: name.description, hint: "look at its entries with 'gatehouse audit log --model \(name)'")
  }
}
