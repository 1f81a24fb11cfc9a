import Domain
import GRDB
import Lifecycle
import Provenance

/// The tiles of the ledger's tree, kept beside the entries in the same transaction.
///
/// Of level 0 only complete tiles are kept, since `entries` has the hashes of the last ones; of each level above what
/// there is of its last tile, too, so that no question has to hash what a complete tile stands for.
enum StoredTiles {
  /// The first hashes of a tile, as many as it is wide; nil where there are not so many.
  static func hashes(of tile: MerkleTile, _ database: Database) throws -> [Digest]? {
    if let row = try row(tile.level, tile.index, database) {
      return row.count >= tile.width ? Array(row.prefix(tile.width)) : nil
    }
    guard tile.level == 0 else { return nil }
    let leaves = try leafHashes(under: tile, database)
    return leaves.count == tile.width ? leaves : nil
  }

  /// The tree over so many entries.
  static func tree(of size: Int, _ database: Database) -> TiledTree {
    TiledTree(size: size) { tile throws(Problem) in
      do { return try hashes(of: tile, database) ?? [] } catch { throw Problem.storage("read a tile", error) }
    }
  }

  /// Keeps the tiles that came to be when the ledger grew.
  static func extend(from oldSize: Int, to newSize: Int, _ database: Database) throws {
    let width = MerkleTile.fullWidth
    for index in (oldSize / width)..<max(oldSize / width, newSize / width) {
      guard let tile = MerkleTile(level: 0, index: index) else { return }
      var hashes = try leafHashes(under: tile, database)
      guard hashes.count == width else { throw LedgerHead.missing(index * width + hashes.count) }
      try put(hashes, at: 0, index, database)
      // Each complete tile is one hash of the level above, which may complete a tile there.
      var (level, place) = (1, index)
      while hashes.count == width {
        let root = MerkleTile.root(of: hashes)
        hashes = place % width == 0 ? [] : try row(level, place / width, database) ?? []
        guard hashes.count == place % width else { throw missing(level, place / width) }
        hashes.append(root)
        try put(hashes, at: level, place / width, database)
        place /= width
        level += 1
      }
    }
  }

  /// The hashes that are kept of a tile; nil where none are.
  static func row(_ level: Int, _ index: Int, _ database: Database) throws -> [Digest]? {
    try RegistryRows.rows(
      database, "tiles", "SELECT hashes FROM tiles WHERE level = ? AND place = ?", [level, index]
    ) { row in
      let bytes = try row.bytes("hashes")
      return stride(from: 0, to: bytes.count, by: 32).compactMap { start in
        Digest(bytes: bytes[start..<min(start + 32, bytes.count)])
      }
    }.first
  }

  private static func put(_ hashes: [Digest], at level: Int, _ index: Int, _ database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO tiles (level, place, hashes) VALUES (?, ?, ?)
        ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes
        """
    ).execute(arguments: [level, index, RegistryRows.blob(hashes.flatMap(\.bytes))])
  }

  /// The hashes of the entries under a tile of level 0, up to the first that is missing.
  private static func leafHashes(under tile: MerkleTile, _ database: Database) throws -> [Digest] {
    let first = tile.index * MerkleTile.fullWidth
    var hashes: [Digest] = []
    let cursor = try Row.fetchCursor(
      try database.cachedStatement(
        sql: """
          SELECT position, leaf_hash FROM entries WHERE position >= ? AND position < ? ORDER BY position
          """), arguments: [first, first + tile.width])
    while let row = try cursor.next() {
      let row = StoredRow(row, of: "entries")
      guard try row.integer("position") == first + hashes.count else { break }
      hashes.append(try row.digest("leaf_hash"))
    }
    return hashes
  }

  static func missing(_ level: Int, _ index: Int) -> Problem {
    Problem(
      .integrity, "ledger.tile-missing",
      "expected the hashes of tile \(index) of level \(level), found fewer of them",
      subject: "the ledger", hint: "run 'gatehouse audit verify'; restore registry.sqlite from a backup")
  }
}

/// The tiles that the entries make, one hash after another, held against those that are kept: a tile of each level in
/// memory at a time.
struct TileComparison {
  private var levels: [[Digest]] = [[]]
  private var complete = 0
  private(set) var problems: [Problem] = []

  /// Takes in the hash of the next entry.
  mutating func append(_ leafHash: Digest, _ database: Database) throws {
    var hash = leafHash
    var level = 0
    var size = 0
    while true {
      if level == levels.count { levels.append([]) }
      levels[level].append(hash)
      guard levels[level].count == MerkleTile.fullWidth else { return }
      if level == 0 { complete += 1 }
      size = size == 0 ? complete : size / MerkleTile.fullWidth
      try compare(level, size - 1, database)
      hash = MerkleTile.root(of: levels[level])
      levels[level] = []
      level += 1
    }
  }

  /// Holds the last tile of each level against what is kept, and sees that there are no others.
  mutating func finish(_ database: Database) throws {
    var expected = 0
    var places = complete
    for level in levels.indices {
      // Of level 0 a tile is kept when it is complete.
      let rest = level == 0 ? 0 : levels[level].count
      expected += places + (rest > 0 ? 1 : 0)
      if rest > 0 { try compare(level, places, database) }
      places /= MerkleTile.fullWidth
    }
    let found = try Int.fetchOne(database, sql: "SELECT count(*) FROM tiles") ?? 0
    guard found != expected else { return }
    problems.append(
      Problem(
        .integrity, "ledger.tile-unaccounted",
        "expected \(expected) tiles of the ledger's tree, found \(found)",
        subject: "the ledger", hint: "restore registry.sqlite from a backup"))
  }

  private mutating func compare(_ level: Int, _ index: Int, _ database: Database) throws {
    let row = try StoredTiles.row(level, index, database)
    if row == levels[level] { return }
    problems.append(
      row == nil
        ? StoredTiles.missing(level, index)
        : Problem(
          .integrity, "ledger.tile-changed",
          "expected tile \(index) of level \(level) as the entries make it, found another",
          subject: "the ledger",
          hint: "restore registry.sqlite from a backup"))
  }
}
