public import Access
public import Domain
import GRDB
public import Gates
import Glibc
public import Lifecycle
public import Provenance

/// The registry and the ledger in one SQLite file, so that both change in one transaction.
///
/// Beside the file stands `<path>.head`, the anchor: the latest checkpoint once more. It is written after the
/// commit, so it may be behind the database and is never ahead of it: a database that was put back, or that lost
/// the end of its write-ahead log, shows by being behind its anchor.
public final class SQLiteRegistry: Sendable {
  /// What writing takes: the connections, and the key that signs each new checkpoint.
  struct Writer: Sendable {
    let pool: DatabasePool
    let signingKey: CheckpointSigningKey
  }

  let path: String
  let reader: any DatabaseReader
  /// Nil where the store was opened to be read alone.
  let writer: Writer?
  /// Verifies the checkpoints that are read.
  let verificationKey: CheckpointVerificationKey
  let disk: Disk

  /// Opens the store at `path`, or founds it; `signingKey` signs its checkpoints.
  ///
  /// Holds tiles, newest entries, signed checkpoint and anchor against each other, in time logarithmic in the number of
  /// entries. Throws `ledger.…` with category `integrity` where they do not agree, `storage.corrupt` where the file does
  /// not read, `storage.too-new` where a later release has written it.
  public convenience init(path: String, signingKey: CheckpointSigningKey) throws(Problem) {
    try self.init(path: path, signingKey: signingKey, disk: Disk())
  }

  init(path: String, signingKey: CheckpointSigningKey, disk: Disk) throws(Problem) {
    self.path = path
    self.verificationKey = signingKey.verificationKey
    self.disk = disk
    try Self.createFile(path, disk)
    let anchor = LedgerHead.anchorPath(of: path)
    try disk.removeUnfinished(
      in: DiskPath.parent(of: path), startingWith: "\(DiskPath.name(of: anchor)).")
    do {
      let pool = try DatabasePool(path: path, configuration: Self.configuration())
      reader = pool
      writer = Writer(pool: pool, signingKey: signingKey)
      // The pool has set NORMAL, which in WAL mode may lose the last commits with the power; they were
      // acknowledged. FULL syncs the log at every commit.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      if try pool.read(RegistrySchema.migrator.hasBeenSuperseded) {
        throw Problem(
          .conflict, "storage.too-new",
          "expected a registry of this release or an earlier one, found one of a later release",
          subject: path, hint: "use the release that wrote it, or a later one")
      }
      try RegistrySchema.migrator.migrate(pool)
    } catch {
      throw Problem.storage("open the registry", error)
    }
    try checkHead(signingWith: signingKey)
  }

  /// Opens the store at `path` to be read alone, beside the process that writes it or without one; changes
  /// nothing.
  ///
  /// Throws `storage.missing` where there is none.
  public init(reading path: String, trusting key: CheckpointVerificationKey) throws(Problem) {
    self.path = path
    self.writer = nil
    self.verificationKey = key
    self.disk = Disk()
    guard try DirectoryListing.kind(of: path) == .file else {
      throw Problem(
        .notFound, "storage.missing", "expected a registry, found no file", subject: path,
        hint: "name the data directory of a platform with --data")
    }
    do {
      // Not opened read-only: SQLite could then not read a log that a crash left behind.
      var configuration = Self.configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
      // And a queue, since a pool writes to the file when it opens it.
      reader = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw Problem.storage("open the registry", error)
    }
  }

  /// SQLite would make the file readable for others; its log and index get the mode of the file.
  private static func createFile(_ path: String, _ disk: Disk) throws(Problem) {
    guard try DirectoryListing.kind(of: path) == nil else { return }
    _ = try disk.create(path)
    try disk.syncDirectory(DiskPath.parent(of: path))
  }

  static func configuration(readonly: Bool = false) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(5)
    configuration.foreignKeysEnabled = true
    configuration.label = "gatehouse.registry"
    configuration.prepareDatabase { database in
      // The file is untrusted bytes: nothing in its schema may run functions, and pages are checked as read.
      try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  private func checkHead(signingWith signingKey: CheckpointSigningKey) throws(Problem) {
    let anchor = try LedgerHead.readAnchor(of: path, trusting: verificationKey)
    let head: LedgerHead?
    do {
      head = try reader.read { database in
        let head = try LedgerHead.read(database, trusting: self.verificationKey)
        try LedgerHead.checkEdge(head, database, anchor: anchor)
        return head
      }
    } catch {
      throw Problem.storage("read the ledger's head", error)
    }
    // A new store has its anchor before its first commit. An old one may lack the last: the process stopped
    // between that commit and this.
    let checkpoint: Checkpoint
    if let head {
      checkpoint = head.checkpoint
    } else {
      checkpoint = try signingKey.sign(size: 0, root: MerkleFrontier().root)
    }
    guard anchor?.text != checkpoint.text else { return }
    try disk.replaceDurably(LedgerHead.anchorPath(of: path), with: Array(checkpoint.text.utf8))
  }

  /// Closes the file and folds its log into it.
  ///
  /// Use of the store after this throws.
  public func close() throws(Problem) {
    do {
      // Asked for, since the pool closes its read-only connections last, and those cannot do it.
      try writer?.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try reader.close()
    } catch {
      throw Problem.storage("close the registry", error)
    }
  }

  func read<Value: Sendable>(_ what: String, _ body: @escaping @Sendable (Database) throws -> Value)
    async throws(Problem) -> Value
  {
    do { return try await reader.read(body) } catch { throw Problem.storage("read \(what)", error) }
  }
}

