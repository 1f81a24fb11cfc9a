import Access
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
  let registry: any RegistryReader
  let policies: Policies
  let rules: AccessRules
  let advisor: any PolicyAdvisor
  let time: any TimeSource

  func callAsFunction(_ lifted: LiftedModel, recorder: Recorder) async throws(Problem) -> AdmittedModel {
    let inspected = lifted.inspected
    let pushed = inspected.pushed
    return try await recorder.record(.gate, of: "\(pushed.name) \(pushed.digest)") {
      () async throws(Problem) in
      let policy = try await policies.active()
      var evidence = try await evidence(on: lifted)
      for question in policy.questions(for: evidence) {
        guard let document = await advisor.answer(to: question) else { continue }
        evidence.answers.append(PolicyAnswer(to: question, document: document))
      }
      let report = policy.evaluate(evidence)
      let details: [String: JSON] = ["policy": .string(policy.digest.description), "gates": report.json]
      if let problem = report.problem {
        return .refused(
          problem, details: details,
          changes: [.quarantine(pushed.quarantined(as: inspected.report.verdict, at: time.now()))])
      }
      return .done(
        AdmittedModel(lifted: lifted, report: report, policy: policy.digest), details: details)
    }
  }

  private func evidence(on lifted: LiftedModel) async throws(Problem) -> AdmissionEvidence {
    let inspected = lifted.inspected
    let pushed = inspected.pushed
    var evidence = AdmissionEvidence(
      format: inspected.report.format, verdict: inspected.report.verdict,
      findings: inspected.report.findings, framework: lifted.lifted.framework,
      modelBytes: lifted.modelBytes)
    evidence.model = pushed.name
    evidence.version = try await registry.versions(of: pushed.name).last?.reference.version.next ?? .first
    // Of a model that is there its project is where it is, whatever a push says.
    let present = try await rules.current().project(of: pushed.name)
    evidence.project = (evidence.version == .first ? pushed.project ?? present : present).description
    let facts = pushed.facts.over(try await registry.facts(of: pushed.name))
    evidence.dataClass = facts.dataClass
    evidence.exposure = facts.exposure
    evidence.frameworkVersion = lifted.lifted.frameworkVersion
    evidence.author = pushed.principal
    evidence.now = time.now()
    evidence.seals = pushed.sealedBy.map { [SealEvidence(hint: $0)] } ?? []
    evidence.trainingData = pushed.trainingData.sets.map { TrainingDataEvidence(name: $0.name) }
    return evidence
  }
}
