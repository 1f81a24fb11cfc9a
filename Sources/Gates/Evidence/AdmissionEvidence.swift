public import Access
public import Documents
public import Domain

/// What is known of a candidate when the gates are asked, at a push or before it is served.
///
/// Nil stands for what nobody knows: a gate that asks for it does not hold. An empty list is knowledge: there is none.
public struct AdmissionEvidence: Equatable, Sendable {
  /// The model's name.
  public var model: ModelName?
  /// The number of the version; at a push the one that it would get.
  public var version: VersionNumber?
  /// What the version is known by and approvals are given for: its bundle's digest.
  public var digest: Digest?
  /// The project that the model belongs to.
  public var project: String?
  /// How sensitive its data is.
  public var dataClass: DataClass?
  /// Who can reach the deployment.
  public var exposure: Exposure?
  /// Where it is to be served: `production`.
  public var environment: EnvironmentName?
  /// Who pushed it.
  public var author: Principal?
  /// The present moment.
  public var now: Timestamp?

  /// The format of the artifact.
  public var format: String?
  /// The framework that it was trained with.
  public var framework: String?
  /// The version of that framework.
  public var frameworkVersion: String?
  /// What inspection said of it.
  public var verdict: InspectionVerdict?
  /// What inspection found.
  public var findings: [Finding]?
  /// The size of the lifted model in bytes, graph and weights together.
  public var modelBytes: Int?
  /// The size of the image in bytes, as a registry holds it.
  public var imageBytes: Int?

  /// From where it was promoted, where it was, by a key that is trusted.
  public var promotion: PromotionEvidence?
  /// The seals on what was pushed that were verified.
  public var seals: [SealEvidence]?
  /// The approvals that were given, for whatever version and under whatever policy.
  public var approvals: [Approval]?
  /// The known advisories about its components.
  public var advisories: [Advisory]?
  /// Where those come from; nil where none were ever imported.
  public var advisorySource: AdvisorySource?
  /// What its tests said.
  public var tests: TestEvidence?
  /// How many of its threats are open, by their level; a level that is left out has none.
  public var openThreats: [RiskLevel: Int]?
  /// The data that it was trained with.
  public var trainingData: [TrainingDataEvidence]?
  /// Since when the oldest process has been running that is to serve it.
  public var oldestProcess: Timestamp?
  /// Who serves it.
  public var deployer: RoleHolder?
  /// What was answered to the questions of `Policy.questions(for:at:)`.
  public var answers: [PolicyAnswer] = []

  /// Knows nothing yet.
  public init() {}

  /// Gathers what inspection and lifting know of a candidate.
  public init(
    format: String, verdict: InspectionVerdict, findings: [Finding], framework: String, modelBytes: Int
  ) {
    self.format = format
    self.verdict = verdict
    self.findings = findings
    self.framework = framework
    self.modelBytes = modelBytes
  }

  /// States what is known alike at a push and before a version is served.
  public mutating func state(
    _ reference: VersionReference, of project: ProjectName, by author: Principal, _ facts: ModelFacts,
    _ data: TrainingData, now: Timestamp
  ) {
    model = reference.name
    version = reference.version
    self.project = project.description
    self.author = author
    dataClass = facts.dataClass
    exposure = facts.exposure
    trainingData = data.sets.map { TrainingDataEvidence(name: $0.name) }
    self.now = now
  }

  /// The format without the compression around it: `joblib` of `joblib+zlib`.
  var plainFormat: String? { format.map { String($0.prefix { $0 != "+" }) } }
}

/// A seal that was verified: by whose key.
public struct SealEvidence: Hashable, Sendable {
  /// The hint of the key: the digest that it is named by, in hexadecimal.
  public let hint: String
  /// The name that the key is known by, where it has one.
  public let name: String?

  /// Names the key of a seal.
  public init(hint: String, name: String? = nil) {
    self.hint = hint
    self.name = name
  }
}

