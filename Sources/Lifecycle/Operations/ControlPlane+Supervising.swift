import Access
public import Domain
import Encoding
import Gates
import Synchronization

extension ControlPlane {
  /// How often the process that serves is looked at.
  public static var supervisionInterval: Duration { Supervision.interval }

  /// Looks once at how the process that serves answers, and replaces it where it has not answered, or not right, so often in a
  /// row as it takes; what is to be told.
  ///
  /// To be called again and again, never twice at a time.
  public func goOnWithSupervision() async -> [Problem] {
    // Whoever is being replaced already may be as slow as two that load.
    guard !repaving.isUnderWay else {
      supervision.withLock { $0.reset() }
      return []
    }
    do throws(Problem) {
      guard let round = try await supervisedRound() else { return [] }
      let record = try await supervisionRecord()
      switch supervision.withLock({ $0.take(round, record, at: now()) }) {
      case .nothing: return round.problem.map { [$0] } ?? []
      case .wait(let faults): return [Self.tooOften(faults)]
      case .giveUp(let faults, let record):
        try await giveUp(faults, record)
        return []
      case .replace(let faults, let record): return [try await replace(faults, record, round)]
      }
    } catch {
      return [error]
    }
  }

  /// What was done so far.
  private func supervisionRecord() async throws(Problem) -> SupervisionRecord {
    guard let record = try await registry.record(.repaveSchedule, RepaveChange.supervision) else {
      return .none
    }
    return try SupervisionRecord(json: record.value)
  }

  /// What is to be forgotten once a process is replaced for another reason than that it did not answer.
  func supervisionForgotten() async throws(Problem) -> [RegistryChange] {
    guard try await supervisionRecord() != .none else { return [] }
    return [.governance(.repave(.supervised(.none, at: now())))]
  }

  /// Asks by both ways at once; nil where no process serves, which is about to be mended by itself.
  private func supervisedRound() async throws(Problem) -> SupervisedRound? {
    let (plane, probe) = (parts.plane, parts.listenerProbe)
    async let heard = Self.hears(plane, probe)
    let answer = await plane.examine()
    let deafness = await heard
    guard let process = await plane.known() else { return nil }
    var round = SupervisedRound(process: process.instance)
    switch deafness {
    case nil: break
    case let problem? where problem.code == Problem.listenerSilentCode: round.faults[.deaf] = problem.message
    // That it could not be asked says nothing of it.
    case .some: round.hasKnocked = false
    }
    switch answer {
    case .none: return nil
    case .busy: round.hasLooked = false
    case .unasked(let problem): (round.hasLooked, round.problem) = (false, problem)
    case .silent(let problem): round.faults[.silent] = problem.message
    case .counted(let counts):
      round.counted = Dictionary(
        counts.versions.map {
          ($0.reference, SupervisedRound.Done(progress: $0.progress, ended: $0.ended))
        }, uniquingKeysWith: { $1 })
      let failing = counts.versions.filter { $0.failingProbes > 0 }
      // Rarely, and then it matters who is asked by callers and who by nobody that sees it.
      let answering = failing.isEmpty ? [] : try await served.current().answering
      for version in failing where answering.contains(version.reference) {
        let fault: SupervisedFault =
          version.isProbeOverdue ? .late(version.reference) : .wrong(version.reference)
        round.faults[fault] =
          "the last \(version.failingProbes) rows of its check were not answered"
          + (version.isProbeOverdue ? " in time, nor was any request" : " right")
      }
    }
    return round
  }

  /// What came instead of an answer where callers ask; nil where one came.
  private static func hears(_ plane: any DataPlane, _ probe: any ListenerProbe) async -> Problem? {
    do throws(Problem) {
      try await probe.ask(plane.baseURL)
      return nil
    } catch { return error }
  }

