import Documents
import Domain
import Encoding
import Gates
import YAML

/// Reads the input as a policy and as cases; each has faults with a place, or answers whatever it is asked.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPolicy(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let reading = PolicyReading(bytes)
  check(reading.faults)
  precondition((reading.policy == nil) == !reading.faults.isEmpty)
  if let policy = reading.policy {
    for evidence in [AdmissionEvidence(), known(by: policy)] {
      for phase in PolicyPhase.allCases {
        let report = policy.evaluate(evidence, at: phase)
        precondition(report == policy.evaluate(evidence, at: phase))
        precondition((report.problem == nil) == report.isPassed)
        precondition(report.results.compactMap(\.line) == policy.gates(for: evidence, at: phase).map(\.line))
        _ = report.json.canonicalBytes
      }
    }
  }
  let cases = PolicyCases(bytes)
  check(cases.faults)
  for policyCase in cases.cases { _ = policyCase.result(under: reading.policy ?? .standard).json }
  return 0
}

private func check(_ faults: [DocumentFault]) {
  precondition(faults.count <= 100)
  for fault in faults {
    precondition(fault.place.line >= 1 && fault.place.column >= 1 && fault.excerpt.count == 2)
    precondition(!fault.text(file: "f").utf8.contains { $0 < 0x20 && $0 != 0x0A })
  }
}

/// A candidate of which something is known for every gate.
private func known(by policy: Policy) -> AdmissionEvidence {
  var evidence = AdmissionEvidence(
    format: "joblib", verdict: .liftable,
    findings: [Finding(rule: "a.b", severity: .high, message: "m", remedy: "r")], framework: "xgboost",
    modelBytes: 1)
  evidence.model = try? ModelName(parsing: "fraud-score")
  evidence.version = .first
  evidence.digest = policy.digest
  evidence.project = "retail"
  evidence.dataClass = .gold
  evidence.exposure = .external
  evidence.environment = try? EnvironmentName(parsing: "production")
  if let staging = try? EnvironmentName(parsing: "staging") {
    evidence.promotion = PromotionEvidence(
      from: staging, key: String(repeating: "0123456789abcdef", count: 4),
      at: Timestamp(milliseconds: 1_790_000_000_000),
      servedFor: 86_400_000)
  }
  evidence.author = .platform
  evidence.now = Timestamp(milliseconds: 1_800_000_000_000)
  evidence.frameworkVersion = "2.0rc1"
  evidence.imageBytes = 1
  evidence.seals = [SealEvidence(hint: "0123456789abcdef0123", name: "a")]
  let holder = RoleHolder(principal: Principal(kind: .person, name: "a"), roles: ["approver", "operator"])
  evidence.approvals = [Approval(by: holder, digest: policy.digest, policy: policy.digest)]
  evidence.advisories = [Advisory(id: "CVE-1", component: "c", severity: .critical, published: nil)]
  let metrics = [Metric(name: "accuracy", value: 0.9), Metric(name: "auc", slice: "a=b", value: .nan)]
  evidence.tests = TestEvidence(passed: true, metrics: metrics, champion: .metrics(metrics))
  evidence.openThreats = [.high: 1]
  evidence.trainingData = [TrainingDataEvidence(name: "d", newest: evidence.now)]
  evidence.deployer = holder
  evidence.answers = policy.questions(for: evidence).map {
    PolicyAnswer(to: $0, document: ["result": true])
  }
  return evidence
}
