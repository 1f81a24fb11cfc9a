import Domain
import Encoding
import Lifecycle
import Monitoring
import TestKit
import Testing

/// What the control plane knows of a deployment's defences, and what it is told of callers.
@Suite struct DefendingTests {
  private static let policy = DefencePolicy(
    inputs: DefencePolicy.InputRules(action: .refuse, tolerance: 0.5, categories: true, missing: true),
    disclosure: .digits(3), callers: .refuse)

  @Test func `defences are in force in the data plane, in the ledger, and gone by after a start`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await control.setDefences(Self.policy, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy.defences == Self.policy)
      #expect(try await control.undefended(Sample.name(), by: Self.policy).count == 2)
      #expect(try await control.undefended(Sample.name(), by: .none) == [])
    }
    let settings = try #require(await bench.registry.settings().first)
    #expect(settings.policy.defences == Self.policy)
    #expect(await bench.audit().problems == [])
  }

  @Test func `what is known of training says what a version can be defended by`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let reference = try WatchingTests.reference()
      _ = try await Bench.push(Fixture.tree, reference: reference.bytes, to: control)
      let sentences = try await control.undefended(Sample.name(), by: Self.policy)
      #expect(sentences == ["what honest callers ask iris@1 is not known: its callers are not watched"])
    }
  }

  @Test func `what is found of a caller is told of once, is in the ledger without a row, and does not stand`()
    async throws
  {
    let bench = try Bench()
    let alarm = try #require(try Customers.alarm())
    try await bench.run { control in
      let reference = try WatchingTests.reference()
      let outcome = try await Bench.push(Fixture.tree, reference: reference.bytes, to: control)
      var window = try WatchingTests.window(of: outcome, reference, minute: 0, rows: 0)
      window.callers = [CallerFinding(alarm, about: "k-7", at: window.window.start)]
      await bench.windows.put(try WatchingTests.name(1), window.bytes)
      let collected = try await control.watching.collect()
      #expect(collected.alerts.map(\.column) == ["k-7"])
      #expect(!collected.alerts.contains { !$0.isAboutCaller })
      // The next window is no reason to say that it ended.
      let next = try WatchingTests.window(of: outcome, reference, minute: 1)
      await bench.windows.put(try WatchingTests.name(2), next.bytes)
      #expect(try await control.watching.collect().alerts == [])
      let (reports, _, alerts) = try await control.watched(Sample.name(), over: .seconds(30 * 86_400))
      #expect(reports.first?.callers.map(\.column) == ["k-7"])
      #expect(reports.first?.standing.isEmpty == true)
      #expect(alerts.first?.message.hasPrefix("caller 'k-7': extraction of the model? ") == true)
    }
    #expect(await bench.monitor.standing(of: Sample.name(), count: 9).isEmpty)
    let entries = try await bench.entries().filter { $0.act == .alert }
    let entry = try #require(entries.first)
    #expect(entries.count == 1)
    #expect(entry.details["caller"] == "k-7" && entry.details["column"] == nil)
    #expect(entry.details["aspect"]?.string?.hasPrefix("extraction by ") == true)
    #expect(await bench.audit().problems == [])
  }
}