  /// Says that no process is replaced for these any more; throws what there is to tell.
  ///
  /// One commit: after a crash before it, it is said by the next that finds the same three times; after it, never again.
  private func giveUp(
    _ faults: [SupervisedFault: String], _ record: SupervisionRecord
  ) async throws(Problem) {
    let problem = Problem(
      .unavailable, "supervise.gave-up",
      "expected a new process to mend \(Self.told(faults)), found that none did: no other is started for that",
      hint: "see runtime.log and 'gatehouse alerts'; 'gatehouse repave' and another version begin anew")
    let moment = now()
    let told = Self.json(faults)
    try await together.record(
      .supervise, of: "data plane", by: recorder(for: .platform)
    ) { _ throws(Problem) -> ActOutcome<Void> in
      .refused(
        problem, details: ["event": "gave-up", "faults": told],
        changes: [.governance(.repave(.supervised(record, at: moment)))])
    }
  }

  /// Replaces the process that serves.
  ///
  /// First of all it is written down that it is tried: a crash from there on counts as one try, so that no number of control
  /// planes replaces more than there may be. Then it is a repave, of the same undertaking, with what is true after a crash in
  /// `docs/repave.md`; that it was done is in the repave's last commit.
  private func replace(
    _ faults: [SupervisedFault: String], _ record: SupervisionRecord, _ round: SupervisedRound
  ) async throws(Problem) -> Problem {
    let recorder = recorder(for: .platform)
    let (moment, told) = (now(), Self.json(faults))
    var terms = Repave.Terms(process: round.process, isUnwell: true, details: ["for": told])
    terms.former =
      round.faults[.silent] == nil ? .answering : round.faults[.deaf] == nil ? .silent : .lost
    terms.unreplayed = Set(
      round.faults.keys.compactMap { fault in
        switch fault {
        case .wrong(let version), .late(let version): version
        case .stuck, .silent, .deaf, .checks: nil
        }
      })
    terms.changes = [
      .governance(.repave(.supervised(record.replaced(faults.keys.map(\.id).sorted()), at: moment)))
    ]
    try await repaving.perform(orThrow: Problem.repaveUnderWay) { [terms] () async throws(Problem) in
      // Another may have taken its place since it was looked at.
      guard await parts.plane.known()?.instance == round.process else { throw Problem.otherProcess }
      try await together.record(.supervise, of: "data plane", by: recorder) {
        _ throws(Problem) -> ActOutcome<Void> in
        .done(
          (),
          details: [
            "event": "replacing", "faults": told,
            "tried": JSON(record.tried.count { Supervision.isWithin(Supervision.day, $0, moment) }),
          ], changes: [.governance(.repave(.supervised(record, at: moment)))])
      }
      supervision.withLock { $0.reset() }
      _ = try await replaceProcess(recorder, terms)
    }
    return Problem(
      .unavailable, "supervise.replaced",
      "expected the process that served to answer, found otherwise again and again (\(Self.told(faults))):"
        + " another serves in its place")
  }

  private static func tooOften(_ faults: [SupervisedFault: String]) -> Problem {
    Problem(
      .unavailable, "supervise.too-often",
      "expected at most \(Supervision.limit) processes to be replaced within a day, found more to be, for"
        + " \(told(faults))",
      hint: "see runtime.log and 'gatehouse alerts'; 'gatehouse repave' begins anew")
  }

  private static func told(_ faults: [SupervisedFault: String]) -> String {
    faults.keys.sorted().map { "'\($0.id)'" }.joined(separator: ", ").excerpt(500)
  }

  /// At most so many are told one by one: an entry has room for 64 KiB.
  private static func json(_ faults: [SupervisedFault: String]) -> JSON {
    .array(
      faults.sorted { $0.key < $1.key }.prefix(SupervisionRecord.causeLimit).map { fault, figures in
        ["cause": .string(fault.id), "found": .string(figures.excerpt(200)), "rounds": JSON(fault.rounds)]
      })
  }
}

extension PlaneState {
  /// The versions that callers can be answered by: those asked in the shadow alone are not among them.
  var answering: Set<VersionReference> {
    var answering: Set<VersionReference> = []
    for deployment in deployments {
      let shares = deployment.sharing?.split.arms.filter { $0.share.value > 0 }.map(\.version) ?? []
      for version in [deployment.live.version] + deployment.aliases.values + shares {
        answering.insert(VersionReference(name: deployment.name, version: version))
      }
    }
    return answering
  }
}
