import Access
public import Domain
import Encoding
public import Gates
import Packaging

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
  let time: any TimeSource

  /// Asks the gates, on behalf of who has asked for the version to be served, and writes down what they said where they
  /// said anything.
  func callAsFunction(
    _ packed: PackedImage, for asker: RoleHolder, recorder: Recorder
  ) async throws(Problem) -> Answer {
    let version = packed.signed.version
    let report = try await report(on: version, packed.image?.manifest, for: asker)
    let hasWaited = try await isWaiting(version.reference)
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
        roles: Set(asker.roles.compactMap(Role.init(rawValue:))), since: time.now())
      // Asked again, it has waited since the first time.
      if !hasWaited {
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
    for question in policy.questions(for: evidence, at: phase) {
      guard let document = await advisor.answer(to: question) else { continue }
      evidence.answers.append(PolicyAnswer(to: question, document: document))
    }
    return policy.evaluate(evidence, at: phase)
  }

  /// Whether a version waits.
  func isWaiting(_ reference: VersionReference) async throws(Problem) -> Bool {
    try await registry.governance(.waiting, startingWith: reference.description).contains {
      $0.id == reference.description
    }
  }

  private func evidence(on version: ModelVersion, _ image: Digest?) async throws(Problem) -> AdmissionEvidence
  {
    let name = version.reference.name
    var evidence = AdmissionEvidence()
    evidence.model = name
    evidence.version = version.reference.version
    evidence.digest = version.bundle
    evidence.project = try await rules.current().project(of: name).description
    let facts = try await registry.facts(of: name)
    evidence.dataClass = facts.dataClass
    evidence.exposure = facts.exposure
    evidence.author = version.pushedBy
    evidence.now = time.now()
    let framework = version.framework.split(separator: " ", maxSplits: 1)
    evidence.framework = framework.first.map(String.init)
    evidence.frameworkVersion = framework.count == 2 ? String(framework[1]) : nil
    evidence.trainingData = version.trainingData.sets.map { TrainingDataEvidence(name: $0.name) }
    evidence.approvals = try await registry.approvals(of: version.reference).compactMap(\.approval)
    if let image {
      let documents = try await ImageDocuments(of: image, in: blobs)
      evidence.imageBytes =
        documents.manifest.count + documents.configuration.count
        + documents.layers.reduce(0) { $0 + $1.blob.size }
    }
    return evidence
  }
}

extension RegistryReader {
  /// What is said of a model beside its versions.
  public func facts(of model: ModelName) async throws(Problem) -> ModelFacts {
    let record = try await governance(.facts, startingWith: model.description).first {
      $0.id == model.description
    }
    return try record.map { (record) throws(Problem) in try ModelFacts(json: record.value) } ?? ModelFacts()
  }

  /// What people said of a version, for whatever policy.
  public func approvals(of version: VersionReference) async throws(Problem) -> [ApprovalRecord] {
    var all: [ApprovalRecord] = []
    for record in try await governance(.approval, startingWith: "\(version) ") {
      all.append(try ApprovalRecord(json: record.value))
    }
    return all
  }

  /// The blobs that are files of policies, in force, former and proposed.
  func policyFiles() async throws(Problem) -> Set<Digest> {
    var digests: Set<Digest> = []
    for record in try await governance(.policy, startingWith: "") {
      digests.insert(try AppliedPolicy(json: record.value).digest)
    }
    for record in try await governance(.proposal, startingWith: "") {
      digests.insert(try PolicyProposal(json: record.value).digest)
    }
    return digests
  }

  /// The versions that wait for their gates, by name.
  public func waiting() async throws(Problem) -> [WaitingRelease] {
    var all: [WaitingRelease] = []
    for record in try await governance(.waiting, startingWith: "") {
      all.append(try WaitingRelease(json: record.value))
    }
    return all
  }
}
