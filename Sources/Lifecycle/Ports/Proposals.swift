public import Access
public import Domain
public import Gates
public import Packaging
public import Provenance

/// What the registry knows while a proposal is decided: all that was committed, and what the proposals before it in the
/// same batch have made of it.
///
/// Valid while the decision is made, not longer.
public protocol RegistryView {
  /// All versions of a model, oldest first; empty where there is none of that name.
  func versions(of name: ModelName) throws(Problem) -> [ModelVersion]
  /// What every served name serves, sorted by name.
  func deployments() throws(Problem) -> [Deployment]
  /// All aliases of all models, sorted by model and alias.
  func aliases() throws(Problem) -> [Alias]
  /// All keys, revoked ones too, oldest first.
  func keys() throws(Problem) -> [PredictionKey]
  /// Whose tokens are taken, sorted by URL.
  func issuers() throws(Problem) -> [ConfiguredIssuer]
  /// The policies that were set for deployments, sorted by name.
  func settings() throws(Problem) -> [DeploymentSettings]
  /// The segment of access records with this name; nil where none is kept.
  func segment(_ name: SegmentName) throws(Problem) -> KeptSegment?
  /// All keys of seals, oldest first.
  func sealKeys() throws(Problem) -> [SealKey]
  /// All versions that are withdrawn, in the order in which they were.
  func revokedVersions() throws(Problem) -> [Revocations.Version]
  /// Who may do what.
  func access() throws(Problem) -> AccessState
  /// What is known of one kind of what must hold and who agreed: the records whose ids begin so, by id.
  func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) throws(Problem)
    -> [GovernanceRecord]
  /// A manifest of a repository; nil where it has none with this digest.
  func manifest(_ digest: Digest, of repository: RepositoryName) throws(Problem) -> StoredManifest?
  /// What a tag of a repository names; nil where there is none.
  func tag(_ tag: ImageTag, of repository: RepositoryName) throws(Problem) -> RepositoryTag?
}

/// An act that is decided inside the transaction that commits it: what it reads cannot change before it is written.
public struct Proposal: Sendable {
  /// What is to be committed.
  public enum Decision: Sendable {
    /// The act happens: entries in order, of which the last accounts for the changes.
    case make(_ entries: [LedgerEntry], _ changes: [RegistryChange] = [])
    /// The act is refused, for this reason; what the ledger is to know of that, and what is kept of it.
    case refuse(Problem, entries: [LedgerEntry] = [], changes: [RegistryChange] = [])
  }

  /// Decides by what the registry knows; what it throws is a refusal that leaves no entry.
  ///
  /// Has no effect of its own, and may be asked again where the batch did not come to be.
  public let decide: @Sendable (any RegistryView) throws(Problem) -> Decision

  /// Proposes what `decide` says.
  public init(_ decide: @escaping @Sendable (any RegistryView) throws(Problem) -> Decision) {
    self.decide = decide
  }

  /// Decides by `view` and has `append` take up what was decided, all of it or nothing; says what became of it.
  public func settle(
    by view: any RegistryView,
    _ append: ([LedgerEntry], [RegistryChange]) throws(Problem) -> Range<Int>
  ) -> ProposalOutcome {
    do throws(Problem) {
      switch try decide(view) {
      case .make(let entries, let changes): return .made(at: try append(entries, changes))
      case .refuse(let problem, let entries, let changes):
        // Where even that contradicts, the caller learns the first reason.
        return .refused(problem, at: (try? append(entries, changes)) ?? 0..<0)
      }
    } catch {
      return .refused(error, at: 0..<0)
    }
  }
}

/// What became of a proposal, once that is durable.
public enum ProposalOutcome: Equatable, Sendable {
  /// It was made; where its entries stand.
  case made(at: Range<Int>)
  /// It was refused, or contradicts what is there; where the entries of that stand, none at 0.
  case refused(Problem, at: Range<Int>)

  /// Where the entries stand; throws what it was refused with.
  public func get() throws(Problem) -> Range<Int> {
    switch self {
    case .made(let positions): return positions
    case .refused(let problem, _): throw problem
    }
  }
}

/// What became of proposals that were committed together.
public struct CommittedBatch: Equatable, Sendable {
  /// What became of each, in the order in which they were proposed.
  public let outcomes: [ProposalOutcome]
  /// The signed checkpoint over all entries, theirs the last.
  public let checkpoint: Checkpoint

  /// States what became of proposals.
  public init(outcomes: [ProposalOutcome], checkpoint: Checkpoint) {
    self.outcomes = outcomes
    self.checkpoint = checkpoint
  }
}

extension RegistryWriter {
  /// Commits entries, in order, with the changes that the last of them accounts for; answers with the new checkpoint.
  ///
  /// All of it is durable when this returns.
  /// When it throws, either none of it has happened or all of it, never a part; all of it only where the disk
  /// failed after the commit itself. Throws `registry.conflict` where a change contradicts what is there (a
  /// version that exists).
  @discardableResult
  public func commit(_ entries: [LedgerEntry], _ changes: [RegistryChange]) async throws(Problem)
    -> Checkpoint
  {
    let batch = try await commit([Proposal { _ in .make(entries, changes) }])
    _ = try batch.outcomes.first?.get()
    return batch.checkpoint
  }
}
