public import Access
public import Domain
public import Encoding
public import Gates
import Synchronization

/// How old the process is that serves, and when it is replaced.
public struct RepaveStatus: Sendable {
  /// The process that serves; nil where none does at the moment.
  public let process: PlaneProcess?
  /// When the platform replaces processes; nil where it does not of its own accord.
  public let schedule: RepaveSchedule?
  /// When it replaces this one, or tries again to.
  public let next: Timestamp?
  /// What was done last, with the moment as `at`; nil where nothing was.
  public let last: JSON?
  /// The present moment.
  public let now: Timestamp
}

extension ControlPlane {
  /// Replaces the process that serves; where a deployment is named, the one that serves it, with all that it serves.
  ///
  /// Throws `deployment.unknown`, `access.denied`, `repave.under-way` and what `Repave` throws.
  public func repave(_ deployment: ModelName? = nil, by actor: Actor) async throws(Problem) -> Repaved {
    // It changes nothing of what is served: whoever may deploy one of the models that share the process may.
    let object: AccessObject = deployment.map { .model($0) } ?? .somewhere
    let asked = "\(Right.deploy.rawValue) on \(object.description)"
    try await require(.deploy, on: object, of: actor, asking: asked)
    if let deployment, try await !registry.deployments().contains(where: { $0.name == deployment }) {
      throw Problem.unknownDeployment(deployment)
    }
    let terms = Repave.Terms(changes: try await supervisionForgotten())
    return try await repaving.perform(orThrow: Problem.repaveUnderWay) { () async throws(Problem) in
      try await replaceProcess(recorder(for: actor), terms) { [self] () async throws(Problem) in
        try await require(.deploy, on: object, of: actor, asking: asked)
      }
    }
  }

  /// Replaces the process, beside the acts but for the last step, which has its turn where `mayGoOn` does not throw.
  ///
  /// For whoever sees to it that it is done once at a time.
  func replaceProcess(
    _ recorder: Recorder, _ terms: Repave.Terms,
    mayGoOn: @escaping @Sendable () async throws(Problem) -> Void = {}
  ) async throws(Problem) -> Repaved {
    let repave = Repave(plane: parts.plane, time: parts.time, terms: terms) {
      [queue] step async throws(Problem) in
      try await queue.perform(isPatient: true) { () async throws(Problem) in
        try await mayGoOn()
        try await step()
      }
    }
    return try await beside(recordedUnder: recorder.trace) { () async throws(Problem) in
      try await repave(recorder: recorder)
    }
  }

  /// Has the platform replace processes by a schedule from now on.
  ///
  /// Throws `access.denied` and `repave-schedule.malformed`.
  public func scheduleRepaves(
    every: String, windows: [String], by actor: Actor
  ) async throws(Problem) -> RepaveSchedule {
    try await require(.deploy, on: .platform, of: actor, asking: "schedule repaves")
    let schedule = try RepaveSchedule(every: every, windows: windows, by: actor.principal, since: now())
    try await record(.scheduleRepaves, of: "processes", by: actor) { _ throws(Problem) -> ActOutcome<Void> in
      .done(
        (), details: ["every": schedule.json["every"] ?? .null],
        changes: [.governance(.repave(.schedule(schedule)))])
    }
    return schedule
  }

  /// Has the platform replace none of its own accord any more; throws `access.denied` and `repave-schedule.none`.
  public func endRepaves(by actor: Actor) async throws(Problem) {
    try await require(.deploy, on: .platform, of: actor, asking: "end scheduled repaves")
    let moment = now()
    try await record(.scheduleRepaves, of: "processes", by: actor) {
      view throws(Problem) -> ActOutcome<Void> in
      let present = try view.governance(.repaveSchedule, startingWith: RepaveChange.inForce)
      guard !present.isEmpty else {
        throw Problem(
          .notFound, "repave-schedule.none", "expected a schedule of repaves, found none",
          hint: "set one with 'gatehouse repave schedule --every 7d --window \"sun 02:00-04:00\"'")
      }
      return .done((), details: ["every": .null], changes: [.governance(.repave(.end(at: moment)))])
    }
  }

  /// How old the process is that serves, and when it is replaced.
  public func repaveStatus() async throws(Problem) -> RepaveStatus {
    let process = try await parts.plane.process()
    let schedule = try await repaveSchedule()
    let now = now()
    let turn = process.flatMap { schedule?.turn(of: $0.scheduled, at: now) }
    let last = try await registry.record(.repaveSchedule, RepaveChange.last)?.value
    return RepaveStatus(
      process: process, schedule: schedule, next: turn.map { max($0.moment, now) }, last: last, now: now)
  }

  private func repaveSchedule() async throws(Problem) -> RepaveSchedule? {
    guard let record = try await registry.record(.repaveSchedule, RepaveChange.inForce) else { return nil }
    return try RepaveSchedule(json: record.value)
  }

  /// Does what the schedule has come to: replaces the process, or tells that a window was missed; what failed, if anything.
  ///
  /// To be called every few seconds, by one at a time.
  public func goOnWithRepaves() async -> Problem? {
    let moment = now()
    do throws(Problem) {
      guard let schedule = try await repaveSchedule(), let process = try await parts.plane.process() else {
        return nil
      }
      let told = try await registry.record(.repaveSchedule, RepaveChange.missedID)?.value.integer
      let action = repaveTurns.withLock { turns in
        turns.action(
          by: schedule, for: process.scheduled, told: told.map { Timestamp(milliseconds: $0) }, at: moment)
      }
      switch action {
      case .nothing: return nil
      case .tell(let window):
        try await tell(missed: window, by: process)
        return nil
      case .repave:
        let terms = Repave.Terms(changes: try await supervisionForgotten())
        _ = try await repaving.perform(orThrow: Problem.repaveUnderWay) { () async throws(Problem) in
          try await replaceProcess(recorder(for: .platform), terms)
        }
        return nil
      }
    } catch {
      repaveTurns.withLock { $0.noteFailure(at: now()) }
      return error
    }
  }

  private func tell(
    missed window: MaintenanceWindow.Occurrence, by process: PlaneProcess
  ) async throws(Problem) {
    try await recorder(for: .platform).note(
      .repave, phase: .failed, of: "process \(process.process)",
      details: [
        "code": "repave.missed",
        "message": .string(
          "expected the process to be replaced from \(window.start) to \(window.end), found it running since"
            + " \(process.startedAt)"),
        "old": process.json,
      ], changes: [.governance(.repave(.missed(window.end, at: now())))])
  }
}

extension PlaneProcess {
  fileprivate var scheduled: RepaveSchedule.Process {
    RepaveSchedule.Process(instance: instance, startedAt: startedAt)
  }
}

extension Problem {
  /// Why no process is replaced while another is.
  static let repaveUnderWay = Problem(
    .conflict, "repave.under-way", "expected no repave under way, found one",
    hint: "see 'gatehouse repave --status', and try again when it is over")
}
