import Access
public import Domain
import Encoding
public import Gates
import Inspection
import Lifting
import Provenance
import Threats

/// The fourth stage: every gate of the policy holds.
public struct AdmittedModel: Sendable {
  /// What was admitted.
  public let lifted: LiftedModel
  /// What each gate said.
  public let report: GateReport
  /// The digest of the policy that admitted it.
  public let policy: Digest
  /// How its tests went.
  let tests: CandidateTests?
  /// The threats of the version that is made of it.
  let threats: ThreatModel

  fileprivate init(
    lifted: LiftedModel, report: GateReport, policy: Digest, tests: CandidateTests?, threats: ThreatModel
  ) {
    self.tests = tests
    self.lifted = lifted
    self.threats = threats
    self.report = report
    self.policy = policy
  }
}

/// Holds a lifted model against the policy.
struct Gate: Sendable {
  let registry: any RegistryReader
  let policies: Policies
  let seals: Seals
  let rules: AccessRules
  let advisor: any PolicyAdvisor
  let threats: ThreatModels
  let advisories: PublishedAdvisories
  let time: any TimeSource

  func callAsFunction(
    _ candidate: TestedCandidate, recorder: Recorder
  ) async throws(Problem) -> AdmittedModel {
    let lifted = candidate.lifted
    let inspected = lifted.inspected
    let pushed = inspected.pushed
    return try await recorder.record(.gate, of: "\(pushed.name) \(pushed.digest)") {
      () async throws(Problem) in
      // It was verified before the model was tested, and its key may have been revoked meanwhile.
      if let hint = pushed.sealedBy, let problem = try await seals.problem(ofSealsBy: hint, on: pushed.name) {
        return .refused(problem)
      }
      if let hint = pushed.promotion?.key,
        let problem = try await seals.problem(ofSealsBy: hint, on: pushed.name)
      {
        return .refused(problem)
      }
      let policy = try await policies.active()
      let (evidence, threats) = try await evidence(on: candidate, asked: policy)
      let report = await advisor.report(by: policy, on: evidence, at: .admission)
      let details: [String: JSON] = ["policy": .string(policy.digest.description), "gates": report.json]
      if let problem = report.problem {
        return .refused(
          problem, details: details,
          changes: [.quarantine(pushed.quarantined(as: inspected.report.verdict, at: time.now()))])
      }
      return .done(
        AdmittedModel(
          lifted: lifted, report: report, policy: policy.digest, tests: candidate.tests, threats: threats),
        details: details)
    }
  }

  private func evidence(
    on candidate: TestedCandidate, asked policy: Policy
  ) async throws(Problem) -> (AdmissionEvidence, ThreatModel) {
    let lifted = candidate.lifted
    let inspected = lifted.inspected
    let pushed = inspected.pushed
    var evidence = AdmissionEvidence(
      format: inspected.report.format, verdict: inspected.report.verdict,
      findings: inspected.report.findings, framework: lifted.lifted.framework,
      modelBytes: lifted.modelBytes)
    let version = try await registry.versions(of: pushed.name).last?.reference.version.next ?? .first
    // Of a model that is there its project is where it is, whatever a push says.
    let present = try await rules.current().project(of: pushed.name)
    let project = version == .first ? pushed.project ?? present : present
    let reference = VersionReference(name: pushed.name, version: version)
    let facts = pushed.facts.over(try await registry.facts(of: pushed.name))
    evidence.state(
      reference, of: project, by: pushed.principal,
      facts, pushed.trainingData, now: time.now())
    evidence.frameworkVersion = lifted.lifted.frameworkVersion
    let served = try await registry.deployments().first { $0.name == pushed.name }?.version
    evidence.tests = candidate.tests?.evidence(for: version, served: served)
    evidence.environment = try await registry.environment()
    evidence.promotion = pushed.promotion?.evidence
    evidence.seals = pushed.sealedBy.map { [SealEvidence(hint: $0)] } ?? []
    let packages = try lifted.packages(as: reference)
    try await advisories.state(packages, in: &evidence, asked: policy)
    let model = try await threats.model(of: reference, lifted, packages, facts, in: project)
    evidence.openThreats = model.open
    return (evidence, model)
  }
}
