import Domain
import Encoding
import GRDB
import Provenance

/// The head of the stored ledger: what its Merkle tree can be appended to with, and the checkpoint over it.
struct LedgerHead: Sendable {
  let frontier: MerkleFrontier
  let checkpoint: Checkpoint

  static func anchorPath(of path: String) -> String { "\(path).head" }

  /// Reads the head and verifies its signature; nil before the first commit.
  static func read(_ database: Database, trusting key: CheckpointVerificationKey) throws -> LedgerHead? {
    let heads = try RegistryRows.rows(database, "head", "SELECT * FROM head") { row in
      let bytes = try row.bytes("peaks")
      let peaks = stride(from: 0, to: bytes.count, by: 32).compactMap { start in
        Digest(bytes: bytes[start..<min(start + 32, bytes.count)])
      }
      let frontier = MerkleFrontier(size: Int(try row.integer("size")), peaks: peaks)
      let checkpoint = try Checkpoint(parsing: try row.text("checkpoint"), trusting: key)
      guard let frontier, frontier.size == checkpoint.size, frontier.root == checkpoint.root else {
        throw Problem(
          .integrity, "ledger.head-mismatch",
          "expected a head that leads to the signed checkpoint \(checkpoint.root.short), found another",
          subject: "the registry, table 'head'", hint: "restore registry.sqlite from a backup")
      }
      return LedgerHead(frontier: frontier, checkpoint: checkpoint)
    }
    return heads.first
  }

  func write(_ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO head (id, size, peaks, checkpoint) VALUES (1, ?, ?, ?)",
      arguments: [
        frontier.size, RegistryRows.blob(frontier.peaks.flatMap(\.bytes)), checkpoint.text,
      ])
  }

  /// Reads the checkpoint that stands beside the database; nil where there is none.
  static func readAnchor(of path: String, trusting key: CheckpointVerificationKey) throws(Problem)
    -> Checkpoint?
  {
    let anchor = anchorPath(of: path)
    guard let bytes = try DurableFile.read(anchor, limit: 1 << 16) else { return nil }
    do throws(Problem) {
      return try Checkpoint(parsing: String(decoding: bytes, as: UTF8.self), trusting: key)
    } catch {
      var problem = error
      problem.subject = anchor
      throw problem
    }
  }

  /// Holds the head against the tiles, the newest entries and the checkpoint beside the database.
  ///
  /// Takes a number of reads that is logarithmic in the number of entries, so that a start does not wait for a long
  /// ledger: what was changed further back is what `check` finds.
  static func checkEdge(_ head: LedgerHead?, _ database: Database, anchor: Checkpoint?) throws {
    let size = head?.checkpoint.size ?? 0
    let last = try RegistryRows.rows(
      database, "entries", "SELECT max(position) AS last FROM entries", [], { try $0.optionalInteger("last") }
    )
    let count = Int(last.first.flatMap(\.self) ?? -1) + 1
    guard count == size else { throw mismatch(head, "\(count) entries") }
    var tree = StoredTiles.tree(of: size, database)
    guard let frontier = try tree.frontier(at: size), frontier == head?.frontier ?? frontier else {
      throw mismatch(head, "tiles of another tree")
    }
    try check(size, anchor, anchoredRoot: try anchor.flatMap { try tree.root(at: $0.size) })
  }

  /// Holds the head against all stored leaf hashes and against the checkpoint beside the database.
  static func check(_ head: LedgerHead?, _ database: Database, anchor: Checkpoint?) throws {
    var frontier = MerkleFrontier()
    var anchoredRoot = frontier.root
    let cursor = try Row.fetchCursor(
      database, sql: "SELECT position, leaf_hash FROM entries ORDER BY position")
    while let row = try cursor.next() {
      let row = StoredRow(row, of: "entries")
      guard try row.integer("position") == frontier.size else { throw missing(frontier.size) }
      frontier.append(try row.digest("leaf_hash"))
      if frontier.size == anchor?.size { anchoredRoot = frontier.root }
    }
    let size = head?.checkpoint.size ?? 0
    guard frontier.size == size, frontier.root == head?.checkpoint.root ?? frontier.root else {
      throw mismatch(head, "\(frontier.size) entries under \(frontier.root.short)")
    }
    try check(size, anchor, anchoredRoot: anchoredRoot)
  }

  private static func check(_ size: Int, _ anchor: Checkpoint?, anchoredRoot: Digest?) throws(Problem) {
    guard let anchor else {
      // It was written, over no entries, before the first commit.
      guard size == 0 else {
        throw Problem(
          .integrity, "ledger.anchor-missing",
          "expected the latest checkpoint beside a ledger of \(size) entries, found no file",
          subject: "registry.sqlite.head", hint: "restore the file from a backup")
      }
      return
    }
    guard anchor.size <= size, anchoredRoot == anchor.root else {
      throw Problem(
        .integrity, "ledger.rolled-back",
        "expected the \(anchor.size) entries that were acknowledged, found \(size)"
          + (anchor.size <= size ? " with another history" : ""),
        subject: "the ledger", hint: "restore the latest backup of registry.sqlite and its -wal file")
    }
  }

  private static func mismatch(_ head: LedgerHead?, _ found: String) -> Problem {
    Problem(
      .integrity, "ledger.root-mismatch",
      "expected \(head?.checkpoint.size ?? 0) entries under the signed root"
        + " \(head?.checkpoint.root.short ?? "of none"), found \(found)",
      subject: "the ledger", hint: "run 'gatehouse audit verify' to find the entry; restore a backup")
  }

  /// Why the entries do not read that should be there.
  static func missing(_ position: Int) -> Problem {
    Problem(
      .integrity, "ledger.entry-missing", "expected entry \(position), found none in its place",
      subject: "ledger entry \(position)", hint: "restore registry.sqlite from a backup")
  }
}
