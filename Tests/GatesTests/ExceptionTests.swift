import Documents
import Domain
import Encoding
import Gates
import Testing

/// What a policy lets be, for whom and how long; and when gates are asked at all.
@Suite struct ExceptionTests {
  private static func report(
    _ scope: String, until: String = "2027-01-31", more: String = "",
    _ change: (inout AdmissionEvidence) -> Void = { _ in }
  ) throws -> GateResult? {
    let exceptions = """
      exceptions:
        - {id: EX-7, gate: findings, scope: \(scope), reason: harmless, approved-by: [ben], until: \(until)}
      \(more)
      """
    let policy = try Example.policy("findings: {at-most: low}", exceptions: exceptions)
    let evidence = Example.evidence {
      $0.findings = [Example.finding(.high, "pickle.unused-import")]
      change(&$0)
    }
    return policy.evaluate(evidence).results.last
  }

  private static let failed =
    "expected no finding graver than low, found one of severity high, pickle.unused-import"

  @Test func `a gate is excepted by name, with the day and the reason`() throws {
    let result = try Self.report("{models: [\"fraud-*\"], versions: [2, 3]}")
    #expect(result?.outcome == .excepted && result?.isPassed == true)
    #expect(result?.reason == Self.failed + "; excepted by EX-7 until 2027-01-31: harmless")
    #expect(result?.exceptions.map(\.id) == ["EX-7"])
    #expect(
      result?.json["exceptions"] == [["id": "EX-7", "until": "2027-01-31"]])
  }

  @Test(arguments: ["CVE-2024-5206", "GHSA-jw8x-*", "PYSEC-1"])
  func `an advisory is excepted by any of its names`(pattern: String) throws {
    let exceptions = """
      exceptions:
        - {id: EX-8, gate: advisories, scope: {models: ["*"], advisories: ["\(pattern)"]}, reason: not reached, \
      approved-by: [ben], until: 2027-01-31}
      """
    let policy = try Example.policy("advisories: {at-most: low}\n    at: admission", exceptions: exceptions)
    func outcome(_ ids: [String]) -> GateOutcome? {
      policy.evaluate(
        Example.evidence { evidence in
          evidence.advisories = ids.map { id in
            Advisory(
              id: id, aliases: id == "CVE-2024-5206" ? ["GHSA-jw8x-6495-233v", "PYSEC-1"] : [],
              component: "numpy 1.0", severity: .medium, published: nil)
          }
        }
      ).results.last?.outcome
    }
    #expect(outcome(["CVE-2024-5206"]) == .excepted)
    #expect(outcome(["CVE-2024-5206", "CVE-2"]) == .failed)
  }

  @Test func `a gate that holds needs no exception`() throws {
    let result = try Self.report("{models: [\"*\"]}") { $0.findings = [] }
    #expect(result?.outcome == .passed && result?.exceptions.isEmpty == true)
  }

  @Test(arguments: [
    "{models: [\"other-*\"]}", "{models: [\"*\"], versions: [4]}", "{models: [\"*\"], projects: [wholesale]}",
    "{models: [\"*\"], rules: [\"pickle.call\"]}",
  ])
  func `an exception for something else does not count`(scope: String) throws {
    let result = try Self.report(scope)
    #expect(result?.outcome == .failed && result?.reason == Self.failed)
  }

  @Test func `an exception for what is not known does not count`() throws {
    #expect(try Self.report("{models: [\"*\"]}") { $0.model = nil }?.outcome == .failed)
    #expect(try Self.report("{models: [\"*\"], versions: [3]}") { $0.version = nil }?.outcome == .failed)
    #expect(try Self.report("{models: [\"*\"], projects: [\"*\"]}") { $0.project = nil }?.outcome == .failed)
    #expect(try Self.report("{models: [\"*\"]}") { $0.now = nil }?.outcome == .failed)
  }

  @Test func `an exception ends with its last day, and it is told that it has`() throws {
    let last = try Self.report("{models: [\"*\"]}", until: "2026-11-21")
    #expect(last?.outcome == .excepted)
    let past = try Self.report("{models: [\"*\"]}", until: "2026-11-20")
    #expect(past?.outcome == .failed)
    #expect(past?.reason == Self.failed + "; exception EX-7 expired on 2026-11-20")
    #expect(past?.expired == ["EX-7"])
  }

  @Test func `an exception of one rule lets no other be`() throws {
    let scope = "{models: [\"*\"], rules: [\"pickle.unused-*\"]}"
    #expect(try Self.report(scope)?.outcome == .excepted)
    let other = try Self.report(scope) {
      $0.findings = [
        Example.finding(.high, "pickle.unused-import"), Example.finding(.critical, "pickle.call"),
      ]
    }
    #expect(other?.outcome == .failed)
  }

  @Test func `exceptions of several rules are taken together`() throws {
    let second =
      "  - {id: EX-8, gate: findings, scope: {models: [\"*\"], rules: [pickle.call]}, reason: known, approved-by: [ben], until: 2027-02-01}"
    let result = try Self.report("{models: [\"*\"], rules: [\"pickle.unused-*\"]}", more: second) {
      $0.findings = [
        Example.finding(.high, "pickle.unused-import"), Example.finding(.critical, "pickle.call"),
      ]
    }
    #expect(result?.outcome == .excepted)
    #expect(result?.exceptions.map(\.id) == ["EX-7", "EX-8"])
  }

  @Test func `no exception lets what is not liftable in`() throws {
    #expect(
      Example.faults(
        "tests: {passed: true}",
        exceptions:
          "exceptions: [{id: E, gate: verdict, scope: {models: [a]}, reason: r, approved-by: [b], until: 2027-01-31}]"
      ).first?.hasPrefix("5:28 policy.unknown-gate") == true)
  }

  @Test func `an exception of the exposure lets no platinum data out`() throws {
    let policy = try Example.policy(
      "exposure: {platinum: [internal]}",
      exceptions:
        "exceptions: [{id: E, gate: exposure, scope: {models: [\"*\"]}, reason: r, approved-by: [b], until: 2027-01-31}]"
    )
    let report = policy.evaluate(
      Example.evidence {
        $0.dataClass = .platinum
        $0.exposure = .external
      }, at: .rollOut)
    #expect(report.results.map(\.outcome) == [.failed, .excepted] && report.verdict == .refused)
  }

  // What the condition says, and whether its gate is asked of fraud-score of retail-fraud, gold and internal.
  static let conditions: [(String, Bool)] = [
    ("{model: [\"fraud-*\"]}", true), ("{model: [\"*-fraud\"]}", false), ("{project: \"retail-*\"}", true),
    ("{project: [wholesale]}", false), ("{data-class: [gold, platinum]}", true),
    ("{data-class: [public]}", false), ("{exposure: internal}", true), ("{exposure: [external]}", false),
    ("{model: [\"*\"], exposure: [external]}", false), ("{environment: [prod*]}", true),
    ("{environment: [staging]}", false),
  ]

  @Test(arguments: conditions)
  func `a gate is asked where its condition is met`(condition: String, isAsked: Bool) throws {
    let policy = try Policy(
      parsing: Example.bytes(gates: ["tests: {passed: true}\n    at: roll-out\n    when: \(condition)"]))
    let evidence = Example.evidence {
      $0.dataClass = .gold
      $0.exposure = .internal
      $0.environment = try? EnvironmentName(parsing: "production")
    }
    #expect(policy.evaluate(evidence, at: .rollOut).results.count == (isAsked ? 1 : 0))
    // What is not known may be anything.
    #expect(policy.evaluate(AdmissionEvidence(), at: .rollOut).results.count == 1)
  }
}
