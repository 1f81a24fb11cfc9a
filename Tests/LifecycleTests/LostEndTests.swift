import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

/// Acts whose end cannot be written down.
struct LostEndTests {
  /// How many commits come before the end of an act on a platform that has just started and been pushed to.
  private static func commitsBefore() async throws -> Int {
    let plan = FaultPlan()
    let bench = try Bench(Bench.Faults(registry: plan))
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
    }
    // The beginning of the act.
    return plan.writes + 1
  }

  private static func bench(_ fault: FaultPlan.Fault) async throws -> Bench {
    try Bench(Bench.Faults(registry: FaultPlan([try await commitsBefore() + 1: fault])))
  }

  private static func setAlias(_ control: ControlPlane) async throws {
    _ = try await control.setAlias(
      AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: Sample.principal)
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
      try await Self.setAlias(control)
      #expect(try await Self.aliasEntries(bench).map(\.phase) == [.begun, .failed, .begun, .done])
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
