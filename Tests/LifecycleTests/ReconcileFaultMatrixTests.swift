import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Every write on a deployment's way to what it is to be fails once, either way, and the platform dies there; then it starts anew.
struct ReconcileFaultMatrixTests {
  enum Port: String, CaseIterable, Sendable {
    case registry, plane, blobs
  }

  private static func faults(_ port: Port, _ plan: FaultPlan) -> Bench.Faults {
    switch port {
    case .registry: Bench.Faults(registry: plan)
    case .plane: Bench.Faults(plane: plan)
    case .blobs: Bench.Faults(blobs: plan)
    }
  }

  /// Limits, an alias, shares that move the live version, and a shadow.
  private static let file = Array(
    """
    deployments: gatehouse/v1
    iris:
      shares: {2: 30%, 3: 70%}
      shadows: [1]
      limits: {concurrency: 4}
      aliases: {stable: 1}
      roll-out: at-once
      exposure: internal
    """.utf8)

  /// The same for a version that comes at once.
  private static let version = Array(
    "deployments: gatehouse/v1\niris: {version: 3, watch: off, aliases: {stable: 1}, shadows: [2]}\n".utf8)

  private static func apply(
    _ file: [UInt8], _ stage: RolloutStage, _ control: ControlPlane, _ plan: FaultPlan
  ) async throws -> Int {
    _ = try await control.start()
    try await stage.prepare(control)
    let before = plan.writes
    _ = try await control.apply(file, by: .administrator)
    try await look(stage, control)
    return before
  }

  /// Looks until all is in place; the platform dies with the first thing that fails.
  private static func look(_ stage: RolloutStage, _ control: ControlPlane) async throws {
    for _ in 0..<4 {
      stage.bench.time.advance(by: .seconds(11))
      if let problem = await control.reconcileDeployments().first { throw problem }
      guard let status = try await control.desiredStatus(of: Sample.name()) else { return }
      if status.condition.word == .inPlace { return }
      // A step that failed: whoever looks on would try it again, and here the platform dies.
      throw Problem(.unavailable, "test.died", status.condition.message)
    }
  }

  @Test(arguments: Port.allCases, FaultPlan.Fault.allCases)
  func `whichever write fails, a new start goes on from there, does the rest, and nothing twice`(
    port: Port, fault: FaultPlan.Fault
  ) async throws {
    for file in [Self.file, Self.version] {
      let plan = FaultPlan()
      let whole = try RolloutStage(Self.faults(port, plan))
      let before = try await whole.bench.control.working {
        try await Self.apply(file, whole, whole.bench.control, plan)
      }
      let expected = try await Self.done(whole)
      #expect(expected.count >= 3)
      let end = try whole.served()
      guard plan.writes > before else { continue }
      for number in (before + 1)...plan.writes {
        let place: Comment = "\(port) write \(number)"
        let stage = try RolloutStage(Self.faults(port, FaultPlan([number: fault])))
        let bench = stage.bench
        do {
          _ = try await bench.control.working {
            try await Self.apply(file, stage, bench.control, FaultPlan())
          }
        } catch is Problem {}
        let next = bench.reopened()
        try await next.working {
          _ = try await next.start()
          #expect(await bench.registry.unfinished().isEmpty, place)
          if try await next.registry.desired().isEmpty {
            _ = try await next.apply(file, by: .administrator)
          }
          try await Self.look(stage, next)
          let status = try #require(try await next.desiredStatus(of: Sample.name()))
          #expect(status.condition.word == .inPlace, place)
          let served = try stage.served()
          #expect(served.live.version == end.live.version, place)
          #expect(served.sharing?.split.arms == end.sharing?.split.arms, place)
          #expect(served.shadowing == end.shadowing && served.policy == end.policy, place)
        }
        #expect(try await Self.done(stage) == expected, place)
        #expect(await bench.audit().problems == [], place)
      }
    }
  }

  /// The acts that were done since the file was applied, but for packing, which finds what is there.
  private static func done(_ stage: RolloutStage) async throws -> [String] {
    let entries = try await stage.bench.entries()
    let first = try #require(entries.firstIndex { $0.act == .apply })
    return entries[first...].filter { $0.phase == .done && ![.pack, .gate].contains($0.act) }.map(
      \.act.rawValue)
  }
}
