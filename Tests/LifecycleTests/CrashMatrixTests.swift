import Access
import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

/// The control plane killed after each single step of what changes which version serves.
struct CrashMatrixTests {
  enum Undertaking: CaseIterable, Sendable {
    /// A second version is pushed and rolled out.
    case rollOut
    /// And the name is taken back to the first.
    case rollBack
  }

  private static func prepare(_ undertaking: Undertaking, _ control: ControlPlane) async throws {
    _ = try await control.start()
    _ = try await Bench.push(Fixture.tree, to: control)
    if undertaking == .rollBack { _ = try await Bench.push(Fixture.forest, to: control) }
  }

  private static func perform(_ undertaking: Undertaking, _ control: ControlPlane) async throws {
    switch undertaking {
    case .rollOut: _ = try await Bench.push(Fixture.forest, to: control)
    case .rollBack:
      _ = try await control.rollBack(
        Sample.name(), because: try RevocationReason(parsing: "a test"), by: .administrator)
    }
  }

  /// How many writes of registry and data plane together come before, and how many it makes.
  private static func writes(_ undertaking: Undertaking) async throws -> (before: Int, of: Int) {
    let plan = FaultPlan()
    let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
    return try await bench.run { control in
      try await prepare(undertaking, control)
      let before = plan.writes
      try await perform(undertaking, control)
      return (before, plan.writes - before)
    }
  }

  @Test(arguments: Undertaking.allCases, FaultPlan.Fault.allCases)
  func `on return each act that began has one end, and what serves is what the ledger says was done`(
    undertaking: Undertaking, fault: FaultPlan.Fault
  ) async throws {
    let (before, count) = try await Self.writes(undertaking)
    #expect(count >= 3)
    for step in 1...count {
      var faults: [Int: FaultPlan.Fault] = [:]
      // Nothing reaches registry or data plane after the step: whoever would have undone it is dead.
      for number in (before + step)...(before + step + 100) { faults[number] = .notPersisted }
      faults[before + step] = fault
      let plan = FaultPlan(faults)
      let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
      _ = try? await bench.run { control in
        try await Self.prepare(undertaking, control)
        try await Self.perform(undertaking, control)
      }
      plan.mend()
      bench.plane.reopen()
      let place: Comment = "\(undertaking), \(fault) at step \(step)"
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        #expect(await bench.registry.unfinished().isEmpty, place)
        let moves = try await bench.entries().filter { $0.act == .rollOut || $0.act == .rollBack }
        let done = moves.filter { $0.phase == .done }
        #expect(moves.count { $0.phase == .begun } == moves.count { $0.phase != .begun }, place)
        let last = try #require(done.last)
        let served = try await control.registry.deployments()
        #expect(served.map { "\($0.name)@\($0.version)" } == [last.subject], place)
        #expect(
          bench.plane.applied.last?.deployments.map { "\($0.name)@\($0.live.version)" } == [last.subject],
          place)
      }
      #expect(await bench.audit().problems == [], place)
    }
  }
}
