import Domain
import Lifecycle
import Provenance
import TestKit
import Testing

/// Every write of a push fails once, either way; then the platform starts anew on what is left.
struct FaultMatrixTests {
  enum Port: String, CaseIterable, Sendable {
    case registry, blobs, bundles, plane
  }

  private static func faults(_ port: Port, _ plan: FaultPlan) -> Bench.Faults {
    switch port {
    case .registry: Bench.Faults(registry: plan)
    case .blobs: Bench.Faults(blobs: plan)
    case .bundles: Bench.Faults(bundles: plan)
    case .plane: Bench.Faults(plane: plan)
    }
  }

  /// How many writes a first start and a push make on a port.
  private static func writes(of port: Port) async throws -> Int {
    let plan = FaultPlan()
    let bench = try Bench(faults(port, plan))
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
    }
    return plan.writes
  }

  @Test(arguments: Port.allCases, FaultPlan.Fault.allCases)
  func `whichever write fails, a new start finds everything in order and the push goes through`(
    port: Port, fault: FaultPlan.Fault
  ) async throws {
    let writes = try await Self.writes(of: port)
    #expect(writes > 0)
    for number in 1...writes {
      let bench = try Bench(Self.faults(port, FaultPlan([number: fault])))
      let acknowledged = try? await bench.run { control in
        _ = try await control.start()
        return try await Bench.push(Fixture.tree, to: control)
      }
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        #expect(await bench.registry.unfinished().isEmpty, "\(port) write \(number)")
        if let acknowledged {
          // What was acknowledged is there still.
          let versions = try await control.registry.versions(of: acknowledged.name)
          #expect(versions.map(\.bundle) == [acknowledged.digest], "\(port) write \(number)")
        }
        let served = try await control.registry.deployments()
        #expect(
          bench.plane.applied.last?.deployments.map(\.live.bundle) ?? [] == served.map(\.bundle),
          "\(port) write \(number)")
        let outcome = try await Bench.push(Fixture.tree, to: control)
        #expect(outcome.status == .live, "\(port) write \(number)")
        #expect(try await control.registry.versions(of: outcome.name).count == 1, "\(port) write \(number)")
      }
      #expect(await bench.audit().problems == [], "\(port) write \(number)")
    }
  }

  @Test func `a data plane that refuses a version keeps the former one in service`() async throws {
    // The states: the start, version 1, its key, and then version 2, which is refused.
    let plan = FaultPlan([4: .notPersisted])
    let bench = try Bench(Bench.Faults(plane: plan))
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      let problem = await #expect(throws: Problem.self) {
        try await Bench.push(Fixture.forest, to: control)
      }
      #expect(problem?.code == "fault.injected")
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
      #expect(bench.plane.applied.last?.deployments.map(\.live.version.value) == [1])
    }
  }
}
