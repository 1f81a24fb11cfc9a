import Domain
import Encoding
import Gates
import Testing

/// The gates at a push, and what becomes of their answers.
@Suite struct GatesTests {
  private static func policy() throws -> Policy {
    try Example.policy(
      "formats: [pickle, joblib]", "frameworks: [scikit-learn]", "findings: {at-most: low}",
      "model-size: {at-most: 1000 B}")
  }

  @Test func `a candidate that meets the policy passes every gate, each with its reason`() throws {
    let report = try Self.policy().evaluate(Example.evidence())
    #expect(report.isPassed && report.verdict == .admitted)
    #expect(report.problem == nil)
    #expect(
      report.results.map { "\($0.line ?? 0) \($0.gate): \($0.outcome.rawValue), \($0.reason)" } == [
        "0 gate.verdict: passed, every part of the artifact is understood",
        "4 gate.formats: passed, format joblib is allowed",
        "5 gate.frameworks: passed, framework scikit-learn is allowed",
        "6 gate.findings: passed, no finding is graver than low",
        "7 gate.model-size: passed, 1000 bytes of model are within 1000 bytes",
      ])
  }

  static let failing: [(AdmissionEvidence, String, String)] = [
    (
      Example.evidence { $0.format = "npy+zlib" }, "gate.formats",
      "expected a format among joblib, pickle, found npy"
    ),
    (
      Example.evidence { $0.format = "" }, "gate.formats",
      "expected a format among joblib, pickle, found "
    ),
    (
      Example.evidence { $0.format = nil }, "gate.formats",
      "expected a format among joblib, pickle, found that the format is not known"
    ),
    (
      Example.evidence { $0.framework = "xgboost" }, "gate.frameworks",
      "expected a framework among scikit-learn, found xgboost"
    ),
    (
      Example.evidence { $0.verdict = .dangerous }, "gate.verdict",
      "expected the verdict liftable, found dangerous"
    ),
    (
      Example.evidence { $0.verdict = nil }, "gate.verdict",
      "expected the verdict liftable, found that it is not known"
    ),
    (
      Example.evidence {
        $0.findings = [
          Example.finding(.note), Example.finding(.critical, "pickle.call"), Example.finding(.medium),
        ]
      }, "gate.findings",
      "expected no finding graver than low, found one of severity critical, pickle.call"
    ),
    (
      Example.evidence { $0.findings = nil }, "gate.findings",
      "expected no finding graver than low, found that what inspection found is not known"
    ),
    (
      Example.evidence { $0.modelBytes = 1001 }, "gate.model-size",
      "expected at most 1000 bytes of model, found 1001 bytes"
    ),
  ]

  @Test(arguments: failing)
  func `a gate that fails says why and stops the candidate`(
    evidence: AdmissionEvidence, gate: String, reason: String
  ) throws {
    let report = try Self.policy().evaluate(evidence)
    #expect(report.verdict == .refused && !report.isPassed)
    #expect(report.results.filter { !$0.isPassed }.map(\.gate) == [gate])
    #expect(report.problem?.category == .refused)
    #expect(report.problem?.code == gate)
    #expect(report.problem?.message == reason)
    #expect(report.problem?.hint == "push a model that meets the policy, or have the policy changed")
  }

  @Test func `every gate has a candidate that it stops`() throws {
    let stopping = Set(Self.failing.map(\.1))
    #expect(try stopping == Set(Self.policy().evaluate(Example.evidence()).results.map(\.gate)))
  }

  @Test func `all gates are asked, and the problem bears the first that failed`() throws {
    let report = try Self.policy().evaluate(AdmissionEvidence())
    #expect(report.results.map(\.outcome) == [.failed, .failed, .failed, .failed, .failed])
    #expect(report.problem?.code == "gate.verdict")
    #expect(report.problem?.message == report.results.map(\.reason).joined(separator: "; "))
  }

  @Test(arguments: Severity.allCases, Severity.allCases)
  func `a finding passes exactly where it is no graver than the policy allows`(
    found: Severity, allowed: Severity
  ) throws {
    let policy = try Example.policy("findings: {at-most: \(allowed.rawValue)}")
    let report = policy.evaluate(Example.evidence { $0.findings = [Example.finding(found)] })
    #expect(report.isPassed == (found <= allowed))
  }

  @Test func `a policy that allows no format stops all of them and says so`() throws {
    #expect(
      try Example.answer("formats: []", .admission)
        == "failed: expected a format among none, found joblib")
  }

  static let frameworks: [(String, String?, String)] = [
    ("scikit-learn >= 1.2", "1.9.1", "passed: framework scikit-learn 1.9.1 is allowed"),
    (
      "scikit-learn >= 1.10", "1.9.1",
      "failed: expected a framework among scikit-learn >= 1.10, found scikit-learn 1.9.1"
    ),
    ("scikit-learn == 1.9", "1.9.0", "passed: framework scikit-learn 1.9.0 is allowed"),
    // A bound without a build means each of them, and one with a build that one.
    ("scikit-learn <= 1.9", "1.9.0+cpu", "passed: framework scikit-learn 1.9.0+cpu is allowed"),
    (
      "scikit-learn == 1.9+cpu", "1.9+cu118",
      "failed: expected a framework among scikit-learn == 1.9+cpu, found scikit-learn 1.9+cu118"
    ),
    (
      "scikit-learn >= 1.2, < 1.9", "1.9",
      "failed: expected a framework among scikit-learn >= 1.2, < 1.9, found scikit-learn 1.9"
    ),
    (
      "scikit-learn >= 1.9", "1.9rc1",
      "failed: expected a framework among scikit-learn >= 1.9, found scikit-learn 1.9rc1"
    ),
    (
      "scikit-learn >= 1.2", nil,
      "failed: expected a framework among scikit-learn >= 1.2, found that the version of scikit-learn is not known"
    ),
    (
      "scikit-learn >= 1.2", "new",
      "failed: expected a framework among scikit-learn >= 1.2, found that the version of scikit-learn is not known"
    ),
    ("scikit-learn", nil, "passed: framework scikit-learn is allowed"),
  ]

  @Test(arguments: frameworks)
  func `versions of frameworks are compared as numbers`(
    requirement: String, version: String?, answer: String
  ) throws {
    let found = try Example.answer("frameworks: [\"\(requirement)\"]", .admission) {
      $0.frameworkVersion = version
    }
    #expect(found == answer)
  }

  @Test func `the report is carried with every result`() throws {
    let policy = try Example.policy("formats: [joblib]", "model-size: {at-most: 1 KiB}")
    let report = policy.evaluate(Example.evidence { $0.modelBytes = 1025 })
    #expect(
      report.json.canonicalText
        == #"{"passed":false,"phase":"admission","policy":"\#(policy.digest)","results":[{"gate":"gate.verdict","#
        + #""outcome":"passed","passed":true,"reason":"every part of the artifact is understood"},"#
        + #"{"gate":"gate.formats","line":4,"outcome":"passed","passed":true,"reason":"format joblib is allowed"},"#
        + #"{"gate":"gate.model-size","line":5,"outcome":"failed","passed":false,"#
        + #""reason":"expected at most 1 KiB of model, found 1025 bytes"}],"verdict":"refused"}"#)
  }

  @Test func `gates of another phase are not asked`() throws {
    let policy = try Example.policy(
      "formats: [joblib]", "image-size: {at-most: 20 MiB}", "tests: {passed: true}")
    let evidence = Example.evidence { $0.tests = TestEvidence(passed: true) }
    #expect(
      policy.evaluate(evidence).results.map(\.gate) == ["gate.verdict", "gate.formats", "gate.tests"])
    #expect(policy.evaluate(evidence, at: .rollOut).results.map(\.gate) == ["gate.image-size"])
  }

  @Test func `a gate is asked in the phase that the policy chooses`() throws {
    let policy = try Policy(
      parsing: Example.bytes(gates: ["tests: {passed: true}\n    at: roll-out"]))
    #expect(policy.gates.map(\.phase) == [.rollOut])
    #expect(policy.evaluate(Example.evidence()).results.map(\.gate) == ["gate.verdict"])
  }
}
