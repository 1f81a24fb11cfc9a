import Domain
import Encoding
import Gates
import Testing

@Suite struct GatesTests {
  private static let policy = Policy(
    allowedFormats: ["pickle", "joblib"], allowedFrameworks: ["scikit-learn"], highestSeverity: .low,
    largestModelBytes: 1000)

  private static let good = AdmissionEvidence(
    format: "joblib", verdict: .liftable, findings: [], framework: "scikit-learn", modelBytes: 1000)

  private static func finding(_ severity: Severity) -> Finding {
    Finding(rule: "a.b", severity: severity, message: "m", remedy: "r")
  }

  private static func good(changing change: (inout AdmissionEvidence) -> Void) -> AdmissionEvidence {
    var evidence = good
    change(&evidence)
    return evidence
  }

  @Test func `a candidate that meets the policy passes every gate, each with its reason`() {
    let report = Self.policy.evaluate(Self.good)
    #expect(report.isPassed)
    #expect(report.problem == nil)
    #expect(report.results.map(\.isPassed) == [true, true, true, true, true])
    #expect(
      report.results.map { "\($0.gate): \($0.reason)" } == [
        "gate.format: format joblib is allowed", "gate.framework: framework scikit-learn is allowed",
        "gate.verdict: every part of the artifact is understood",
        "gate.severity: no finding is graver than low", "gate.model-size: 1000 bytes are within 1000",
      ])
  }

  @Test func `the compression around a format is not held against it`() {
    #expect(Self.policy.evaluate(Self.good(changing: { $0.format = "joblib+zlib" })).isPassed)
    #expect(!Self.policy.evaluate(Self.good(changing: { $0.format = "npy+zlib" })).isPassed)
  }

  static let failing: [(AdmissionEvidence, String, String)] = [
    (
      good { $0.format = "onnx" }, "gate.format", "expected a format among joblib, pickle, found onnx"
    ),
    (good { $0.format = "" }, "gate.format", "expected a format among joblib, pickle, found "),
    (good { $0.format = "Joblib" }, "gate.format", "expected a format among joblib, pickle, found Joblib"),
    (
      good { $0.framework = "xgboost" }, "gate.framework",
      "expected a framework among scikit-learn, found xgboost"
    ),
    (
      good { $0.verdict = .notLiftable }, "gate.verdict",
      "expected the verdict liftable, found not-liftable"
    ),
    (good { $0.verdict = .dangerous }, "gate.verdict", "expected the verdict liftable, found dangerous"),
    (good { $0.verdict = .malformed }, "gate.verdict", "expected the verdict liftable, found malformed"),
    (
      good { $0.findings = [finding(.note), finding(.critical), finding(.medium)] }, "gate.severity",
      "expected no finding graver than low, found one of severity critical"
    ),
    (
      good { $0.findings = [finding(.medium)] }, "gate.severity",
      "expected no finding graver than low, found one of severity medium"
    ),
    (
      good { $0.modelBytes = 1001 }, "gate.model-size", "expected at most 1000 bytes of model, found 1001"
    ),
  ]

  @Test(arguments: failing)
  func `a gate that fails says why and stops the candidate`(
    evidence: AdmissionEvidence, gate: String, reason: String
  ) {
    let report = Self.policy.evaluate(evidence)
    #expect(!report.isPassed)
    #expect(report.results.filter { !$0.isPassed }.map(\.gate) == [gate])
    #expect(report.problem?.category == .refused)
    #expect(report.problem?.code == gate)
    #expect(report.problem?.message == reason)
    #expect(report.problem?.hint == "push a model that meets the policy, or have the policy changed")
  }

  @Test func `every gate has a candidate that it stops`() {
    let stopping = Set(Self.failing.map(\.1))
    #expect(stopping == Set(Self.policy.evaluate(Self.good).results.map(\.gate)))
  }

  @Test func `all gates are asked, and the problem bears the first that failed`() {
    let evidence = Self.good {
      $0.format = "onnx"
      $0.framework = "torch"
      $0.verdict = .dangerous
      $0.findings = [Self.finding(.high)]
      $0.modelBytes = 5000
    }
    let report = Self.policy.evaluate(evidence)
    #expect(report.results.map(\.isPassed) == [false, false, false, false, false])
    #expect(report.problem?.code == "gate.format")
    #expect(report.problem?.message == report.results.map(\.reason).joined(separator: "; "))
  }

  @Test(arguments: [Severity.note, .low])
  func `findings up to the policy's severity may stand`(severity: Severity) {
    let evidence = Self.good { $0.findings = [Self.finding(severity), Self.finding(.note)] }
    #expect(Self.policy.evaluate(evidence).isPassed)
  }

  @Test(arguments: Severity.allCases, Severity.allCases)
  func `a finding passes exactly where it is no graver than the policy allows`(
    found: Severity, allowed: Severity
  ) {
    var policy = Self.policy
    policy.highestSeverity = allowed
    let evidence = Self.good { $0.findings = [Self.finding(found)] }
    #expect(policy.evaluate(evidence).isPassed == (found <= allowed))
  }

  @Test func `a policy that allows nothing stops everything and says so`() {
    let policy = Policy(
      allowedFormats: [], allowedFrameworks: [], highestSeverity: .note, largestModelBytes: 0)
    let report = policy.evaluate(Self.good)
    #expect(report.results.map(\.isPassed) == [false, false, true, true, false])
    #expect(report.results.first?.reason == "expected a format among none, found joblib")
  }

  @Test func `the report is carried with every result`() {
    let report = Self.policy.evaluate(Self.good { $0.modelBytes = 1001 })
    #expect(
      report.json.canonicalText
        == #"{"passed":false,"results":[{"gate":"gate.format","passed":true,"reason":"format joblib is allowed"},"#
        + #"{"gate":"gate.framework","passed":true,"reason":"framework scikit-learn is allowed"},"#
        + #"{"gate":"gate.verdict","passed":true,"reason":"every part of the artifact is understood"},"#
        + #"{"gate":"gate.severity","passed":true,"reason":"no finding is graver than low"},"#
        + #"{"gate":"gate.model-size","passed":false,"reason":"expected at most 1000 bytes of model, found 1001"}]}"#
    )
  }
}

@Suite struct PolicyTests {
  @Test func `the standard policy has one spelling`() {
    #expect(
      Policy.standard.json.canonicalText
        == #"{"allowedFormats":["CatBoost","LightGBM","ONNX","XGBoost","joblib","pickle"],"#
        + #""allowedFrameworks":["catboost","lightgbm","onnx","scikit-learn","xgboost"],"#
        + #""highestSeverity":"low","largestModelBytes":1073741824}"#)
  }

  @Test func `policies that allow the same have the same bytes`() {
    var other = Policy.standard
    other.allowedFormats = other.allowedFormats.reversed() + ["joblib"]
    #expect(other.json.canonicalBytes == Policy.standard.json.canonicalBytes)
  }

  @Test func `policies that allow something else have other bytes`() {
    let changes: [(inout Policy) -> Void] = [
      { $0.allowedFormats = ["joblib"] }, { $0.allowedFrameworks = [] }, { $0.highestSeverity = .note },
      { $0.largestModelBytes += 1 },
    ]
    var spellings: Set = [Policy.standard.json.canonicalText]
    for change in changes {
      var policy = Policy.standard
      change(&policy)
      spellings.insert(policy.json.canonicalText)
    }
    #expect(spellings.count == changes.count + 1)
  }
}
