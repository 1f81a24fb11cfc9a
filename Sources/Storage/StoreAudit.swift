import Access
import Domain
import GRDB
import Gates
import Lifecycle
import Packaging
import Provenance

/// Holds a stored registry against itself, its ledger and its signed checkpoints; goes on after a problem, so
/// that one run tells all that is wrong.
struct StoreAudit: Sendable {
  /// How many problems are told at most: a torn file could have one a row.
  static let problemLimit = 1000

  let path: String
  let key: CheckpointVerificationKey

  func run() async -> [Problem] {
    do {
      guard try DirectoryListing.kind(of: path) == .file else {
        throw Problem(.integrity, "storage.missing", "expected a registry, found no file", subject: path)
      }
      // Its own connection, whose cache is empty, so that what is checked is what stands on the disk.
      // Not opened read-only: SQLite could then not read a log that a crash left behind.
      var configuration = SQLiteRegistry.configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      defer { try? queue.close() }
      // Before the snapshot that is checked begins: a commit is in the database before the checkpoint beside it says so, and
      // one that comes meanwhile is in neither.
      let anchor = Result { () throws(Problem) in try LedgerHead.readAnchor(of: path, trusting: key) }
      let problems = try await queue.read { check($0, anchor) }
      return Array(problems.prefix(Self.problemLimit))
    } catch {
      return [Problem.storage("open the registry for an audit", error)]
    }
  }

  private func check(_ database: Database, _ anchor: Result<Checkpoint?, Problem>) -> [Problem] {
    var problems: [Problem] = []
    func attempt(_ what: String, _ step: () throws -> Void) {
      do { try step() } catch { problems.append(Problem.storage("check \(what)", error)) }
    }
    attempt("the pages of the registry") { problems += try pages(database) }
    attempt("the schema of the registry") { problems += try schema(database) }
    var replay = Replay()
    attempt("the entries of the ledger") { try replay.run(database) }
    problems += replay.problems
    attempt("the head of the ledger") {
      let head = try LedgerHead.read(database, trusting: key)
      try LedgerHead.check(head, database, anchor: try anchor.get())
    }
    attempt("the unfinished acts") { problems += try openActs(database, replay) }
    attempt("the rows of the registry") { problems += try RowComparison.run(database, replay.state) }
    return problems
  }

  /// SQLite's own view of its pages, cells and indices.
  private func pages(_ database: Database) throws -> [Problem] {
    var lines: [String] = []
    let cursor = try Row.fetchCursor(database, sql: "PRAGMA integrity_check(100)")
    while let row = try cursor.next() {
      let line: DatabaseValue = row[0]
      lines.append(String.fromDatabaseValue(line) ?? "an unreadable report")
    }
    if lines == ["ok"] { return [] }
    return lines.map { line in
      Problem(
        .integrity, "storage.corrupt", "expected sound pages in the registry, found a damaged one",
        subject: path, hint: "restore registry.sqlite from a backup", cause: line)
    }
  }

  /// The schema must be the one that the migrations make: a changed one could change what statements mean.
  private func schema(_ database: Database) throws -> [Problem] {
    let expected = try Self.expectedSchema.get()
    let found = try Self.schemaLines(database)
    if expected == found { return [] }
    let difference = expected.symmetricDifference(found).min() ?? ""
    return [
      Problem(
        .integrity, "storage.schema-changed",
        "expected the registry's tables as this release makes them, found a difference", subject: path,
        hint: "restore registry.sqlite from a backup", cause: "it is about: \(difference.prefix(80))")
    ]
  }

  private static let expectedSchema = Result {
    let pristine = try DatabaseQueue()
    try RegistrySchema.migrator.migrate(pristine)
    return try pristine.read(schemaLines)
  }

  private static func schemaLines(_ database: Database) throws -> Set<String> {
    let sql = """
      SELECT type || ' ' || name || ' ' || tbl_name || ' ' || ifnull(sql, '') AS line FROM sqlite_master
      UNION ALL SELECT 'migration ' || identifier FROM grdb_migrations
      """
    return Set(try RegistryRows.rows(database, "sqlite_master", sql) { try $0.text("line") })
  }

  private func openActs(_ database: Database, _ replay: Replay) throws -> [Problem] {
    let found = try OpenActs.positions(database)
    let expected = replay.unfinished.positions
    if found == expected { return [] }
    let difference = Set(found).symmetricDifference(expected).min() ?? 0
    return [
      Problem(
        .integrity, "registry.open-act-changed",
        "expected the unfinished acts that the ledger's entries leave, found a difference at entry"
          + " \(difference)",
        subject: "ledger entry \(difference)", hint: "restore registry.sqlite from a backup")
    ]
  }
}

/// The stored entries, read once from first to last: each against its hash, and what they add up to.
private struct Replay {
  private(set) var state = RegistryState()
  private(set) var unfinished = UnfinishedActs()
  private(set) var problems: [Problem] = []
  private var tiles = TileComparison()
  private var index = EntryIndex()
  private var entries = 0

  mutating func run(_ database: Database) throws {
    let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM entries ORDER BY position")
    while let row = try cursor.next() {
      let row = StoredRow(row, of: "entries")
      let position = Int(try row.integer("position"))
      do throws(Problem) {
        try check(
          bytes: try row.bytes("bytes"), leafHash: try row.digest("leaf_hash"), at: position, database)
      } catch {
        problems.append(error.at(position))
      }
      // A torn store could have a problem a row: what comes behind the first thousand tells nothing new.
      if problems.count < StoreAudit.problemLimit { try tiles.append(try row.digest("leaf_hash"), database) }
    }
    try tiles.finish(database)
    problems += tiles.problems
    let indexed = try EntryIndex.count(database)
    if indexed > entries { problems.append(Self.indexChanged("\(entries) entries", "\(indexed)")) }
  }

