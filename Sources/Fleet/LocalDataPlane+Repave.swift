public import Domain
import Glibc
public import Lifecycle

extension LocalDataPlane {
  /// A process that is to end, and that nobody waits for but who ends the platform.
  struct Leaving: Sendable {
    /// The name of its socket.
    let controlPath: String
    /// Its end, by itself or by a signal.
    let end: Task<Void, Never>
  }

  /// A process that has loaded everything and accepts nothing.
  struct Successor: Sendable {
    let running: Running
    /// The process that served when it was made ready.
    let beside: pid_t
    /// How that one stood.
    let standing: FormerProcess
    let trace: String
    var status: PlaneProcess
  }

  /// The process that serves; nil where none does at the moment.
  public func process() async throws(Problem) -> PlaneProcess? {
    guard let running else { return nil }
    return try await Self.described(running)
  }

  /// The same, as it said when it was started or taken over.
  public func known() -> PlaneProcess? { running.map { PlaneProcess($0.status, program: nil) } }

  /// Starts a process that loads and verifies everything and accepts nothing.
  ///
  /// Loading takes as long as it takes, and keeps nothing from being applied: what was applied meanwhile is seen at the end.
  public func prepareSuccessor(
    under trace: String, beside standing: FormerProcess
  ) async throws(Problem) -> PlaneProcess {
    let (beside, count) = try await exclusively { () async throws(Problem) in
      await endSuccessor()
      guard let running else { throw Problem.otherProcess }
      return (running.pid, applications)
    }
    let held = try await startHeld(under: trace)
    do throws(Problem) {
      return try await exclusively { () async throws(Problem) in
        guard let running, running.pid == beside else { throw Problem.otherProcess }
        guard applications == count else { throw Problem.otherState }
        let status = try await Self.described(held)
        if case .answering = standing { try await requireAll(of: running, by: held, status) }
        successor = Successor(
          running: held, beside: beside, standing: standing, trace: trace, status: status)
        return status
      }
    } catch {
      await Self.drain(held)
      throw error
    }
  }

  /// A successor must serve every version that is served, from the same bundle; throws why it does not.
  private func requireAll(
    of running: Running, by held: Running, _ status: PlaneProcess
  ) async throws(Problem) {
    let served = try await Self.blocking { () throws(Problem) in try running.control.status() }
    guard let missing = served.models.first(where: { !status.models.contains($0) }) else { return }
    // What it could not bring up it says when it is told to read the same state again.
    let told = try await Self.blocking { () throws(Problem) in try held.control.apply(served.generation) }
    if let failure = told.failures.first(where: {
      $0.deployment == missing.name && $0.version == missing.version
    }) {
      throw failure.problem
    }
    throw Problem(
      .integrity, "repave.incomplete",
      "expected the new process to serve '\(missing.name)@\(missing.version)', found that it does not",
      subject: "\(missing.name)@\(missing.version)", hint: "read runtime.log in the data directory")
  }

  /// Rows of a version with what the process that serves answers to them.
  public func sample(_ model: PlaneStatus.Model) async throws(Problem) -> ReplaySample {
    guard let running else { throw Problem.otherProcess }
    let version = VersionReference(name: model.name, version: model.version)
    return try await Self.blocking { () throws(Problem) in
      try running.control.sample(version, model.bundle)
    }
  }

  /// What the process that was made ready answers to them.
  public func replay(_ sample: ReplaySample) async throws(Problem) -> [[String: Digest]] {
    guard let held = successor?.running else { throw Problem.noSuccessor }
    return try await Self.blocking { () throws(Problem) in try held.control.replay(sample) }
  }

  /// Has the process that was made ready accept connections beside the one that serves.
  public func begin() async throws(Problem) {
    try await exclusively { () async throws(Problem) in
      guard let next = successor else { throw Problem.noSuccessor }
      guard let old = running, old.pid == next.beside else {
        await endSuccessor()
        throw Problem.otherProcess
      }
      do throws(Problem) {
        try await Self.blocking { () throws(Problem) in try next.running.control.begin() }
      } catch {
        // It may have begun, and only its answer was lost. Asked to end, it answers what it accepted meanwhile.
        await endSuccessor()
        throw error
      }
      successor = nil
      former = old
      formerStanding = next.standing
      running = next.running
      hasStartedProcess = true
      watch(next.running)
      let now = next.status
      repaved[next.trace] = PlaneProcess(
        process: now.process, instance: now.instance, startedAt: now.startedAt, program: now.program,
        version: now.version, models: now.models, repave: next.trace)
      report(.replaced, next.running)
    }
  }

  /// Asks the former process to accept nothing any more, to answer what it has begun, and to end.
  public func retireFormer() async {
    guard let old = former else { return }
    former = nil
    await dismiss(old, formerStanding)
  }

  /// Asks a process to end, and sees to it that it does.
  ///
  /// An act waits until one that answers has taken that, and for nobody's end.
  func dismiss(_ process: Running, _ standing: FormerProcess = .answering) async {
    let asked = Task.detached { await Self.isTold(process) }
    seeOff(process) { if await !asked.value { await Self.endUntold(process, standing) } }
    if case .answering = standing { _ = await asked.value }
  }

  /// Sees to the end of a process once it was told to, by a signal where it does not come by itself.
  func seeOff(_ process: Running, once told: @escaping @Sendable () async -> Void = {}) {
    let end = Task.detached { [weak self] in
      await told()
      await Self.waitForEnd(of: process)
      await self?.hasLeft(process.pid)
    }
    leaving[process.pid] = Leaving(controlPath: process.controlPath, end: end)
  }

  private func hasLeft(_ pid: pid_t) { leaving[pid] = nil }

  /// Ends the process that was made ready, where there is one that has not begun.
  public func dismissSuccessor() async { await endSuccessor() }

  /// The process that came to serve in an undertaking.
  public func process(of trace: String) -> PlaneProcess? { repaved[trace] }

  /// Ends the process that was made ready, and waits until its name is free.
  func endSuccessor() async {
    guard let held = successor?.running else { return }
    successor = nil
    await Self.drain(held)
    await Self.waitForEnd(of: held)
  }

  private static func described(_ process: Running) async throws(Problem) -> PlaneProcess {
    try await blocking { () throws(Problem) in
      // A process that cannot read its program says no more of it, and is a process all the same.
      PlaneProcess(try process.control.status(), program: try? process.control.program())
    }
  }
}
