import Access
import Alerting
import Domain
import Encoding
import Gates
import TestKit
import Testing

@testable import Lifecycle

/// What a diagnosis is made of: counts of the data plane, and the ledger.
struct DiagnosisTests {
  private static func counts(_ version: Int, answered: Int, failed: Int = 0) throws -> PlaneCounts.Version {
    var counts = PlaneCounts.Version(try VersionReference(parsing: "iris@\(version)"))
    counts.answered = answered
    counts.failed = failed
    return counts
  }

  @Test func `failures that began with a roll-out are put down to it, with the entry of the ledger`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.count(PlaneCounts(instance: "a", versions: [try Self.counts(1, answered: 0)]))
      _ = await control.alerts.look()
      bench.time.advance(by: .seconds(900))
      bench.plane.count(PlaneCounts(instance: "a", versions: [try Self.counts(1, answered: 900)]))
      _ = await control.alerts.look()
      #expect(try await control.diagnose(Sample.name(), over: .seconds(600)).diagnosis.isWell)

      _ = try await Bench.push(Fixture.forest, to: control)
      bench.time.advance(by: .seconds(300))
      bench.plane.count(
        PlaneCounts(
          instance: "a",
          versions: [try Self.counts(1, answered: 900), try Self.counts(2, answered: 150, failed: 150)]))
      _ = await control.alerts.look()
      let (evidence, diagnosis) = try await control.diagnose(Sample.name(), over: .seconds(400))
      #expect(evidence.live == (try VersionReference(parsing: "iris@2")))
      #expect(evidence.recent?.versions[evidence.live]?.failed == 150)
      let finding = try #require(diagnosis.findings.first)
      #expect(finding.cause == .code)
      #expect(finding.commands.first == "gatehouse roll-back iris")
      let change = try #require(evidence.changes.first { $0.kind == .version })
      #expect(finding.evidence.contains { $0.hasSuffix("(entry \(change.entry))") })
      #expect(try await bench.entries()[change.entry].act == .rollOut)
    }
  }

  @Test func `versions that came to share callers are a change, however much else was done since`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.forest, to: control)
      bench.time.advance(by: .seconds(600))
      // More than are read at a time, of the same model and before the change.
      let recorder = control.recorder(for: .administrator)
      for _ in 0..<1100 {
        try await recorder.note(.setFacts, of: Sample.name().description, changes: [])
      }
      _ = try await control.share(
        Sample.name(),
        by: StandingShares([
          .init(version: .first, share: try #require(BasisPoints(4000))),
          .init(version: try #require(VersionNumber(2)), share: try #require(BasisPoints(6000))),
        ]), as: .administrator)
      let evidence = try await control.diagnose(Sample.name(), over: .seconds(500)).evidence
      #expect(evidence.changes.map(\.kind) == [.version])
      #expect(try #require(evidence.changes.first).words.hasPrefix("share of iris@2"))
    }
  }

  @Test func `the stage that answers wait in is told with the minute since when, and with the runbook`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let rules = "alerts: gatehouse/v1\nrules:\n  - latency: {runbook: \"https://wiki.example/latency\"}\n"
      _ = try await control.applyAlertRules(Array(rules.utf8), by: .administrator)
      var counts = try Self.counts(1, answered: 0)
      for minute in 0..<40 {
        bench.plane.count(PlaneCounts(instance: "a", versions: [counts]))
        _ = await control.alerts.look()
        bench.time.advance(by: .seconds(60))
        let isSlow = minute >= 35
        counts.answered += 60
        counts.latency[isSlow ? 12 : 6] += 60
        counts.stages[.receive] += 60 * (isSlow ? 80_000_000 : 200_000)
        counts.stages[.infer] += 60 * 300_000
      }
      bench.plane.count(PlaneCounts(instance: "a", versions: [counts]))
      _ = await control.alerts.look()
      let (evidence, diagnosis) = try await control.diagnose(Sample.name(), over: .seconds(900))
      let finding = try #require(diagnosis.findings.first)
      #expect(finding.cause == .network)
      #expect(finding.runbooks == ["https://wiki.example/latency"])
      let since = try #require(evidence.slowSince)
      #expect(295_000...365_000 ~= evidence.now.milliseconds - since.milliseconds)
      let stages = try #require(evidence.json["before"]?["stages"])
      #expect(stages["receiveMilliseconds"] == .number(0.2))
    }
  }

  @Test func `callers who come to no version, and refusals by cause, are in what a diagnosis is made of`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.count(PlaneCounts(instance: "a", versions: [try Self.counts(1, answered: 0)]))
      _ = await control.alerts.look()
      bench.time.advance(by: .seconds(60))
      var counts = PlaneCounts(instance: "a", versions: [try Self.counts(1, answered: 100)])
      var turned = CauseCounts()
      for place in 0..<50 { turned.add("key.expired", of: "key-\(place % 2)") }
      counts.turnedAway = [Sample.name(): turned]
      bench.plane.count(counts)
      _ = await control.alerts.look()
      let (evidence, diagnosis) = try await control.diagnose(Sample.name(), over: .seconds(900))
      #expect(diagnosis.findings.map(\.cause) == [.access])
      #expect(evidence.before == nil && evidence.knownSince != nil)
      #expect(evidence.json["traffic"]?["turnedAway"]?["total"] == 50)
      #expect(evidence.json["traffic"]?["turnedAway"]?["leastCallers"] == 2)
    }
  }

  @Test func `of what is not served there is no diagnosis`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let problem = await #expect(throws: Problem.self) {
        try await control.diagnose(Sample.name(), over: .seconds(600))
      }
      #expect(problem?.code == "deployment.unknown")
    }
  }
}
