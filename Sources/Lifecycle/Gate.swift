public import Domain
import Encoding
public import Gates
import Inspection
import Lifting
import Provenance

/// The fourth stage: every gate of the policy holds.
public struct AdmittedModel: Sendable {
  /// What was admitted.
  public let lifted: LiftedModel
  /// What each gate said.
  public let report: GateReport
  /// The digest of the policy that admitted it.
  public let policy: Digest

  fileprivate init(lifted: LiftedModel, report: GateReport, policy: Digest) {
    self.lifted = lifted
    self.report = report
    self.policy = policy
  }
}

/// Holds a lifted model against the policy.
struct Gate: Sendable {
  let policy: Policy
  let policyDigest: Digest
  let time: any TimeSource

  init(policy: Policy, time: any TimeSource) {
    self.policy = policy
    self.policyDigest = policy.digest
    self.time = time
  }

  func callAsFunction(_ lifted: LiftedModel, recorder: Recorder) async throws(Problem) -> AdmittedModel {
    let inspected = lifted.inspected
    let pushed = inspected.pushed
    return try await recorder.record(.gate, of: "\(pushed.name) \(pushed.digest)") {
      () async throws(Problem) in
      var evidence = AdmissionEvidence(
        format: inspected.report.format, verdict: inspected.report.verdict,
        findings: inspected.report.findings, framework: lifted.lifted.framework,
        modelBytes: lifted.modelBytes)
      evidence.model = pushed.name
      evidence.frameworkVersion = lifted.lifted.frameworkVersion
      evidence.author = pushed.principal
      evidence.now = time.now()
      evidence.trainingData = pushed.trainingData.sets.map { TrainingDataEvidence(name: $0.name) }
      let report = policy.evaluate(evidence)
      let details: [String: JSON] = ["policy": .string(policyDigest.description), "gates": report.json]
      if let problem = report.problem {
        return .refused(
          problem, details: details,
          changes: [.quarantine(pushed.quarantined(as: inspected.report.verdict, at: time.now()))])
      }
      return .done(
        AdmittedModel(lifted: lifted, report: report, policy: policyDigest), details: details)
    }
  }
}
