import Domain
import Gates
import Testing

/// Gates that ask about advisories, threats, exposure and time.
@Suite struct RiskGateTests {
  private static func advisory(_ severity: Severity, _ published: String?, _ id: String = "CVE-1") -> Advisory
  {
    Advisory(id: id, component: "numpy 1.0", severity: severity, published: published.map(Example.moment))
  }

  static let advisories: [(String, [Advisory]?, String)] = [
    ("{at-most: medium}", [], "passed: there is no advisory graver than medium"),
    ("{at-most: medium}", [advisory(.medium, nil)], "passed: there is no advisory graver than medium"),
    (
      "{at-most: medium}", [advisory(.high, nil), advisory(.critical, nil, "CVE-2")],
      "failed: expected no advisory graver than medium, found CVE-2 of severity critical in numpy 1.0 and 1 more"
    ),
    (
      "{at-most: medium, older-than: 14d}", [advisory(.high, "2026-11-07T09:30:00.001Z")],
      "passed: there is no advisory graver than medium older than 14d"
    ),
    (
      "{at-most: medium, older-than: 14d}", [advisory(.high, "2026-11-07T09:30:00Z")],
      "failed: expected no advisory graver than medium older than 14d, found CVE-1 of severity high in numpy 1.0"
    ),
    (
      "{at-most: medium, older-than: 14d}", [advisory(.high, nil)],
      "failed: expected no advisory graver than medium older than 14d, found CVE-1 of severity high in numpy 1.0"
    ),
    (
      "{at-most: medium}", nil,
      "failed: expected no advisory graver than medium, found that no advisories were ever imported"
    ),
  ]

  @Test(arguments: advisories)
  func `advisories stand up to a severity, and graver ones for a while`(
    gate: String, advisories: [Advisory]?, answer: String
  ) throws {
    #expect(try Example.answer("advisories: \(gate)") { $0.advisories = advisories } == answer)
  }

  /// The newest advisory of 2026-11-01, and the present moment that examples have.
  private static let source = AdvisorySource(
    digest: Digest(words: 1, 0, 0, 0), newest: Example.moment("2026-11-01T09:30:00Z"))

  static let sources: [(String, AdvisorySource?, String)] = [
    (
      "{at-most: medium}", source,
      "passed: there is no advisory graver than medium in sha256:0000000000000001"
        + String(repeating: "0", count: 48)
    ),
    (
      "{at-most: medium, source-within: 21d}", source,
      "passed: there is no advisory graver than medium in sha256:0000000000000001"
        + String(repeating: "0", count: 48)
    ),
    (
      "{at-most: medium, source-within: 20d}", source,
      "failed: expected advisories of the last 20d, found that the newest is of 2026-11-01T09:30:00.000Z"
    ),
    (
      "{at-most: medium, source-within: 21d}", AdvisorySource(digest: Digest(words: 1, 0, 0, 0), newest: nil),
      "failed: expected advisories of the last 21d, found that how new they are is not known"
    ),
    (
      "{at-most: medium, source-within: 21d}", nil,
      "failed: expected advisories of the last 21d, found that how new they are is not known"
    ),
  ]

