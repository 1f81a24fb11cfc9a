import Access
import Domain
import GRDB
import Gates
import Lifecycle
import Packaging
import Provenance

/// An open transaction of the store, in which a batch of proposals is settled one after another.
///
/// All of it is one transaction of SQLite: a crash before its end leaves nothing of it, one after its end all of it.
final class RegistryTransaction {
  private let database: Database
  /// The head before the batch; nil before the first commit.
  private let head: LedgerHead?
  private var frontier: MerkleFrontier
  private var index = EntryIndex()
  /// What the database itself failed with: then no proposal of the batch may be acknowledged.
  private var failure: (any Error)?

  init(_ database: Database, trusting key: CheckpointVerificationKey) throws {
    self.database = database
    // From the database and not from memory: whatever became of the last commit, this follows what is there.
    head = try LedgerHead.read(database, trusting: key)
    frontier = head?.frontier ?? MerkleFrontier()
  }

  /// Settles proposals, then keeps tiles and head; says whether there are new entries.
  func settle(
    _ batch: [Proposal], signingWith signingKey: CheckpointSigningKey
  ) throws -> (committed: CommittedBatch, hasGrown: Bool) {
    var outcomes: [ProposalOutcome] = []
    for proposal in batch {
      outcomes.append(
        proposal.settle(by: self) { entries, changes throws(Problem) in
          try self.append(entries, changes)
        })
      if let failure { throw failure }
    }
    let before = head?.frontier.size ?? 0
    guard frontier.size > before else {
      let checkpoint = try head?.checkpoint ?? signingKey.sign(size: 0, root: frontier.root)
      return (CommittedBatch(outcomes: outcomes, checkpoint: checkpoint), false)
    }
    try StoredTiles.extend(from: before, to: frontier.size, database)
    let checkpoint = try signingKey.sign(size: frontier.size, root: frontier.root)
    try LedgerHead(frontier: frontier, checkpoint: checkpoint).write(database)
    return (CommittedBatch(outcomes: outcomes, checkpoint: checkpoint), true)
  }

  /// Takes up what one proposal decided, all of it or nothing.
  private func append(_ entries: [LedgerEntry], _ changes: [RegistryChange]) throws(Problem) -> Range<Int> {
    let entries = try RegistryChange.account(for: changes, in: entries)
    let bytes = entries.map(\.canonicalBytes)
    for (entry, bytes) in zip(entries, bytes) where bytes.count > LedgerEntry.sizeLimit {
      throw LedgerEntry.tooLarge(entry)
    }
    let before = (frontier: frontier, index: index)
    do {
      // Entries alone contradict nothing: where one of them fails, the database does.
      if changes.isEmpty {
        try insert(entries, bytes)
      } else {
        try database.inSavepoint {
          for change in changes { try RegistryRows.apply(change, database) }
          try insert(entries, bytes)
          return .commit
        }
      }
    } catch {
      (frontier, index) = before
      if let error = error as? DatabaseError, changes.isEmpty || error.resultCode != .SQLITE_CONSTRAINT {
        failure = error
      }
      throw Problem.storage("commit to the registry", error)
    }
    return before.frontier.size..<frontier.size
  }

  private func insert(_ entries: [LedgerEntry], _ bytes: [[UInt8]]) throws {
    let insertion = try database.cachedStatement(sql: "INSERT INTO entries VALUES (?, ?, ?)")
    for (entry, bytes) in zip(entries, bytes) {
      let leafHash = MerkleTree.leafHash(bytes)
      try insertion.execute(
        arguments: [frontier.size, RegistryRows.blob(bytes), RegistryRows.blob(leafHash)])
      try OpenActs.note(entry, at: frontier.size, database)
      try index.note(entry, at: frontier.size, database)
      frontier.append(leafHash)
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws(Problem) -> Value {
    do {
      return try body(database)
    } catch {
      if error is DatabaseError { failure = error }
      throw Problem.storage("read the registry", error)
    }
  }
}

extension RegistryTransaction: RegistryView {
  func versions(of name: ModelName) throws(Problem) -> [ModelVersion] {
    try read { try RegistryRows.versions($0, of: name) }
  }
  func deployments() throws(Problem) -> [Deployment] { try read { try RegistryRows.deployments($0) } }
  func aliases() throws(Problem) -> [Alias] { try read { try RegistryRows.aliases($0) } }
  func keys() throws(Problem) -> [PredictionKey] { try read { try RegistryRows.keys($0) } }
  func issuers() throws(Problem) -> [ConfiguredIssuer] { try read { try RegistryRows.issuers($0) } }
  func settings() throws(Problem) -> [DeploymentSettings] { try read { try RegistryRows.settings($0) } }
  func segment(_ name: SegmentName) throws(Problem) -> KeptSegment? {
    try read { try RegistryRows.segment($0, named: name) }
  }
  func sealKeys() throws(Problem) -> [SealKey] { try read { try RegistryRows.sealKeys($0) } }
  func revokedVersions() throws(Problem) -> [Revocations.Version] {
    try read { try RegistryRows.revokedVersions($0) }
  }
  func access() throws(Problem) -> AccessState { try read { try RegistryRows.access($0) } }
  func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) throws(Problem)
    -> [GovernanceRecord]
  {
    try read { try RegistryRows.governance($0, kind, startingWith: prefix) }
  }
  func manifest(_ digest: Digest, of repository: RepositoryName) throws(Problem) -> StoredManifest? {
    try read { try RegistryRows.manifest($0, digest, of: repository) }
  }
  func tag(_ tag: ImageTag, of repository: RepositoryName) throws(Problem) -> RepositoryTag? {
    try read { try RegistryRows.tag($0, tag, of: repository) }
  }
}
