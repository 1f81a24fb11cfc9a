import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

/// Acts whose end cannot be written down.
struct LostEndTests {
  /// A platform on which the commit that ends the first act after a start and a push has this fault; and what takes the act
  /// back from the data plane has one, too, where `staysServed`.
  private static func bench(_ fault: FaultPlan.Fault, staysServed: Bool = false) async throws -> Bench {
    let (commits, states) = (FaultPlan(), FaultPlan())
    let bench = try Bench(Bench.Faults(registry: commits, plane: states))
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
    }
    // The act itself begins with a commit, and is applied to the data plane.
    return try Bench(
      Bench.Faults(
        registry: FaultPlan([commits.writes + 2: fault]),
        plane: staysServed ? FaultPlan([states.writes + 2: .notPersisted]) : FaultPlan()))
  }

  private static func setAlias(_ control: ControlPlane) async throws {
    _ = try await control.setAlias(
      AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: Sample.actor)
  }

  private static func aliasEntries(_ bench: Bench) async throws -> [LedgerEntry] {
    try await bench.entries().filter { $0.act == .setAlias }
  }

  @Test func `one that was not made is closed as failed at once, and later ones are as they are`()
    async throws
  {
    let bench = try await Self.bench(.notPersisted)
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      let problem = await #expect(throws: Problem.self) { try await Self.setAlias(control) }
      #expect(problem?.code == "fault.injected")
      #expect(try await control.registry.aliases() == [])
      let entries = try await Self.aliasEntries(bench)
      #expect(entries.map(\.phase) == [.begun, .failed])
      #expect(entries.last?.details["code"] == "platform.interrupted")
      #expect(entries.last?.trace == entries.first?.trace)
      #expect(await bench.registry.unfinished().isEmpty)
      // And the data plane serves no alias that the registry does not have.
      #expect(bench.plane.applied.last?.deployments.first?.aliases.isEmpty == true)
      try await Self.setAlias(control)
      #expect(try await Self.aliasEntries(bench).map(\.phase) == [.begun, .failed, .begun, .done])
      #expect(await bench.audit().problems == [])
    }
  }

  @Test func `one that the data plane still serves is not said to have failed before it is taken back`()
    async throws
  {
    let bench = try await Self.bench(.notPersisted, staysServed: true)
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      await #expect(throws: Problem.self) { try await Self.setAlias(control) }
      #expect(bench.plane.applied.last?.deployments.first?.aliases.isEmpty == false)
      #expect(try await Self.aliasEntries(bench).map(\.phase) == [.begun])
      _ = try await control.start()
      #expect(bench.plane.applied.last?.deployments.first?.aliases.isEmpty == true)
      #expect(try await Self.aliasEntries(bench).map(\.phase) == [.begun, .failed])
      #expect(await bench.audit().problems == [])
    }
  }

  @Test func `one that was made all the same stays done`() async throws {
    let bench = try await Self.bench(.persisted)
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      await #expect(throws: Problem.self) { try await Self.setAlias(control) }
      #expect(try await control.registry.aliases().count == 1)
      #expect(try await Self.aliasEntries(bench).map(\.phase) == [.begun, .done])
      #expect(await bench.registry.unfinished().isEmpty)
      #expect(await bench.audit().problems == [])
    }
  }
}
