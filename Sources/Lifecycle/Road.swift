import Access
import Artifacts
import Domain
import Encoding
import Gates
import Inspection
import Lifting
import ModelGraph
import Provenance
import Rollouts

/// The way of a model from its bytes to an answering endpoint, each step only after the one before.
struct Road: Sendable {
  let registry: any RegistryWriter & RegistryReader & LedgerReader
  let push: Push
  let inspect: Inspect
  let lift: Lift
  let training: TrainingReferences
  let test: Test
  let gate: Gate
  let sign: Sign
  let seals: Seals
  let pack: Pack
  let release: Release
  let rollOut: RollOut
  let bySteps: RollOutBySteps
  let rules: AccessRules
  let keys: PredictionKeys
  let bundles: any BundleStore
  let plane: any DataPlane
  let time: any TimeSource

  /// Reads, inspects, lifts and tests a model, which changes nothing that is served and needs no turn among the acts.
  ///
  /// Tells `follow` each step as it happens. A refusal is an outcome; what is thrown is a fault of the request or of the
  /// platform.
  func prepare(
    _ request: PushRequest, recorder: Recorder, follow: @escaping @Sendable (RoadEvent) -> Void
  ) async throws(Problem) -> Preparation {
    var steps = Steps(time: time, follow: follow)
    do throws(Problem) {
      steps.begin(.push)
      let pushed = try await push(request, recorder: recorder)
      steps.end("\(pushed.digest.short), \(pushed.artifact.byteCount) bytes")
      var prepared = PreparedPush(request: request, pushed: pushed, candidate: nil, steps: steps)
      if try await earlierVersion(of: pushed) == nil {
        prepared.candidate = try await candidate(pushed, recorder, &steps)
        prepared.steps = steps
      }
      return .ready(prepared)
    } catch  where error.category == .refused {
      return .refused(steps.refused(request.name, error))
    }
  }

  /// Takes a model that was prepared as far as it may go, in its turn among the acts.
  func take(_ prepared: PreparedPush, recorder: Recorder) async throws(Problem) -> PushOutcome {
    var steps = prepared.steps
    do throws(Problem) {
      let outcome = try await take(prepared, recorder, &steps)
      return steps.ended(outcome)
    } catch  where error.category == .refused {
      return steps.refused(prepared.request.name, error)
    }
  }

  private func take(_ prepared: PreparedPush, _ recorder: Recorder, _ steps: inout Steps)
    async throws(Problem) -> PushOutcome
  {
    let (request, pushed) = (prepared.request, prepared.pushed)
    try await state(pushed.facts, of: pushed.name, recorder)
    if let earlier = try await earlierVersion(of: pushed) {
      if let promotion = pushed.promotion {
        let record = promotion.record(of: earlier.reference, at: time.now())
        // An older statement that is sent once more says nothing new.
        if try await registry.promotion(of: earlier.reference).map({ $0.promotedAt < record.promotedAt })
          ?? true
        {
          try await recorder.note(
            .takePromotion, of: earlier.reference.description, details: ["promotion": promotion.details],
            changes: [.governance(.promotion(.promote(record)))])
        }
      }
      return try await outcome(of: earlier, pushed, try await asker(of: request), recorder, &steps)
    }

    let candidate: TestedCandidate
    if let prepared = prepared.candidate {
      candidate = prepared
    } else {
      // The version that held the bytes when they came was revoked since.
      candidate = try await self.candidate(pushed, recorder, &steps)
    }
    steps.begin(.gate)
    let admitted = try await gate(candidate, recorder: recorder)
    steps.end("\(admitted.report.results.count) gates hold, policy \(admitted.policy.short)")
    steps.begin(.sign)
    let signed = try await sign(admitted, recorder: recorder)
    // A new model is of the project that its push names from here on.
    rules.change()
    steps.end("\(signed.version.reference), bundle \(signed.version.bundle.short)")

    var outcome = try await serve(signed, try await asker(of: request), recorder, &steps)
    outcome.featureCount = admitted.lifted.lifted.graph.graph.signature.featureCount
    return outcome
  }

