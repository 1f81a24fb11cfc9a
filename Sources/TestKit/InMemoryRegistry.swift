public import Access
public import Domain
import Encoding
public import Gates
public import Lifecycle
public import Provenance

/// Registry and ledger in memory: the same rules as on disk, with faults on request.
public actor InMemoryRegistry: RegistryWriter, RegistryReader, LedgerReader {
  private let signingKey: CheckpointSigningKey
  private let faults: FaultPlan
  private(set) var state = RegistryState()
  private var unfinishedActs = UnfinishedActs()
  private(set) var entries: [[UInt8]] = []
  private(set) var leaves: [Digest] = []
  private var frontier = MerkleFrontier()
  private var signed: Checkpoint?

  /// An empty store; `faults` numbers its commits.
  public init(signingKey: CheckpointSigningKey, faults: FaultPlan = FaultPlan()) {
    self.signingKey = signingKey
    self.faults = faults
  }

  /// Settles proposals in order, and signs one checkpoint over all of them.
  public func commit(_ batch: [Proposal]) throws(Problem) -> CommittedBatch {
    var next = Next(state: state, acts: unfinishedActs, leaves: leaves, frontier: frontier)
    let outcomes = batch.map { proposal in
      proposal.settle(by: InMemoryView(state: next.state)) { entries, changes throws(Problem) in
        try next.append(entries, changes)
      }
    }
    var checkpoint = signed
    if checkpoint == nil || !next.entries.isEmpty {
      checkpoint = try signingKey.sign(size: next.frontier.size, root: next.frontier.root)
    }
    guard let checkpoint else { preconditionFailure("signed just now") }
    guard !next.entries.isEmpty else { return CommittedBatch(outcomes: outcomes, checkpoint: checkpoint) }
    try faults.write { () throws(Problem) in
      (state, unfinishedActs, leaves, frontier) = (next.state, next.acts, next.leaves, next.frontier)
      entries += next.entries
      signed = checkpoint
    }
    return CommittedBatch(outcomes: outcomes, checkpoint: checkpoint)
  }

  /// What a batch makes of the store, as far as it has come.
  private struct Next {
    var state: RegistryState
    var acts: UnfinishedActs
    var leaves: [Digest]
    var frontier: MerkleFrontier
    var entries: [[UInt8]] = []

    mutating func append(_ new: [LedgerEntry], _ changes: [RegistryChange]) throws(Problem) -> Range<Int> {
      let new = try RegistryChange.account(for: changes, in: new)
      for entry in new where entry.canonicalBytes.count > LedgerEntry.sizeLimit {
        throw LedgerEntry.tooLarge(entry)
      }
      var changed = state
      for change in changes { try changed.apply(change) }
      state = changed
      let first = frontier.size
      for entry in new {
        acts.note(entry, at: frontier.size)
        entries.append(entry.canonicalBytes)
        leaves.append(MerkleTree.leafHash(entry.canonicalBytes))
        frontier.append(leaves[frontier.size])
      }
      return first..<frontier.size
    }
  }

  /// The names of all models that have a version, sorted.
  public func modelNames() -> [ModelName] { state.versions.keys.sorted() }

  /// All versions of a model, oldest first.
  public func versions(of name: ModelName) -> [ModelVersion] { state.versions[name] ?? [] }

  /// What every served name serves, sorted by name.
  public func deployments() -> [Deployment] { state.deployments }

  /// All aliases of all models, sorted by model and alias.
  public func aliases() -> [Alias] { state.aliases }

  /// All keys, revoked ones too, oldest first.
  public func keys() -> [PredictionKey] { state.keys }

  /// Whose tokens are taken, sorted by URL.
  public func issuers() -> [ConfiguredIssuer] { state.issuers }

  /// The policies that were set for deployments, sorted by name.
  public func settings() -> [DeploymentSettings] { state.settings }

  /// All refused artifacts, oldest first.
  public func quarantined() -> [QuarantinedArtifact] { state.quarantined }

  /// The segment of access records with this name; nil where none is kept.
  public func segment(_ name: SegmentName) -> KeptSegment? { state.segments[name] }

  /// At most `count` kept segments of access records, in the order of their names, those after `name` alone.
  public func segments(after name: SegmentName?, count: Int) -> [KeptSegment] {
    let start = name?.description ?? ""
    let named = state.segments.values.map { ($0.name.description, $0) }.filter { $0.0 > start }
    return named.sorted { $0.0 < $1.0 }.prefix(max(0, count)).map(\.1)
  }

  /// All damaged segments of access records, oldest first.
  public func damagedSegments() -> [DamagedSegment] { state.damagedSegments }

  /// All images of versions, oldest first.
  public func images() -> [VersionImage] { state.images }

  /// The image with this manifest; nil where there is none.
  public func image(_ manifest: Digest) -> VersionImage? { state.images.first { $0.manifest == manifest } }

  /// All keys of seals, oldest first.
  public func sealKeys() -> [SealKey] { state.sealKeys }

  /// All versions that are withdrawn, in the order in which they were.
  public func revokedVersions() -> [Revocations.Version] { state.revokedVersions }

  /// Who may do what.
  public func access() -> AccessState { state.access }

  /// What is known of one kind of what must hold and who agreed.
  public func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) -> [GovernanceRecord] {
    state.governance.records(kind, startingWith: prefix)
  }

  /// The signed checkpoint over all entries; nil before the first commit.
  public func checkpoint() -> Checkpoint? { signed }

  /// The bytes of entries, in order from `first`.
  public func entryBytes(from first: Int, count: Int) -> [[UInt8]] {
    Array(entries.dropFirst(max(0, first)).prefix(max(0, count)))
  }

  /// The acts that have begun and not ended, oldest first.
  public func unfinished() -> [LedgerEntry] { unfinishedActs.entries }

  /// Every way in which the store contradicts itself.
  ///
  /// Memory does not rot: only a wrong key can be found.
  public func audit(trusting key: CheckpointVerificationKey) -> [Problem] {
    guard let signed else { return [] }
    do throws(Problem) {
      _ = try Checkpoint(parsing: signed.text, trusting: key)
      return []
    } catch {
      return [error]
    }
  }
}
