/// One admitted version of a model.
public struct ModelVersion: Equatable, Sendable {
  /// Which model, which version.
  public let reference: VersionReference
  /// The digest of its bundle: over the files, without the seal.
  public let bundle: Digest
  /// The digest of the artifact that was pushed.
  public let artifact: Digest
  /// The digest of the policy that admitted it.
  public let policy: Digest
  /// What it was trained with, `scikit-learn 1.9.1`.
  public let framework: String
  /// Who pushed it.
  public let pushedBy: Principal
  /// When it was admitted.
  public let admittedAt: Timestamp
  /// What it was trained with, by the word of whoever pushed it.
  public let trainingData: TrainingData

  /// Records an admitted version.
  public init(
    reference: VersionReference, bundle: Digest, artifact: Digest, policy: Digest, framework: String,
    pushedBy: Principal, admittedAt: Timestamp, trainingData: TrainingData = .unstated
  ) {
    self.reference = reference
    self.bundle = bundle
    self.artifact = artifact
    self.policy = policy
    self.framework = framework
    self.pushedBy = pushedBy
    self.admittedAt = admittedAt
    self.trainingData = trainingData
  }
}

/// A served name and the version that it stands for; while another comes by steps, that one has a share of its callers.
public struct Deployment: Equatable, Sendable {
  /// The name it is served under.
  public let name: ModelName
  /// The version that answers.
  public let version: VersionNumber
  /// The digest of that version's bundle.
  public let bundle: Digest
  /// Since when.
  public let since: Timestamp

  /// Records what is served under a name.
  public init(name: ModelName, version: VersionNumber, bundle: Digest, since: Timestamp) {
    self.name = name
    self.version = version
    self.bundle = bundle
    self.since = since
  }
}

/// A caller's key to one deployment, as it is kept: never the key, only its hash.
public struct PredictionKey: Equatable, Sendable {
  /// A public handle for it.
  public let id: String
  /// The SHA-256 of the whole key.
  ///
  /// The key has 256 random bits, so a slow hash would add nothing.
  public let hash: Digest
  /// The one deployment that it opens.
  public let deployment: ModelName
  /// When it was made.
  public let createdAt: Timestamp
  /// What it is bound to beside its deployment.
  public let terms: KeyTerms
  /// When it was revoked; nil where it was not.
  public let revokedAt: Timestamp?

  /// Records a key by its hash.
  public init(
    id: String, hash: Digest, deployment: ModelName, createdAt: Timestamp, terms: KeyTerms = .unbounded,
    revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.hash = hash
    self.deployment = deployment
    self.createdAt = createdAt
    self.terms = terms
    self.revokedAt = revokedAt
  }
}

/// An artifact that was refused and is kept for those who want to look at it; it is never served.
public struct QuarantinedArtifact: Equatable, Sendable {
  /// The digest of the artifact.
  public let artifact: Digest
  /// The name it was pushed under.
  public let name: ModelName
  /// What inspection said.
  public let verdict: InspectionVerdict
  /// Who pushed it.
  public let pushedBy: Principal
  /// When it was refused.
  public let refusedAt: Timestamp

  /// Records a refused artifact.
  public init(
    artifact: Digest, name: ModelName, verdict: InspectionVerdict, pushedBy: Principal,
    refusedAt: Timestamp
  ) {
    self.artifact = artifact
    self.name = name
    self.verdict = verdict
    self.pushedBy = pushedBy
    self.refusedAt = refusedAt
  }
}