  private mutating func check(
    bytes: [UInt8], leafHash: Digest, at position: Int, _ database: Database
  ) throws(Problem) {
    entries += 1
    let found = MerkleTree.leafHash(bytes)
    guard found == leafHash else {
      throw Problem(
        .integrity, "ledger.entry-changed",
        "expected entry \(position) to hash to \(leafHash.short) as it was signed, found \(found.short)",
        hint: "restore registry.sqlite from a backup")
    }
    let entry = try StoredEntry.parse(bytes, at: position)
    unfinished.note(entry, at: position)
    let isIndexed: Bool
    do { isIndexed = try index.holds(entry, at: position, database) } catch {
      throw Problem.storage("read the index of the ledger", error)
    }
    if !isIndexed {
      problems.append(Self.indexChanged("entry \(position) as it is", "another or none").at(position))
    }
    guard let changes = RegistryChange.accounted(in: entry) else {
      throw Problem(
        .integrity, "ledger.entry-malformed",
        "expected changes of the registry in entry \(position), found something else")
    }
    for change in changes { try state.apply(change) }
  }
}

extension Replay {
  fileprivate static func indexChanged(_ expected: String, _ found: String) -> Problem {
    Problem(
      .integrity, "ledger.index-changed", "expected \(expected) in the index of the ledger, found \(found)",
      subject: "the registry, table 'entry_index'", hint: "restore registry.sqlite from a backup")
  }
}

extension Problem {
  /// The same problem, told of an entry of the ledger where it is told of none.
  fileprivate func at(_ position: Int) -> Problem {
    var problem = self
    problem.subject = "ledger entry \(position)"
    return problem
  }
}

/// The registry's rows against what the ledger accounts for, both ways.
private enum RowComparison {
  static func run(_ database: Database, _ state: RegistryState) throws -> [Problem] {
    var problems: [Problem] = []
    func compare<Record: Equatable>(
      _ kind: String, _ expected: [Record], _ found: () throws -> [Record], _ name: (Record) -> String
    ) {
      do {
        problems += differences(kind, expected: expected, found: try found(), name)
      } catch {
        problems.append(Problem.storage("read each \(kind)", error))
      }
    }
    compare("version", state.versions.values.flatMap(\.self), { try RegistryRows.versions(database) }) {
      $0.reference.description
    }
    compare("deployment", state.deployments, { try RegistryRows.deployments(database) }) {
      $0.name.description
    }
    compare("alias", state.aliases, { try RegistryRows.aliases(database) }) { $0.reference.description }
    compare("issuer", state.issuers, { try RegistryRows.issuers(database) }) { $0.issuer.url }
    compare("policy", state.settings, { try RegistryRows.settings(database) }) { $0.deployment.description }
    compare("key", state.keys, { try RegistryRows.keys(database) }, \.id)
    compare("quarantined artifact", state.quarantined, { try RegistryRows.quarantined(database) }) {
      "\($0.name) \($0.artifact)"
    }
    compare("segment", Array(state.segments.values), { try RegistryRows.segments(database) }) {
      $0.name.description
    }
    compare("damaged segment", state.damagedSegments, { try RegistryRows.damagedSegments(database) }) {
      "\($0.name) \($0.digest)"
    }
    compare("image", state.images, { try RegistryRows.images(database) }, \.manifest.description)
    compare("key of seals", state.sealKeys, { try RegistryRows.sealKeys(database) }, \.hint)
    compare("revocation", state.revokedVersions, { try RegistryRows.revokedVersions(database) }) {
      $0.reference.description
    }
    compare("manifest", state.repositories.allManifests, { try RegistryRows.manifests(database) }) {
      "\($0.repository)@\($0.digest)"
    }
    compare("tag", state.repositories.allTags, { try RegistryRows.tags(database) }) {
      "\($0.repository):\($0.tag.text)"
    }
    compare("record of rights", Array(state.access.records), { try RegistryRows.rightsRecords(database) }) {
      "\($0.kind.rawValue) \($0.id)"
    }
    compare("record of governance", state.governance.records, { try RegistryRows.governance(database) }) {
      "\($0.kind.rawValue) \($0.id)"
    }
    return problems
  }

  private static func differences<Record: Equatable>(
    _ kind: String, expected: [Record], found: [Record], _ name: (Record) -> String
  ) -> [Problem] {
    func byName(_ records: [Record]) -> [String: Record] {
      Dictionary(records.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    }
    let (expected, found) = (byName(expected), byName(found))
    return Set(expected.keys).union(found.keys).sorted().compactMap { name in
      switch (expected[name], found[name]) {
      case (let expected?, let found?) where expected == found: nil
      case (.some, .some):
        problem("row-changed", "expected the \(kind) '\(name)' as the ledger has it, found another", name)
      case (.some, nil):
        problem("row-missing", "expected the \(kind) '\(name)' that the ledger has, found none", name)
      default:
        problem("row-unaccounted", "expected an entry for the \(kind) '\(name)', found none", name)
      }
    }
  }

  private static func problem(_ code: String, _ message: String, _ subject: String) -> Problem {
    Problem(
      .integrity, "registry.\(code)", message, subject: subject,
      hint: "restore registry.sqlite from a backup")
  }
}