  @Test(arguments: sources)
  func `advisories are named by their digest, and have to be of late where the gate says so`(
    gate: String, source: AdvisorySource?, answer: String
  ) throws {
    #expect(
      try Example.answer("advisories: \(gate)") {
        $0.advisories = []
        $0.advisorySource = source
      } == answer)
  }

  @Test func `what it is made of has to be known where advisories are`() throws {
    let answer = try Example.answer("advisories: {at-most: critical}") { $0.advisorySource = Self.source }
    #expect(
      answer
        == "failed: expected no advisory graver than critical, found that what it is made of is not known")
  }

  @Test func `where a component was mended is told`() throws {
    let advisory = Advisory(
      id: "CVE-1", component: "numpy 1.0", severity: .high, published: nil, fixes: ["1.19.0", "2.0"])
    let answer = try Example.answer("advisories: {at-most: low}") { $0.advisories = [advisory] }
    #expect(
      answer
        == "failed: expected no advisory graver than low, found CVE-1 of severity high in numpy 1.0, mended in 1.19.0"
    )
  }

  static let threats: [(String, [RiskLevel: Int]?, String)] = [
    ("{high: 0, medium: 3}", [:], "passed: at most 0 critical, 0 high and 3 medium threats open"),
    (
      "{high: 0, medium: 3}", [.medium: 3, .low: 99],
      "passed: at most 0 critical, 0 high and 3 medium threats open"
    ),
    (
      "{high: 0, medium: 3}", [.high: 1, .medium: 4],
      "failed: expected at most 0 critical, 0 high and 3 medium threats open, found 1 high and 4 medium"
    ),
    // Graver than all that are named.
    (
      "{medium: 3}", [.critical: 1],
      "failed: expected at most 0 critical, 0 high and 3 medium threats open, found 1 critical"
    ),
    (
      "{critical: 0}", nil,
      "failed: expected at most 0 critical threats open, found that which threats are open is not known"
    ),
  ]

  @Test(arguments: threats)
  func `open threats are counted by their level`(
    bounds: String, open: [RiskLevel: Int]?, answer: String
  ) throws {
    #expect(
      try Example.answer("threats: {open-at-most: \(bounds)}\n    at: admission", .admission) {
        $0.digest = nil
        $0.openThreats = open
      } == answer)
  }

  @Test func `open threats of a version wait for who decides on them`() throws {
    let answer = try Example.answer("threats: {open-at-most: {high: 0}}", .rollOut) {
      $0.openThreats = [.high: 2]
    }
    #expect(answer == "waiting: expected at most 0 critical and 0 high threats open, found 2 high")
  }

  private static let exposure = "exposure: {public: [external, internal], internal: [internal], gold: []}"
  static let exposures: [(DataClass?, Exposure?, String)] = [
    (.public, .external, "passed: public data may be external"),
    (.internal, .internal, "passed: internal data may be internal"),
    (.internal, .external, "failed: expected internal data to be exposed as internal alone, found external"),
    (.gold, .internal, "failed: expected gold data to be exposed as none alone, found internal"),
    (.platinum, .internal, "failed: expected platinum data to be exposed as none alone, found internal"),
    (
      .public, nil,
      "failed: expected public data to be exposed as external or internal alone, found that the exposure is not known"
    ),
    (
      nil, .internal,
      "failed: expected an exposure that its data class allows, found that the data class is not known"
    ),
  ]

  @Test(arguments: exposures)
  func `data of a class is exposed as the policy allows`(
    dataClass: DataClass?, exposure: Exposure?, answer: String
  ) throws {
    let found = try Example.answer(Self.exposure) {
      $0.dataClass = dataClass
      $0.exposure = exposure
    }
    #expect(found == answer)
  }

  @Test(arguments: PolicyPhase.allCases)
  func `platinum data is external under no policy at all`(phase: PolicyPhase) throws {
    let policy = try Example.policy("tests: {passed: true}")
    let report = policy.evaluate(
      Example.evidence {
        $0.tests = TestEvidence(passed: true)
        $0.dataClass = .platinum
        $0.exposure = .external
      }, at: phase)
    #expect(report.verdict == .refused && report.problem?.code == "gate.exposure")
    #expect(report.results.first { $0.gate == "gate.exposure" }?.line == nil)
    #expect(report.problem?.message.contains("no external exposure of platinum data") == true)
  }

  // 2026-11-21 is a Saturday.
  static let windows: [(String, String?, String)] = [
    (
      "{days: [sat], from: \"08:00\", to: \"16:00\"}", "2026-11-21T08:00:00Z",
      "passed: within sat 08:00 to 16:00 UTC"
    ),
    (
      "{days: [sat], from: \"08:00\", to: \"16:00\"}", "2026-11-21T16:00:00Z",
      "waiting: expected a time within sat 08:00 to 16:00 UTC, found sat 16:00"
    ),
    (
      "{days: [mon, tue], from: \"08:00\", to: \"16:00\"}", "2026-11-21T09:05:00Z",
      "waiting: expected a time within mon, tue 08:00 to 16:00 UTC, found sat 09:05"
    ),
    (
      "{days: [fri], from: \"22:00\", to: \"04:00\"}", "2026-11-21T03:59:59Z",
      "passed: within fri 22:00 to 04:00 UTC"
    ),
    (
      "{days: [fri], from: \"22:00\", to: \"04:00\"}", "2026-11-21T22:30:00Z",
      "waiting: expected a time within fri 22:00 to 04:00 UTC, found sat 22:30"
    ),
    (
      "{days: [thu], from: \"00:00\", to: \"24:00\"}", "1970-01-01T00:00:00Z",
      "passed: within thu 00:00 to 24:00 UTC"
    ),
    (
      "{days: [wed], from: \"00:00\", to: \"24:00\"}", "1969-12-31T23:59:59Z",
      "passed: within wed 00:00 to 24:00 UTC"
    ),
    (
      "{days: [wed], from: \"00:00\", to: \"24:00\"}", nil,
      "failed: expected a time within wed 00:00 to 24:00 UTC, found that the present time is not known"
    ),
  ]

  @Test(arguments: windows)
  func `a change window is a time of day on some days`(gate: String, now: String?, answer: String) throws {
    let found = try Example.answer("change-window: \(gate)") { $0.now = now.map(Example.moment) }
    #expect(found == answer)
  }
}