extension SQLiteRegistry: RegistryWriter {
  /// Settles proposals in order, in one transaction, and signs one new checkpoint over all of them.
  public func commit(_ batch: [Proposal]) async throws(Problem) -> CommittedBatch {
    guard let writer else {
      throw Problem(
        .conflict, "registry.read-only",
        "expected a registry that was opened to write, found one opened to read", subject: path)
    }
    let result: (committed: CommittedBatch, hasGrown: Bool)
    do {
      try disk.reach(.commit, .before, path)
      let key = verificationKey
      result = try await writer.pool.write { database in
        try RegistryTransaction(database, trusting: key).settle(batch, signingWith: writer.signingKey)
      }
      try disk.reach(.commit, .after, path)
    } catch {
      throw Problem.storage("commit to the registry", error)
    }
    guard result.hasGrown else { return result.committed }
    // The commit is durable. A crash from here on leaves the anchor behind it, which the next start allows and
    // repairs. So the directory need not be synced: after a loss of power the anchor is a former one, whole.
    let anchor = LedgerHead.anchorPath(of: path)
    try disk.replace(
      anchor, with: Array(result.committed.checkpoint.text.utf8), via: "\(anchor).\(DiskPath.unfinished())")
    return result.committed
  }
}

extension SQLiteRegistry: RegistryReader {
  /// The names of all models that have a version, sorted.
  public func modelNames() async throws(Problem) -> [ModelName] {
    try await read("the models") { try RegistryRows.modelNames($0) }
  }

  /// All versions of a model, oldest first.
  public func versions(of name: ModelName) async throws(Problem) -> [ModelVersion] {
    try await read("the versions of '\(name)'") { try RegistryRows.versions($0, of: name) }
  }

  /// What every served name serves, sorted by name.
  public func deployments() async throws(Problem) -> [Deployment] {
    try await read("the deployments") { try RegistryRows.deployments($0) }
  }

  /// All aliases of all models, sorted by model and alias.
  public func aliases() async throws(Problem) -> [Alias] {
    try await read("the aliases") { try RegistryRows.aliases($0) }
  }

  /// All keys, revoked ones too, oldest first.
  public func keys() async throws(Problem) -> [PredictionKey] {
    try await read("the keys") { try RegistryRows.keys($0) }
  }

