import Alerting
import Domain
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
