import Domain
import Encoding
import Gates
import TestKit
import Testing

@Suite("Promotions") struct PromotionTests {
  private static let hint = String(repeating: "3f2a", count: 16)

  private static func promotion(
    from: String = "staging", by key: String = hint, daysAgo: Int64 = 2, servedHours: Int64 = 200
  ) throws -> PromotionEvidence {
    PromotionEvidence(
      from: try EnvironmentName(parsing: from), key: key,
      at: Timestamp(milliseconds: Example.now.milliseconds - daysAgo * 86_400_000),
      servedFor: servedHours * 3_600_000)
  }

  private static func answer(_ gate: String, _ promotion: PromotionEvidence?) throws -> String? {
    try Example.answer("promoted: \(gate)", .admission) { $0.promotion = promotion }
  }

  @Test func `a version that nobody promoted is told what would be enough`() throws {
    #expect(
      try Self.answer("{from: staging, by: 3f2a3f2a3f2a3f2a}", nil)
        == "failed: expected a version promoted from staging, found one that was not promoted")
  }

  @Test func `only the environments that are named may promote`() throws {
    let gate = "{from: [staging, \"pre-*\"], by: 3f2a3f2a3f2a3f2a}"
    #expect(try Self.answer(gate, try Self.promotion()) == "passed: promoted from staging")
    #expect(try Self.answer(gate, try Self.promotion(from: "pre-prod")) == "passed: promoted from pre-prod")
    #expect(try Self.answer(gate, try Self.promotion(from: "dev"))?.hasSuffix("found one from dev") == true)
  }

  @Test func `whoever has another key that is trusted cannot say that it comes from there`() throws {
    let other = String(repeating: "77aa", count: 16)
    #expect(
      try Self.answer("{from: staging, by: 3f2a3f2a3f2a3f2a}", try Self.promotion(by: other))
        == "failed: expected a version promoted from staging by the key 3f2a3f2a3f2a3f2a, found one by 77aa77aa77aa77aa"
    )
    // Fewer digits than 16 name no key.
    #expect(
      try Self.answer("{from: staging, by: 3f2a3f2a}", try Self.promotion())?.hasPrefix("failed: ") == true)
  }

  @Test func `it has to have served there for long enough`() throws {
    let gate = "{from: staging, by: 3f2a3f2a3f2a3f2a, served-for: 7d}"
    #expect(try Self.answer(gate, try Self.promotion(servedHours: 168)) == "passed: promoted from staging")
    #expect(
      try Self.answer(gate, try Self.promotion(servedHours: 167))
        == "failed: expected a version promoted from staging that served there for 7d, found one that did for 6d 23h"
    )
  }

  @Test func `and to have been promoted within the time`() throws {
    let gate = "{from: staging, by: 3f2a3f2a3f2a3f2a, within: 14d}"
    #expect(
      try Self.answer(gate, try Self.promotion(daysAgo: 14)) == "passed: promoted from staging within 14d")
    #expect(
      try Self.answer(gate, try Self.promotion(daysAgo: 15))
        == "failed: expected a version promoted from staging within 14d, found one of 2026-11-06T09:30:00.000Z"
    )
  }

  @Test func `without a key the gate is a fault`() {
    #expect(Example.faults("promoted: {from: staging}").count == 1)
  }

  @Test func `changes are read as they are written`() throws {
    let moment = Timestamp(milliseconds: 1_800_000_000_000)
    let record = PromotionRecord(
      version: VersionReference(name: Sample.name(), version: .first), statement: Example.digest,
      from: try EnvironmentName(parsing: "staging"),
      source: VersionReference(name: Sample.name(), version: VersionNumber.first.next), key: Self.hint,
      promotedAt: moment, servedFor: 5, at: moment)
    for change in [
      PromotionChange.setEnvironment(try EnvironmentName(parsing: "production"), at: moment),
      .promote(record),
    ] {
      let written = GovernanceChange.promotion(change)
      #expect(GovernanceChange(json: written.json) == written)
    }
    var json = try #require(record.json.object)
    json["servedFor"] = -1
    #expect(throws: Problem.self) { try PromotionRecord(json: .object(json)) }
  }

  @Test(arguments: ["", "Production", "-a", "a-", "a b", "über", String(repeating: "a", count: 64)])
  func `an environment is a label`(text: String) {
    let problem = #expect(throws: Problem.self) { try EnvironmentName(parsing: text) }
    #expect(problem?.code == "environment.malformed")
  }
}