  /// Whose tokens are taken, sorted by URL.
  public func issuers() async throws(Problem) -> [ConfiguredIssuer] {
    try await read("the issuers") { try RegistryRows.issuers($0) }
  }

  /// The policies that were set for deployments, sorted by name.
  public func settings() async throws(Problem) -> [DeploymentSettings] {
    try await read("the policies") { try RegistryRows.settings($0) }
  }

  /// All refused artifacts, oldest first.
  public func quarantined() async throws(Problem) -> [QuarantinedArtifact] {
    try await read("the quarantine") { try RegistryRows.quarantined($0) }
  }

  /// The segment of access records with this name; nil where none is kept.
  public func segment(_ name: SegmentName) async throws(Problem) -> KeptSegment? {
    try await read("the segment '\(name)'") { try RegistryRows.segment($0, named: name) }
  }

  /// At most `count` kept segments of access records, in the order of their names, those after `name` alone.
  public func segments(after name: SegmentName?, count: Int) async throws(Problem) -> [KeptSegment] {
    try await read("the segments") { try RegistryRows.segments($0, after: name, count: count) }
  }

  /// All damaged segments of access records, oldest first.
  public func damagedSegments() async throws(Problem) -> [DamagedSegment] {
    try await read("the damaged segments") { try RegistryRows.damagedSegments($0) }
  }

  /// All images of versions, oldest first.
  public func images() async throws(Problem) -> [VersionImage] {
    try await read("the images") { try RegistryRows.images($0) }
  }

  /// The image with this manifest; nil where there is none.
  public func image(_ manifest: Digest) async throws(Problem) -> VersionImage? {
    try await read("the image \(manifest.short)") { try RegistryRows.image($0, manifest: manifest) }
  }

  /// All keys of seals, oldest first.
  public func sealKeys() async throws(Problem) -> [SealKey] {
    try await read("the keys of seals") { try RegistryRows.sealKeys($0) }
  }

  /// All versions that are withdrawn, in the order in which they were.
  public func revokedVersions() async throws(Problem) -> [Revocations.Version] {
    try await read("the revoked versions") { try RegistryRows.revokedVersions($0) }
  }

  /// Who may do what.
  public func access() async throws(Problem) -> AccessState {
    try await read("who may do what") { try RegistryRows.access($0) }
  }

  /// What is known of one kind of what must hold and who agreed.
  public func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) async throws(Problem)
    -> [GovernanceRecord]
  {
    try await read("each \(kind.rawValue)") {
      try RegistryRows.governance($0, kind, startingWith: prefix)
    }
  }
}

extension SQLiteRegistry: LedgerReader {
  /// The signed checkpoint over all entries.
  public func checkpoint() async throws(Problem) -> Checkpoint? {
    let key = verificationKey
    return try await read("the checkpoint") { try LedgerHead.read($0, trusting: key)?.checkpoint }
  }

  /// The stored bytes of entries, in order from `first`.
  public func entryBytes(from first: Int, count: Int) async throws(Problem) -> [[UInt8]] {
    try await read("the entries") { database in
      try RegistryRows.rows(
        database, "entries", "SELECT bytes FROM entries WHERE position >= ? ORDER BY position LIMIT ?",
        [first, max(0, count)]
      ) { try $0.bytes("bytes") }
    }
  }

  /// The acts that have begun and not ended, oldest first.
  public func unfinished() async throws(Problem) -> [LedgerEntry] {
    try await read("the unfinished acts") { try OpenActs.entries($0) }
  }

  /// Every way in which the store contradicts itself, as it stands on the disk.
  public func audit(trusting key: CheckpointVerificationKey) async -> [Problem] {
    await Self.audit(storeAt: path, trusting: key)
  }

  /// Audits the store at `path`, whether or not it would open: reads only, and reads the file itself, not the
  /// pages that a running store has in memory.
  public static func audit(storeAt path: String, trusting key: CheckpointVerificationKey) async -> [Problem] {
    await StoreAudit(path: path, key: key).run()
  }
}
