import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

struct AliasTests {
  private static func name(_ text: String) throws -> AliasName { try AliasName(parsing: text) }

  /// Runs `body` on a platform with two versions of `iris`, the second live.
  private static func withTwoVersions(
    _ faults: Bench.Faults = Bench.Faults(), _ body: (Bench, ControlPlane) async throws -> Void
  ) async throws {
    let bench = try Bench(faults)
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.forest, to: control)
      try await body(bench, control)
    }
    #expect(await bench.audit().problems == [])
  }

  private static func set(
    _ name: String, to version: VersionNumber, _ control: ControlPlane
  ) async throws -> Alias {
    try await control.setAlias(Self.name(name), of: Sample.name(), to: version, by: Sample.actor)
  }

  @Test func `the version that an alias names is served beside the live one, until it names another`()
    async throws
  {
    try await Self.withTwoVersions { bench, control in
      _ = try await Self.set("champion", to: .first, control)
      _ = try await Self.set("former", to: .first, control)
      _ = try await Self.set("newest", to: .first.next, control)
      var served = try #require(bench.plane.applied.last?.deployments.first)
      #expect(served.live.version == .first.next)
      #expect(served.others.map(\.version) == [.first])
      let aliases = try [
        Self.name("champion"): VersionNumber.first, Self.name("former"): .first,
        Self.name("newest"): .first.next,
      ]
      #expect(served.aliases == aliases)
      _ = try await Self.set("champion", to: .first.next, control)
      try await control.removeAlias(Self.name("former"), of: Sample.name(), by: Sample.actor)
      served = try #require(bench.plane.applied.last?.deployments.first)
      #expect(served.others.isEmpty)
      #expect(try await control.registry.aliases().map(\.version) == [.first.next, .first.next])
    }
  }

  @Test func `every move of an alias is in the ledger, and the same again is none`() async throws {
    try await Self.withTwoVersions { bench, control in
      _ = try await Self.set("champion", to: .first, control)
      let size = try await bench.entries().count
      _ = try await Self.set("champion", to: .first, control)
      #expect(try await bench.entries().count == size)
      let between = control.now()
      _ = try await Self.set("champion", to: .first.next, control)
      try await control.removeAlias(Self.name("champion"), of: Sample.name(), by: Sample.actor)
      let history = History(ledger: control.ledger)
      let moves = try await history(of: Sample.name()).aliases
      #expect(moves.map(\.target?.version) == [.first, .first.next, nil])
      #expect(try await history(of: Sample.name(), at: between).aliases.map(\.target?.version) == [.first])
      #expect(try await history(of: Sample.name(), at: control.now()).aliases.isEmpty)
      #expect(try await history(of: Sample.name("other")).aliases.isEmpty)
    }
  }

  @Test func `an alias of no version, of no model, and one too many are refused`() async throws {
    try await Self.withTwoVersions { _, control in
      let third = VersionNumber.first.next.next
      let unknown = await #expect(throws: Problem.self) { try await Self.set("champion", to: third, control) }
      #expect(unknown?.code == "version.unknown")
      #expect(unknown?.message == "expected a version of 'iris' from 1 to 2, found 3")
      let gone = await #expect(throws: Problem.self) {
        try await control.removeAlias(Self.name("champion"), of: Sample.name(), by: Sample.actor)
      }
      #expect(gone?.code == "alias.unknown")
      for number in 0..<Alias.limit { _ = try await Self.set("a\(number)", to: .first, control) }
      let full = await #expect(throws: Problem.self) { try await Self.set("more", to: .first, control) }
      #expect(full?.code == "alias.too-many")
      _ = try await Self.set("a0", to: .first.next, control)
    }
  }

  @Test func `a data plane that cannot serve the version leaves the alias where it was`() async throws {
    // The states: the start, two versions, the key of the first, the alias, and then its move, which is refused.
    try await Self.withTwoVersions(Bench.Faults(plane: FaultPlan([6: .notPersisted]))) { bench, control in
      _ = try await Self.set("champion", to: .first, control)
      let problem = await #expect(throws: Problem.self) {
        try await Self.set("champion", to: .first.next, control)
      }
      #expect(problem?.code == "fault.injected")
      #expect(try await control.registry.aliases().map(\.version) == [.first])
      #expect(bench.plane.applied.last?.deployments.first?.aliases.values.first == .first)
    }
  }
}
