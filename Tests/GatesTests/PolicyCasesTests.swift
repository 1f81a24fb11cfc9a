import Documents
import Domain
import Encoding
import Gates
import Testing

/// Cases that policies are held against.
@Suite struct PolicyCasesTests {
  private static let head = """
    defaults:
      model: fraud-score
      version: 3
      author: person:ana
      now: 2026-11-21T09:30:00Z
      format: joblib
      framework: scikit-learn 1.9.1
      verdict: liftable
      findings: []
      tests: {passed: true, metrics: {accuracy: 0.95, "accuracy[segment=young]": 0.8}, champion: {accuracy: 0.9}}
    cases:

    """

  private static func results(_ cases: String, _ gates: String...) throws -> [PolicyCaseResult] {
    let read = PolicyCases(Array((head + cases).utf8))
    #expect(read.faults.map { $0.text(file: "c") } == [])
    let policy = try Policy(parsing: Example.bytes(gates: gates))
    return read.cases.map { $0.result(under: policy) }
  }

  private static func faults(_ cases: String) -> [String] {
    PolicyCases(Array((head + cases).utf8)).faults.map {
      "\($0.place) \($0.code): \($0.message)" + ($0.hint.map { " (\($0))" } ?? "")
    }
  }

  @Test func `a case that comes out as it says has no differences`() throws {
    let results = try Self.results(
      "  - {name: good, evidence: {}, expect: admitted, gates: {findings: passed, gate.tests: passed, approvals: not-asked}}",
      "findings: {at-most: low}", "tests: {passed: true}",
      "metrics: [\"accuracy >= champion\", \"accuracy[segment=young] >= 0.8\"]",
      "approvals: {at-least: 1, roles: [approver]}")
    #expect(results.map(\.differences) == [[]])
    #expect(results.map(\.line) == [12])
  }

  @Test func `a case that does not says what was expected and what was found`() throws {
    let results = try Self.results(
      "  - {name: bad, evidence: {findings: [{rule: pickle.call, severity: critical}]}, expect: admitted, gates: {findings: excepted, tests: failed}}",
      "findings: {at-most: low}")
    #expect(
      results.map(\.differences) == [
        [
          "expected the verdict admitted, found refused", "expected gate.findings excepted, found failed",
          "expected gate.tests failed, found not-asked",
        ]
      ])
    #expect(results.first?.json["passed"] == false)
  }

  @Test func `a fact of the defaults can be made unknown`() throws {
    let results = try Self.results(
      "  - {name: a, evidence: {findings: unknown}, gates: {findings: failed}}\n  - {name: b, evidence: {}, expect: admitted}",
      "findings: {at-most: low}")
    #expect(results.allSatisfy(\.isPassed) && results.count == 2)
  }

  @Test func `approvals of a case are for its version and the tested policy, where it names no other`() throws
  {
    let gate = "approvals: {at-least: 1, roles: [approver]}"
    let cases = """
        - {name: a, at: roll-out, evidence: {approvals: {by: person:ben, roles: approver}}, expect: admitted}
        - {name: b, at: roll-out, evidence: {approvals: [{by: person:ana, roles: [approver]}]}, expect: waiting}
        - name: c
          at: roll-out
          evidence: {approvals: {by: person:ben, roles: approver, policy: "\(Example.otherDigest)"}}
          expect: waiting
        - name: d
          at: roll-out
          evidence: {approvals: {by: person:ben, roles: approver, digest: "\(Example.otherDigest)"}}
          expect: waiting
      """
    let results = try Self.results(cases, gate)
    #expect(results.map(\.differences) == [[], [], [], []])
  }

  @Test func `answers of a case are put to the questions of their places`() throws {
    let cases = """
        - {name: a, evidence: {answers: {"https://o/a": true}}, expect: admitted}
        - {name: b, evidence: {answers: {"https://o/b": true}}, expect: refused}
        - {name: c, evidence: {answers: {"https://o/a": 1}}, gates: {ask: failed}}
      """
    #expect(try Self.results(cases, "ask: {url: \"https://o/a\"}").allSatisfy(\.isPassed))
  }

  @Test func `every fact of the evidence can be stated`() throws {
    let cases = """
        - name: all
          at: roll-out
          evidence:
            project: retail
            data-class: gold
            exposure: internal
            environment: production
            model-size: 1 MiB
            image-size: 10 MiB
            seals: [{hint: abc, name: release-1}]
            advisories: [{id: CVE-1, component: numpy, severity: high, published: 2026-11-20}]
            advisory-source: {newest: 2026-11-20}
            open-threats: {medium: 1}
            training-data: [{name: rows, newest: 2026-11-01}]
            deployer: {by: person:olaf, roles: [operator]}
          expect: admitted
      """
    let results = try Self.results(
      cases, "image-size: {at-most: 20 MiB}", "model-size: {at-most: 1 MiB}\n    at: roll-out",
      "seals: {by: [\"release-*\"]}\n    at: roll-out",
      "advisories: {at-most: medium, older-than: 2d, source-within: 7d}",
      "exposure: {gold: [internal]}", "threats: {open-at-most: {medium: 1}}\n    at: roll-out",
      "training-data: {newest-within: 30d}\n    at: roll-out", "deployers: {roles: [operator]}")
    #expect(results.flatMap(\.differences) == [] && results.first?.report.results.count == 8)
  }

  static let faulty: [(String, String)] = [
    (
      "  - {name: a, evidence: {}}",
      "12:5 policy-test.expects-nothing: expected 'expect' or 'gates' in a case, found neither"
    ),
    (
      "  - {name: a, evidence: {modell: b}, expect: admitted}",
      "12:26 policy-test.unknown-member: expected a member of the evidence, found 'modell' (use 'model')"
    ),
    (
      "  - {name: a, evidence: {}, expect: admited}",
      "12:37 policy-test.unknown-word: expected a verdict, found 'admited' (use 'admitted')"
    ),
    (
      "  - {name: a, evidence: {}, gates: {gate.metric: failed}}",
      "12:37 policy-test.unknown-gate: expected a gate, found 'gate.metric' (use 'gate.metrics')"
    ),
    (
      "  - {name: a, evidence: {tests: {passed: true, metrics: {\"a b\": 1}}}, expect: admitted}",
      "12:58 policy-test.metric: expected a metric such as 'accuracy' or 'accuracy[segment=young]', found 'a b'"
    ),
    (
      "  - {name: a, evidence: {approvals: [{by: ana, roles: []}]}, expect: admitted}",
      "12:43 policy-test.type: expected somebody such as 'person:ana' or 'service:ci', found 'ana'"
    ),
  ]

  @Test(arguments: faulty)
  func `a fault of a case is told with its place`(cases: String, fault: String) {
    #expect(Self.faults(cases) == [fault])
  }

  @Test func `a fault of the defaults is told once`() {
    let text = "defaults: {verdict: good}\ncases:\n  - {name: a, evidence: {}, expect: admitted}\n"
    let faults = PolicyCases(Array((text + text.split(separator: "\n")[2]).utf8)).faults
    #expect(faults.map(\.code) == ["policy-test.unknown-word"])
  }
}
