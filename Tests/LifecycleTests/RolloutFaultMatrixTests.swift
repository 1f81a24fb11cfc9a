import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Every write of a roll-out by steps fails once, either way, and the platform dies there; then it starts anew on what is left.
struct RolloutFaultMatrixTests {
  enum Port: String, CaseIterable, Sendable {
    case registry, plane, evidence
  }

  private static func faults(_ port: Port, _ plan: FaultPlan) -> Bench.Faults {
    switch port {
    case .registry: Bench.Faults(registry: plan)
    case .plane: Bench.Faults(plane: plan)
    case .evidence: Bench.Faults(rolloutEvidence: plan)
    }
  }

  /// Brings version 3 by three steps into service, or has it fail; answers with how many writes came before it began.
  private static func roll(
    _ stage: inout RolloutStage, _ control: ControlPlane, failing: Int, _ plan: FaultPlan
  ) async throws -> Int {
    _ = try await control.start()
    try await stage.prepare(control)
    let before = plan.writes
    _ = try await stage.begin(control, RolloutStage.terms(shares: [1000, 5000, 10_000]))
    try await drive(&stage, control, failing)
    return before
  }

  private static func drive(_ stage: inout RolloutStage, _ control: ControlPlane, _ failing: Int) async throws
  {
    for _ in 0..<80 {
      guard let record = try await control.registry.rollout(of: Sample.name()), record.isUnderWay else {
        return
      }
      try stage.answer(3, 100, failing: failing)
      if record.state.share != .whole { try stage.answer(2, 500) }
      // The platform dies with the first write that fails.
      if let problem = await control.judgeRollOuts().first { throw problem }
    }
  }

  /// How many writes there are before the roll-out and in all.
  private static func writes(of port: Port, failing: Int) async throws -> Range<Int> {
    let plan = FaultPlan()
    var stage = try RolloutStage(faults(port, plan))
    let control = stage.bench.control
    let before = try await control.working { try await roll(&stage, control, failing: failing, plan) }
    return before..<plan.writes
  }

  @Test(arguments: Port.allCases, FaultPlan.Fault.allCases)
  func `whichever write fails on the way, a new start goes on from a whole step and comes to the same end`(
    port: Port, fault: FaultPlan.Fault
  ) async throws {
    for failing in [0, 30] {
      let writes = try await Self.writes(of: port, failing: failing)
      #expect(writes.count > 1)
      for number in (writes.lowerBound + 1)...writes.upperBound {
        let place: Comment = "\(port) write \(number), \(failing) of 100 failing"
        var stage = try RolloutStage(Self.faults(port, FaultPlan([number: fault])))
        let bench = stage.bench
        do {
          let control = bench.control
          _ = try await control.working {
            try await Self.roll(&stage, control, failing: failing, FaultPlan())
          }
        } catch is Problem {}
        let next = bench.reopened()
        try await next.working {
          _ = try await next.start()
          #expect(await bench.registry.unfinished().isEmpty, place)
          // It says where the name stands.
          for entry in try await bench.entries()
          where entry.details["code"] == "platform.interrupted"
            && [.beginRollOut, .stepRollOut, .undoRollOut, .rollOut].contains(entry.act)
            && entry.phase == .failed
          {
            #expect(entry.details["stands"]?.string?.isEmpty == false, place)
          }
          // What serves is one whole state of the roll-out, the registry's.
          let record = try await next.registry.rollout(of: Sample.name())
          let served = try stage.served()
          #expect(served.sharing?.split.arms == (record.flatMap { try? $0.sharing() })?.split.arms, place)
          if record == nil {
            _ = try await stage.begin(next, RolloutStage.terms(shares: [1000, 5000, 10_000]))
          }
          try await Self.drive(&stage, next, failing)
          let end = try #require(try await next.registry.rollout(of: Sample.name()))
          #expect(end.state.phase == (failing == 0 ? .finished : .undone), place)
          #expect(try await next.registry.deployments().map(\.version.value) == [failing == 0 ? 3 : 2], place)
          #expect(try stage.served().sharing == nil, place)
        }
        #expect(await bench.audit().problems == [], place)
        // Each turn was done once: it went on or back, and never both.
        let done = try await stage.acts().filter { $0.hasSuffix("done") }
        let expected =
          failing == 0
          ? ["begin-roll-out done", "step-roll-out done", "step-roll-out done", "roll-out done"]
          : ["begin-roll-out done", "undo-roll-out done"]
        #expect(done == expected, place)
      }
    }
  }
}
