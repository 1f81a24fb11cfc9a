import Access
import Alerting
import Domain
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
