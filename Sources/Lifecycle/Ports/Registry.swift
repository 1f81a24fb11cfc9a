public import Access
public import Domain
public import Gates
public import Packaging
public import Provenance

/// One change of what the platform knows.
///
/// Goes in only together with the ledger entries that account for it.
public enum RegistryChange: Equatable, Sendable {
  /// The first record of a version; a version is never changed after that.
  case addVersion(ModelVersion)
  /// What a name serves from now on.
  case setDeployment(Deployment)
  /// Which version an alias names from now on.
  case setAlias(Alias)
  /// An alias names nothing any more.
  case removeAlias(AliasName, of: ModelName, at: Timestamp)
  /// A key that opens a deployment from now on.
  case addKey(PredictionKey)
  /// The key with this id opens nothing from this moment on.
  case revokeKey(id: String, at: Timestamp)
  /// Whose tokens are taken from now on, and with which keys.
  case setIssuer(ConfiguredIssuer)
  /// The tokens of the issuer with this URL are taken no more.
  case removeIssuer(url: String, at: Timestamp)
  /// How a deployment answers from now on.
  case setPolicy(DeploymentSettings)
  /// A refused artifact is kept.
  case quarantine(QuarantinedArtifact)
  /// A segment of access records is kept.
  case addSegment(KeptSegment)
  /// A damaged segment of access records was set aside.
  case addDamagedSegment(DamagedSegment)
  /// A version was packed into an image.
  case addImage(VersionImage)
  /// A key of seals is known from now on; where it is active, the former active one is trusted.
  case addSealKey(SealKey)
  /// A key of seals is of another state from now on.
  case changeSealKey(SealKeyChange)
  /// A version is withdrawn for good.
  case revokeVersion(Revocations.Version)
  /// A repository has a manifest from now on.
  case putManifest(StoredManifest)
  /// A repository has the manifest with this digest no more, nor any tag that named it.
  case removeManifest(Digest, of: RepositoryName, at: Timestamp)
  /// What a tag names from now on.
  case setTag(RepositoryTag)
  /// A tag names nothing any more.
  case removeTag(ImageTag, of: RepositoryName, at: Timestamp)
  /// Who may do what is another.
  case access(AccessChange)
  /// What must hold, or who agreed, is another.
  case governance(GovernanceChange)
}

/// The write side of registry and ledger: one port, so that nothing changes without an entry.
public protocol RegistryWriter: Sendable {
  /// Settles proposals in order, in one transaction, and signs one new checkpoint over all their entries: all of it
  /// durable when this returns.
  ///
  /// Each is decided by what those before it leave. One that is refused, or that contradicts what is there
  /// (`registry.conflict`, such as a version that exists), leaves the others whole. When this throws, either none of the
  /// batch has happened or all of it, never a part; all of it only where the disk failed after the commit itself.
  @discardableResult
  func commit(_ batch: [Proposal]) async throws(Problem) -> CommittedBatch
}

/// The read side of the registry.
public protocol RegistryReader: RepositoryReader {
  /// The names of all models that have a version, sorted.
  func modelNames() async throws(Problem) -> [ModelName]
  /// All versions of a model, oldest first; empty where there is none of that name.
  func versions(of name: ModelName) async throws(Problem) -> [ModelVersion]
  /// What every served name serves, sorted by name.
  func deployments() async throws(Problem) -> [Deployment]
  /// All aliases of all models, sorted by model and alias.
  func aliases() async throws(Problem) -> [Alias]
  /// All keys, revoked ones too, oldest first.
  func keys() async throws(Problem) -> [PredictionKey]
  /// Whose tokens are taken, sorted by URL.
  func issuers() async throws(Problem) -> [ConfiguredIssuer]
  /// The policies that were set for deployments, sorted by name.
  func settings() async throws(Problem) -> [DeploymentSettings]
  /// All refused artifacts, oldest first.
  func quarantined() async throws(Problem) -> [QuarantinedArtifact]
  /// The segment of access records with this name; nil where none is kept.
  func segment(_ name: SegmentName) async throws(Problem) -> KeptSegment?
  /// At most `count` kept segments of access records, in the order of their names as text, those after `name` alone.
  func segments(after name: SegmentName?, count: Int) async throws(Problem) -> [KeptSegment]
  /// All damaged segments of access records, oldest first.
  func damagedSegments() async throws(Problem) -> [DamagedSegment]
  /// All images of versions, oldest first.
  func images() async throws(Problem) -> [VersionImage]
  /// The image with this manifest; nil where there is none.
  func image(_ manifest: Digest) async throws(Problem) -> VersionImage?
  /// All keys of seals, oldest first.
  func sealKeys() async throws(Problem) -> [SealKey]
  /// All versions that are withdrawn, in the order in which they were.
  func revokedVersions() async throws(Problem) -> [Revocations.Version]
  /// Who may do what.
  func access() async throws(Problem) -> AccessState
  /// What is known of one kind of what must hold and who agreed: the records whose ids begin so, by id.
  func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) async throws(Problem)
    -> [GovernanceRecord]
}

/// The read side of the ledger.
public protocol LedgerReader: LedgerTreeReader, LedgerSearch {
  /// The signed checkpoint over all entries; nil before the first commit.
  func checkpoint() async throws(Problem) -> Checkpoint?
  /// The stored bytes of entries, as stored, in order from `first`; fewer than `count` at the end.
  func entryBytes(from first: Int, count: Int) async throws(Problem) -> [[UInt8]]
  /// The acts that have a `begun` entry and neither `done` nor `failed`: what a crash cut off.
  func unfinished() async throws(Problem) -> [LedgerEntry]
  /// Every way in which the store contradicts itself: unreadable pages, entries that do not hash to the
  /// checkpoint, registry rows without an entry that accounts for them. Empty when all is well.
  func audit(trusting key: CheckpointVerificationKey) async -> [Problem]
}