  /// Inspects and lifts.
  private func lifted(
    _ pushed: PushedModel, _ recorder: Recorder, _ steps: inout Steps
  ) async throws(Problem) -> LiftedModel {
    steps.begin(.inspect)
    let inspected = try await inspect(pushed, recorder: recorder) { steps.report($0.findings) }
    steps.end("\(inspected.report.format), \(inspected.report.verdict.rawValue)")

    steps.begin(.lift)
    let lifted = try await lift(inspected, recorder: recorder)
    steps.end(
      "\(lifted.lifted.estimator) of \(lifted.lifted.framework) \(lifted.lifted.frameworkVersion), "
        + "\(lifted.modelBytes) bytes" + (lifted.lifted.runner.map { ", runs by \($0)" } ?? ""))
    return lifted
  }

  /// Inspects, lifts and tests.
  private func candidate(
    _ pushed: PushedModel, _ recorder: Recorder, _ steps: inout Steps
  ) async throws(Problem) -> TestedCandidate {
    let lifted = try await lifted(pushed, recorder, &steps)
    try await training.check(lifted)
    if pushed.tests != nil { steps.begin(.test) }
    let candidate = try await test(lifted, recorder: recorder)
    if let tests = candidate.tests { steps.end(tests.line) }
    return candidate
  }

  /// Takes up what a push says of a model that is there; of a new one its first version brings it along.
  private func state(_ facts: ModelFacts, of name: ModelName, _ recorder: Recorder) async throws(Problem) {
    let former = try await registry.facts(of: name)
    let next = facts.over(former)
    guard next != former, try await !registry.versions(of: name).isEmpty else { return }
    try await recorder.note(
      .setFacts, of: name.description, details: ["facts": next.json],
      changes: [.governance(.setFacts(next, of: name, at: time.now()))])
  }

  /// Who asks for a version to be served, with the roles that they have on its model now.
  private func asker(of request: PushRequest) async throws(Problem) -> RoleHolder {
    let roles = try await rules.current().roles(of: request.actor, on: .model(request.name), at: time.now())
    return RoleHolder(request.actor.principal, in: roles)
  }