/// That another platform has promoted it: which one, and what it says of it.
public struct PromotionEvidence: Hashable, Sendable {
  /// The environment that it comes from.
  public let from: EnvironmentName
  /// The hint of the key of the platform that says so.
  public let key: String
  /// When it was promoted.
  public let at: Timestamp
  /// For how long it had been the live version there, in milliseconds.
  public let servedFor: Int64

  /// States a promotion.
  public init(from: EnvironmentName, key: String, at: Timestamp, servedFor: Int64) {
    self.from = from
    self.key = key
    self.at = at
    self.servedFor = servedFor
  }
}

/// Somebody with the roles that they have.
public struct RoleHolder: Hashable, Sendable {
  /// Who it is.
  public let principal: Principal
  /// The names of their roles.
  public let roles: Set<String>

  /// Names somebody.
  public init(principal: Principal, roles: Set<String>) {
    self.principal = principal
    self.roles = roles
  }

  /// Names somebody with roles of the platform.
  public init(_ principal: Principal, in roles: Set<Role>) {
    self.init(principal: principal, roles: Set(roles.map(\.rawValue)))
  }
}

/// Somebody's word that a version may be served.
///
/// It counts for this one version under this one policy: where either is another, it has expired.
public struct Approval: Hashable, Sendable {
  /// Who gave it, and what roles they had then.
  public let by: RoleHolder
  /// The digest of the version that it is for.
  public let digest: Digest
  /// The digest of the policy that they saw.
  public let policy: Digest

  /// Records an approval.
  public init(by: RoleHolder, digest: Digest, policy: Digest) {
    self.by = by
    self.digest = digest
    self.policy = policy
  }
}

/// The advisories that were asked.
public struct AdvisorySource: Hashable, Sendable {
  /// The digest of all of them.
  public let digest: Digest
  /// When any of them was last changed; nil where there is none.
  public let newest: Timestamp?

  /// Names advisories.
  public init(digest: Digest, newest: Timestamp?) {
    self.digest = digest
    self.newest = newest
  }
}

/// A known weakness of a component.
public struct Advisory: Hashable, Sendable {
  /// What it is known by: `CVE-2026-1234`.
  public let id: String
  /// What else it is known by: exceptions may name it by any.
  public let aliases: [String]
  /// The component that has it.
  public let component: String
  /// How grave it is.
  public let severity: Severity
  /// When it was published; nil where nobody says.
  public let published: Timestamp?
  /// The versions of the component in which it was mended, the nearest first.
  public let fixes: [String]

  /// States an advisory.
  public init(
    id: String, aliases: [String] = [], component: String, severity: Severity, published: Timestamp?,
    fixes: [String] = []
  ) {
    self.id = id
    self.aliases = aliases
    self.component = component
    self.severity = severity
    self.published = published
    self.fixes = fixes
  }

  /// All that it is known by.
  var names: [String] { [id] + aliases }
}

/// What the tests of a model said.
public struct TestEvidence: Hashable, Sendable {
  /// Whether all of them passed.
  public var passed: Bool
  /// The numbers that they state.
  public var metrics: [Metric]
  /// The same numbers of the version in service; nil where nobody knows whether there is one, or what they are.
  public var champion: Champion?

  /// States a report.
  public init(passed: Bool, metrics: [Metric] = [], champion: Champion? = nil) {
    self.passed = passed
    self.metrics = metrics
    self.champion = champion
  }
}

/// What a candidate is compared with: the version in service.
public enum Champion: Hashable, Sendable {
  /// Nothing of this name is in service yet: whatever is compared with it holds.
  case none
  /// The version in service states these.
  case metrics([Metric])
}

/// Data that a model was trained with, as far as gates ask.
public struct TrainingDataEvidence: Hashable, Sendable {
  /// What it is called.
  public let name: String
  /// The day of its newest row, or when it was drawn, by the word of whoever states it.
  public let newest: Timestamp?

  /// Names data.
  public init(name: String, newest: Timestamp? = nil) {
    self.name = name
    self.newest = newest
  }
}
