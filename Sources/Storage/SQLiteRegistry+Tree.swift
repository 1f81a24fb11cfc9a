public import Domain
import GRDB
public import Lifecycle
public import Provenance

extension SQLiteRegistry: LedgerSearch {
  /// At most `count` entries that are asked for, in order, none before `first`.
  public func entries(
    matching filter: LedgerFilter, from first: Int, count: Int
  ) async throws(Problem) -> [PlacedEntry] {
    try await readTree {
      try EntryIndex.entries(matching: filter, from: first, count: count, $0)
    }
  }
}

extension SQLiteRegistry: LedgerTreeReader {
  /// The first `width` hashes of a tile; nil where the ledger has not so many of it.
  public func tile(level: Int, index: Int, width: Int) async throws(Problem) -> [Digest]? {
    guard let tile = MerkleTile(level: level, index: index, width: width) else { return nil }
    return try await readTree { try StoredTiles.hashes(of: tile, $0) }
  }

  /// The stored bytes of the first `width` entries under a tile of level 0; nil where the ledger has not so many.
  public func entryBundle(index: Int, width: Int) async throws(Problem) -> [[UInt8]]? {
    guard let tile = MerkleTile(level: 0, index: index, width: width) else { return nil }
    let entries = try await entryBytes(from: tile.index * MerkleTile.fullWidth, count: width)
    return entries.count == width ? entries : nil
  }

  /// The proof that an entry is one of the first `size`; nil where it is not, or there are not so many.
  public func inclusionProof(of index: Int, in size: Int) async throws(Problem) -> InclusionProof? {
    let key = verificationKey
    return try await readTree { database in
      var tree = StoredTiles.tree(
        of: try LedgerHead.read(database, trusting: key)?.checkpoint.size ?? 0, database)
      return try tree.inclusionProof(of: index, in: size)
    }
  }

  /// The proof that the first `oldSize` entries are the beginning of the first `newSize`; nil where there are not so
  /// many, or the first are more.
  public func consistencyProof(from oldSize: Int, to newSize: Int) async throws(Problem) -> ConsistencyProof?
  {
    let key = verificationKey
    return try await readTree { database in
      var tree = StoredTiles.tree(
        of: try LedgerHead.read(database, trusting: key)?.checkpoint.size ?? 0, database)
      return try tree.consistencyProof(from: oldSize, to: newSize)
    }
  }
}

extension SQLiteRegistry {
  /// Reads what migration 11 has made.
  ///
  /// A store of a former release that is opened to be read alone has none of it, and is not to be written to.
  private func readTree<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(Problem) -> Value {
    let path = path
    return try await read("the tree of the ledger") { database in
      guard try database.tableExists("tiles") else {
        throw Problem(
          .conflict, "storage.too-old", "expected a registry of this release, found one of a former release",
          subject: path, hint: "start the platform once, which brings it along")
      }
      return try body(database)
    }
  }
}
