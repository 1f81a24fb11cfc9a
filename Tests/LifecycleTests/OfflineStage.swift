import Domain
import Gates
import Lifecycle
import Synchronization
import TestKit
import Testing

/// A platform whose control plane is gone, the saved state of its data plane, and a process that reads it when it is told to.
struct OfflineStage: Sendable {
  /// The process: what it serves, and what it cannot.
  final class Process: LeftDataPlane {
    private struct State {
      var served: [PlaneState] = []
      var isThere = true
      var broken: VersionNumber?
    }
    private let states: InMemoryPlaneStateStore
    // Replaced by one step at a time.
    private let state = Mutex(State())

    init(_ states: InMemoryPlaneStateStore) { self.states = states }

    /// What it was told to serve, oldest first.
    var served: [PlaneState] { state.withLock { $0.served } }

    func end() { state.withLock { $0.isThere = false } }
    func begin() { state.withLock { $0.isThere = true } }
    func breaks(at version: VersionNumber?) { state.withLock { $0.broken = version } }

    func apply(_ generation: Int) throws(Problem) -> PlaneApplication? {
      guard let read = try states.load() else { return nil }
      return state.withLock { state in
        guard state.isThere else { return nil }
        state.served.append(read)
        let failures = read.deployments.filter { $0.live.version == state.broken }.map {
          PlaneApplication.Failure(
            deployment: $0.name, version: $0.live.version,
            problem: Problem(.integrity, "seal.broken", "expected a whole bundle, found half of one"))
        }
        return PlaneApplication(generation: read.generation, failures: failures)
      }
    }
  }

  let bench: Bench
  let states: InMemoryPlaneStateStore
  let process: Process

  /// `plan` numbers what the command writes; `start` is of what the next start of the control plane writes.
  init(plan: FaultPlan = FaultPlan(), _ faults: Bench.Faults = .init()) throws {
    var faults = faults
    faults.rollBackNotes = plan
    bench = try Bench(faults)
    states = InMemoryPlaneStateStore(faults: plan)
    process = Process(states)
  }

  static func version(_ number: Int) throws -> VersionNumber { try #require(VersionNumber(number)) }

  /// Has the control plane do something, and be gone then.
  func live(_ body: @Sendable (ControlPlane) async throws -> Void) async throws {
    try await bench.run { control in
      _ = try await control.start()
      try await body(control)
    }
    try states.save(try #require(bench.plane.applied.last))
  }

  /// The command.
  @discardableResult
  func rollBack(
    _ name: ModelName = Sample.name(), from version: Int? = nil, trace: String = "00aa11bb22cc33dd"
  ) async throws -> OfflineRollBack.Outcome {
    try await OfflineRollBack(states: states, notes: bench.rollBackNotes, plane: process)(
      name, from: try version.map { try Self.version($0) },
      because: try RevocationReason(parsing: "it answers nonsense"),
      by: RollBackNote.User(id: 1000, name: "ada"), at: Sample.moment(500_000), trace: trace)
  }

  /// The next start; what became of the notes.
  func start() async throws -> [TakenInRollBack] {
    let taken = Mutex<[TakenInRollBack]>([])
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start { one in taken.withLock { $0.append(one) } }
    }
    return taken.withLock { $0 }
  }

  /// What the data plane was told last by a control plane, `iris@1`.
  var live: [String] {
    bench.plane.applied.last?.deployments.map { "\($0.name)@\($0.live.version)" } ?? []
  }

  /// What the saved state says.
  func saved() throws -> PlaneState.Deployment { try #require(try states.load()?.deployments.first) }

  /// The entries of acts that take a name back.
  func entries() async throws -> [LedgerEntry] {
    try await bench.entries().filter { [.rollBack, .undoRollOut].contains($0.act) }
  }
}