  private func serve(
    _ signed: SignedModel, _ asker: RoleHolder, _ recorder: Recorder, _ steps: inout Steps,
    withKey: Bool = true, despiteMark: Bool = false, manner: RolloutManner = .asPlanned,
    heedsDesired: Bool = true
  ) async throws(Problem) -> PushOutcome {
    let reference = signed.version.reference
    let running = try await registry.rollout(of: reference.name)
    if let running, running.isUnderWay, running.version == reference, manner != .atOnce {
      return steppingOutcome(running, signed, steps)
    }
    let mark = try await registry.mark(of: reference)
    if !despiteMark, let mark { throw .marked(mark) }
    let packed = try await packed(signed, recorder, &steps)
    if heedsDesired, let desired = try await registry.desired(of: reference.name)?.desired,
      !desired.admits(reference.version), let named = desired.pinnedWords
    {
      // Asked for when nothing was named yet: when it is, its gates are asked for whoever named it.
      if try await registry.waiting(reference) != nil {
        try await recorder.note(
          .wait, phase: .failed, of: reference.description,
          details: ["message": .string("deployments name \(named)")],
          changes: [.governance(.endWait(reference, at: time.now()))])
      }
      return kept(signed, named, packed, steps)
    }
    steps.begin(.rollOut)
    let released: ReleasedImage
    switch try await release(packed, for: asker, in: manner, despite: mark, recorder: recorder) {
    case .released(let image): released = image
    case .waiting(let report):
      steps.end("waits: \(report.reasonsHeld)")
      return held(signed, .waiting, report, packed, steps)
    case .refused(let report):
      steps.end("refused: \(report.reasonsHeld)")
      var outcome = held(signed, .refused, report, packed, steps)
      outcome.problem = report.problem
      return outcome
    }
    if let terms = try await terms(manner, of: reference.name) {
      let record = try await bySteps.begin(released, by: terms, for: asker, recorder: recorder)
      steps.end("\(reference) begins: \(record.state.words)")
      return steppingOutcome(record, signed, steps)
    }
    let rollout = try await rollOut(released, recorder: recorder)
    steps.end(
      rollout.replaced.map { "\(reference) in place of version \($0)" } ?? "\(reference), the first")
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: .live,
      message: "\(reference) is live", url: url(of: reference.name), digest: signed.version.bundle,
      findings: steps.findings)
    outcome.image = packed.image?.manifest
    let hasKey = try await registry.keys().contains {
      $0.deployment == reference.name && $0.revokedAt == nil
    }
    if !hasKey, withKey { outcome.key = try await keys.create(for: reference.name, recorder: recorder) }
    return outcome
  }

  /// The steps by which a version comes into service; nil where it does at once, as the first of a name does.
  private func terms(_ manner: RolloutManner, of name: ModelName) async throws(Problem) -> RolloutTerms? {
    guard try await registry.deployments().contains(where: { $0.name == name }) else { return nil }
    switch manner {
    case .atOnce: return nil
    case .by(let terms): return terms
    case .asPlanned: return try await registry.rolloutTerms(of: name)
    }
  }

  /// A version that comes into service by steps: it answers, though not everybody.
  private func steppingOutcome(_ record: RolloutRecord, _ signed: SignedModel, _ steps: Steps) -> PushOutcome
  {
    let reference = record.version
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: .live,
      message: "\(reference) comes into service by steps: \(record.state.words)",
      url: url(of: reference.name),
      digest: signed.version.bundle, findings: steps.findings)
    outcome.share = record.state.share
    return outcome
  }

  /// A version that is there, while the deployments that were applied name another.
  private func kept(
    _ signed: SignedModel, _ named: String, _ packed: PackedImage, _ steps: Steps
  ) -> PushOutcome {
    let reference = signed.version.reference
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: .waiting,
      message: "\(reference) is packed and waits: deployments name \(named) of '\(reference.name)';"
        + " name this one in their file, and apply it with 'gatehouse apply'",
      digest: signed.version.bundle, findings: steps.findings)
    outcome.image = packed.image?.manifest
    return outcome
  }

  /// A version that is there and not served.
  private func held(
    _ signed: SignedModel, _ status: PushOutcome.Status, _ report: GateReport, _ packed: PackedImage,
    _ steps: Steps
  ) -> PushOutcome {
    let reference = signed.version.reference
    let hints = report.results.filter { !$0.isPassed }.compactMap(\.hint)
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: status,
      message: "\(reference) \(status == .waiting ? "waits" : "is not served"): \(report.reasonsHeld)"
        + (hints.isEmpty ? "" : "; \(hints.joined(separator: "; "))"),
      digest: signed.version.bundle, findings: steps.findings)
    outcome.image = packed.image?.manifest
    return outcome
  }

  /// Brings a version that is there into service, where the gates of the roll-out hold.
  ///
  /// A first version of a name comes with a key, if somebody is there to be shown it.
  func bring(
    _ reference: VersionReference, for asker: RoleHolder, despiteMark: Bool, in manner: RolloutManner,
    withKey: Bool = true, recorder: Recorder
  ) async throws(Problem) -> PushOutcome {
    let version = try await registry.version(reference)
    let served = try await registry.deployments().first { $0.name == reference.name }
    guard served?.version != reference.version else {
      return standing(reference, try await registry.deployments())
    }
    var steps = Steps(time: time, follow: { _ in })
    let signed = SignedModel.admittedEarlier(version, path: bundles.path(of: version.bundle))
    var outcome = try await serve(
      signed, asker, recorder, &steps, withKey: withKey, despiteMark: despiteMark, manner: manner,
      heedsDesired: false)
    outcome.isNew = false
    return outcome
  }

  /// Takes a version on that waits, where its gates hold by now; says where it stands.
  func goOn(with reference: VersionReference, recorder: Recorder) async throws(Problem) -> PushOutcome {
    guard let waiting = try await registry.waiting(reference),
      let version = try await registry.versions(of: reference.name).first(where: { $0.reference == reference }
      )
    else { return standing(reference, try await registry.deployments()) }
    let served = try await registry.deployments().first { $0.name == reference.name }
    let isRevoked = try await seals.revocations().problem(of: version.bundle) != nil
    if isRevoked { return try await stop(reference, because: "it was revoked", recorder: recorder) }
    let isNamed =
      try await registry.desired(of: reference.name)?.desired.traffic == .version(reference.version)
    // What a file names may be older than what it takes the place of.
    if let served, served.version > reference.version, !isNamed {
      return try await stop(reference, because: "version \(served.version) is in service", recorder: recorder)
    }
    if let running = try await registry.rollout(of: reference.name), running.isUnderWay,
      running.version.version > reference.version
    {
      let reason = "version \(running.version.version) is on its way"
      return try await stop(reference, because: reason, recorder: recorder)
    }
    // Whoever asked for it despite a mark has seen that one, and none that came later.
    if let mark = try await registry.mark(of: reference), mark.at != waiting.despiteMark {
      return try await stop(reference, because: "it was rolled back from", recorder: recorder)
    }
    guard try await gate.policies.active().digest == version.policy else {
      let reason = "another policy admitted it than the one in force; push it again to have it judged by that"
      return try await stop(reference, because: reason, recorder: recorder)
    }
    let state = try await rules.current()
    guard state.principals[waiting.asker] != nil || waiting.asker == Actor.administrator.principal else {
      return try await stop(
        reference, because: "whoever asked for it is not known any more", recorder: recorder)
    }
    var steps = Steps(time: time, follow: { _ in })
    let signed = SignedModel.admittedEarlier(version, path: bundles.path(of: version.bundle))
    let roles = state.rolesLeft(waiting.roles, of: waiting.asker, on: .model(reference.name), at: time.now())
    let asker = RoleHolder(waiting.asker, in: roles)
    // Nobody is there to whom a first key could be shown.
    return try await serve(
      signed, asker, recorder, &steps, withKey: false, despiteMark: waiting.despiteMark != nil,
      manner: waiting.manner)
  }

  /// Ends the wait of a version that somebody said no to.
  func stop(
    _ reference: VersionReference, after record: ApprovalRecord, recorder: Recorder
  ) async throws(Problem) -> PushOutcome {
    try await stop(reference, because: "\(record.by) said no", recorder: recorder)
  }

  private func stop(
    _ reference: VersionReference, because reason: String, recorder: Recorder
  ) async throws(Problem) -> PushOutcome {
    guard try await registry.waiting(reference) != nil else {
      return standing(reference, try await registry.deployments())
    }
    try await recorder.note(
      .wait, phase: .failed, of: reference.description, details: ["message": .string(reason)],
      changes: [.governance(.endWait(reference, at: time.now()))])
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: .refused,
      message: "\(reference) does not come into service: \(reason)")
    outcome.isNew = false
    return outcome
  }

  /// Where a version stands that waits for nothing.
  private func standing(_ reference: VersionReference, _ deployments: [Deployment]) -> PushOutcome {
    let isServed = deployments.contains { $0.name == reference.name && $0.version == reference.version }
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: isServed ? .live : .waiting,
      message: isServed
        ? "\(reference) is live"
        : "\(reference) waits for nothing; push it again to have it brought into service")
    outcome.url = isServed ? url(of: reference.name) : nil
    return outcome
  }

  private func packed(_ signed: SignedModel, _ recorder: Recorder, _ steps: inout Steps)
    async throws(Problem) -> PackedImage
  {
    steps.begin(.pack)
    let packed = try await pack(signed, recorder: recorder)
    steps.end(
      packed.image.map { "image \($0.manifest.short)" }
        ?? "no image: gatehouse-runtime is not a static program")
    return packed
  }

  /// The version that the same bytes under the same name and policy made before, trained with the same data and held
  /// against the same tests where the push says with what.
  private func earlierVersion(of pushed: PushedModel) async throws(Problem) -> ModelVersion? {
    // What was revoked is not taken up again: the same bytes make a new version, which was looked at anew.
    let revocations = try await seals.revocations()
    let policy = try await gate.policies.active().digest
    let earlier = try await registry.versions(of: pushed.name).filter {
      $0.artifact == pushed.digest && $0.policy == policy
        && [.unstated, $0.trainingData].contains(pushed.trainingData)
        && revocations.problem(of: $0.bundle) == nil
    }
    guard let stated = pushed.tests else { return earlier.last }
    for version in earlier.reversed() {
      if let tested = try await registry.tests(of: version.reference), stated.matches(tested) {
        return version
      }
    }
    return nil
  }

  /// The same bytes again make no second version.
  ///
  /// They are rolled out where nothing older than them, or nothing at all, is served: an earlier push that was
  /// cut off before its end is so brought to it. A bundle that no longer verifies is made again, byte for byte.
  private func outcome(
    of version: ModelVersion, _ pushed: PushedModel, _ asker: RoleHolder, _ recorder: Recorder,
    _ steps: inout Steps
  ) async throws(Problem) -> PushOutcome {
    let reference = version.reference
    let served = try await registry.deployments().first { $0.name == reference.name }
    var outcome = PushOutcome(
      name: reference.name, version: reference.version, status: .live,
      message: "\(reference) holds these bytes under this policy already; no new version was made",
      url: url(of: reference.name), digest: version.bundle)
    let isWhole = await sign.isWhole(version)
    if !isWhole {
      let lifted = try await lifted(pushed, recorder, &steps)
      steps.begin(.sign)
      try await sign.mend(version, from: lifted, recorder: recorder)
      steps.end("\(reference), bundle made again")
      outcome.message += "; its bundle was damaged and is made again"
    }
    let running = try await registry.rollout(of: reference.name)
    if let served, served.version > reference.version {
      outcome.status = .waiting
      outcome.message += "; version \(served.version) stays in service"
    } else if let running, running.isUnderWay, running.version.version > reference.version,
      served?.version != reference.version
    {
      outcome.status = .waiting
      outcome.message += "; version \(running.version.version) is on its way"
    } else if served?.version != reference.version || !isWhole {
      let signed = SignedModel.admittedEarlier(version, path: bundles.path(of: version.bundle))
      let message = outcome.message
      outcome = try await serve(signed, asker, recorder, &steps)
      if outcome.status == .live {
        outcome.message = served == nil ? "\(message); it was not in service and is now" : message
      }
    } else {
      // What it was packed from may be another by now: sealed anew, other keys, another program; or its blobs were lost.
      let signed = SignedModel.admittedEarlier(version, path: bundles.path(of: version.bundle))
      outcome.image = try await packed(signed, recorder, &steps).image?.manifest
    }
    outcome.isNew = false
    return outcome
  }

  private func url(of name: ModelName) -> String { "\(plane.baseURL)/models/\(name)/predict" }
}

extension GateReport {
  /// Why a candidate is held back, in one line.
  fileprivate var reasonsHeld: String {
    results.filter { !$0.isPassed }.map(\.reason).joined(separator: "; ")
  }
}

extension Problem {
  /// Why a version does not come into service by itself.
  static func marked(_ mark: VersionMark) -> Problem {
    Problem(
      .refused, "roll-out.marked",
      "expected a version that nobody rolled back from, found '\(mark.version)': \(mark.reason) (\(mark.by), \(mark.at))",
      subject: mark.version.description,
      hint: "push a mended model, or bring it back with 'gatehouse roll-out \(mark.version) --despite-mark'")
  }
}
