import Access
import Domain
import Encoding
import Gates
import ModelTests
import Packaging
import Provenance

/// A packed version whose gates hold for coming into service.
public struct ReleasedImage: Sendable {
  /// The version and its image.
  let packed: PackedImage
  /// What every gate of the roll-out said.
  let report: GateReport
  /// Whether it had waited.
  let hasWaited: Bool

  fileprivate init(packed: PackedImage, report: GateReport, hasWaited: Bool) {
    self.packed = packed
    self.report = report
    self.hasWaited = hasWaited
  }
}

/// Holds a version against the gates of the roll-out.
struct Release: Sendable {
  /// How it turned out.
  enum Answer: Sendable {
    case released(ReleasedImage)
    /// It waits for people, or for a time; it goes on by itself.
    case waiting(GateReport)
    case refused(GateReport)
  }

  let registry: any RegistryReader
  let blobs: any BlobStore
  let policies: Policies
  let rules: AccessRules
  let advisor: any PolicyAdvisor
  let threats: ThreatModels
  let advisories: PublishedAdvisories
  let said: BundleFacts
  let seals: Seals
  let plane: any DataPlane
  let time: any TimeSource

  /// Asks the gates, on behalf of who has asked for the version to be served, and writes down what they said where they
  /// said anything.
  ///
  /// `despite` is the mark despite which the version is to come, where it has one.
  func callAsFunction(
    _ packed: PackedImage, for asker: RoleHolder, in manner: RolloutManner, despite mark: VersionMark? = nil,
    recorder: Recorder
  ) async throws(Problem) -> Answer {
    let version = packed.signed.version
    let report = try await report(on: version, packed.image?.manifest, for: asker)
    let former = try await registry.waiting(version.reference)
    let hasWaited = former != nil
    guard !report.results.isEmpty else {
      return .released(ReleasedImage(packed: packed, report: report, hasWaited: hasWaited))
    }
    let details: [String: JSON] = [
      "policy": .string(report.policy.description), "gates": report.json,
      "asker": .string(asker.principal.description),
    ]
    let subject = version.reference.description
    switch report.verdict {
    case .admitted:
      try await recorder.note(.gate, of: subject, details: details, changes: [])
      return .released(ReleasedImage(packed: packed, report: report, hasWaited: hasWaited))
    case .waiting:
      let waiting = WaitingRelease(
        version: version.reference, digest: version.bundle, asker: asker.principal,
        roles: Set(asker.roles.compactMap(Role.init(rawValue:))), since: former?.since ?? time.now(),
        manner: manner, despiteMark: mark?.at)
      // Asked again, it has waited since the first time; who asks for it despite a mark has looked at that.
      if former == nil || (mark != nil && former?.despiteMark != mark?.at) {
        try await recorder.note(.wait, of: subject, details: details, changes: [.governance(.wait(waiting))])
      }
      return .waiting(report)
    case .refused:
      let problem = report.problem
      let refused = details.merging([
        "code": .string(problem?.code ?? ""), "message": .string(problem?.message.excerpt(1000) ?? ""),
      ]) { $1 }
      try await recorder.note(
        .gate, phase: .failed, of: subject, details: refused,
        changes: hasWaited ? [.governance(.endWait(version.reference, at: time.now()))] : [])
      return .refused(report)
    }
  }

  /// What the gates say of a version now; nothing is written down.
  func report(
    on version: ModelVersion, _ image: Digest?, for asker: RoleHolder, at phase: PolicyPhase = .rollOut
  ) async throws(Problem) -> GateReport {
    let policy = try await policies.active()
    var evidence = try await evidence(on: version, image)
    evidence.deployer = asker
    if policy.goesBy("tests", "metrics") { evidence.tests = try await tests(of: version.reference) }
    if policy.goesBy("seals", "model-size", "advisories") {
      let facts = await said(of: version.bundle)?.facts
      evidence.modelBytes = facts?.modelBytes
      let trusted = try await seals.trusted()
      // A key that was revoked since vouches for nothing.
      evidence.seals = facts.map { facts in
        trusted.filter { $0.hint == facts.author }.map { SealEvidence(hint: $0.hint) }
      }
      try await advisories.state(facts?.packages, in: &evidence, asked: policy)
    }
    if policy.goesBy("process-age") {
      // Who cannot be asked is of no age that anybody knows.
      evidence.oldestProcess = try? await plane.process()?.startedAt
    }
    evidence.openThreats = try await threats.open(of: version, asked: policy)
    return await advisor.report(by: policy, on: evidence, at: phase)
  }

  private func evidence(on version: ModelVersion, _ image: Digest?) async throws(Problem) -> AdmissionEvidence
  {
    let name = version.reference.name
    var evidence = AdmissionEvidence()
    evidence.state(
      version.reference, of: try await rules.current().project(of: name), by: version.pushedBy,
      try await registry.facts(of: name), version.trainingData, now: time.now())
    evidence.digest = version.bundle
    evidence.environment = try await registry.environment()
    if let promotion = try await registry.promotion(of: version.reference),
      // A key that was revoked since vouches for nothing.
      try await seals.trusted().contains(where: { $0.hint == promotion.key })
    {
      evidence.promotion = promotion.evidence
    }
    let framework = version.framework.split(separator: " ", maxSplits: 1)
    evidence.framework = framework.first.map(String.init)
    evidence.frameworkVersion = framework.count == 2 ? String(framework[1]) : nil
    evidence.approvals = try await registry.approvals(of: version.reference).compactMap(\.approval)
    if let image {
      let documents = try await ImageDocuments(of: image, in: blobs)
      evidence.imageBytes =
        documents.manifest.count + documents.configuration.count
        + documents.layers.reduce(0) { $0 + $1.blob.size }
    }
    return evidence
  }

  /// How its tests went when it was admitted.
  private func tests(of version: VersionReference) async throws(Problem) -> TestEvidence? {
    guard let record = try await registry.tests(of: version) else { return nil }
    let report = try await blobs.read(record.report, limit: TestSummary.sizeLimit)
    return TestEvidence(
      try TestSummary(parsing: report), isPassed: record.isPassed, comparedWith: record.champion?.version,
      for: version.version,
      served: try await registry.deployments().first { $0.name == version.name }?.version)
  }
}
