import Access
import Domain
import Encoding
import Gates
import Inspection
import Lifting
import ModelGraph
import Provenance
import Statements
import Threats

/// Writes the threats of versions down, from what the platform knows of them.
struct ThreatModels: Sendable {
  let registry: any RegistryReader
  /// What bundles say.
  let said: BundleFacts
  let plane: any DataPlane
  let confinements: Confinements
  let policies: Policies
  let advisories: PublishedAdvisories
  let rules: AccessRules
  let seals: Seals
  let training: TrainingReferences
  let time: any TimeSource

  /// The threats of a version as things are now.
  ///
  /// What its bundle says counts where its seal verifies; else none of that is known.
  func model(of version: ModelVersion) async throws(Problem) -> ThreatModel {
    let name = version.reference.name
    var facts = try await facts(
      of: version.reference, try await registry.facts(of: name),
      in: try await rules.current().project(of: name), try await training.known(of: version.reference))
    facts.trainingData = version.trainingData
    let said = await said(of: version.bundle)
    facts.inspection = said?.facts.inspection
    facts.framework = said?.facts.framework
    facts.answers = said?.facts.answers?.leaving(by: facts.disclosure)
    facts.advisories = await advisories.facts(of: said?.facts.packages, at: time.now())
    facts.seals = SealFacts(isSealed: said != nil, by: said?.key, author: said?.facts.author)
    return try await model(of: version.reference, by: version.pushedBy, facts)
  }

  /// The threats of the version that is about to be made of what was lifted, and has these packages; nil where nobody knows them.
  func model(
    of reference: VersionReference, _ lifted: LiftedModel, _ packages: [ModelBill.StatedPackage]?,
    _ stated: ModelFacts, in project: ProjectName
  ) async throws(Problem) -> ThreatModel {
    let pushed = lifted.inspected.pushed
    var facts = try await facts(
      of: reference, stated, in: project, await training.known(by: pushed.reference))
    facts.trainingData = pushed.trainingData
    let report = lifted.inspected.report
    facts.inspection = InspectionFacts(
      format: report.format, verdict: report.verdict,
      rules: Dictionary(report.findings.map { ($0.rule, $0.severity) }, uniquingKeysWith: max))
    facts.framework = FrameworkFacts(name: lifted.lifted.framework, version: lifted.lifted.frameworkVersion)
    facts.answers = AnswerFacts(lifted.lifted.graph.graph.signature).leaving(by: facts.disclosure)
    facts.advisories = await advisories.facts(of: packages, at: time.now())
    // A bundle is sealed before anything names it; by which key is no part of what is sealed.
    facts.seals = SealFacts(isSealed: true, author: pushed.sealedBy)
    return try await model(of: reference, by: pushed.principal, facts)
  }

  /// How many threats are open, by their level, where a policy or somebody whom it asks goes by that.
  func open(of version: ModelVersion, asked policy: Policy) async throws(Problem) -> [RiskLevel: Int]? {
    guard policy.goesBy("threats") else { return nil }
    return try await model(of: version).open
  }

  private func model(
    of reference: VersionReference, by author: Principal, _ facts: ThreatFacts
  ) async throws(Problem) -> ThreatModel {
    var decisions: [ThreatDecision] = []
    for record in try await registry.governance(.threat, startingWith: "\(reference.name) ") {
      let decision = try ThreatDecision(json: record.value)
      if decision.counts(forWorkOf: author) { decisions.append(decision) }
    }
    return ThreatModel(of: reference, from: facts, decisions: decisions, at: time.now())
  }

  /// What is known of a version that does not stand in its bundle.
  private func facts(
    of reference: VersionReference, _ stated: ModelFacts, in project: ProjectName,
    _ known: (columns: Bool, callers: Bool)
  ) async throws(Problem) -> ThreatFacts {
    let name = reference.name
    var facts = ThreatFacts()
    facts.exposure = stated.exposure
    facts.dataClass = stated.dataClass
    facts.owner = stated.owner
    let now = time.now()
    let keys = try await registry.keys().filter { key in
      key.deployment == name && key.revokedAt == nil && (key.terms.expiresAt.map { now < $0 } ?? true)
    }
    facts.callers = CallerFacts(
      keys: keys.map(\.terms), issuers: try await registry.issuers().map(\.issuer))
    let settings = try await registry.settings().first { $0.deployment == name }?.policy ?? .standard
    facts.limits = settings.limits
    facts.records = settings.records
    facts.defences = DefenceFacts(
      policy: settings.defences, isWatched: settings.isWatched, knowsColumns: known.columns,
      knowsCallers: known.callers)
    facts.isEncrypted = plane.baseURL.hasPrefix("https://")
    facts.confinement = await confinements.latest()
    let policy = try await policies.active()
    // Those that are asked of it: a gate for models of another kind stands against nothing here.
    var evidence = AdmissionEvidence()
    evidence.model = name
    evidence.project = project.description
    evidence.dataClass = stated.dataClass
    evidence.exposure = stated.exposure
    let gates = PolicyPhase.allCases.flatMap { policy.gates(for: evidence, at: $0) }
    facts.policy = PolicyFacts(digest: policy.digest, gates: Set(gates.map(\.name)))
    facts.replaced = try await replaced(by: reference)
    return facts
  }

  /// What was served before, as far as that can be told: the version in service, or the last before this one that may be.
  private func replaced(by reference: VersionReference) async throws(Problem) -> ReplacedFact {
    let served = try await registry.deployments().first { $0.name == reference.name }?.version
    if let served, served < reference.version { return .version(served) }
    let revocations = try await seals.revocations()
    let former = try await registry.versions(of: reference.name).last {
      $0.reference.version < reference.version && revocations.problem(of: $0.bundle) == nil
    }
    return former.map { .version($0.reference.version) } ?? .nothing
  }
}

extension ThreatFacts {
  /// How much of an answer leaves; all of it where nobody says.
  fileprivate var disclosure: DefencePolicy.Disclosure { defences?.policy.disclosure ?? .full }
}

extension GovernanceRecord {
  /// The blob that a record of a version's threats names.
  var document: Digest {
    get throws(Problem) { try Digest(parsing: value.string ?? "") }
  }
}
