public import Domain
public import Lifecycle
public import Provenance

extension SQLiteRegistry: LedgerSearch {
  /// At most `count` entries that are asked for, in order, none before `first`.
  public func entries(
    matching filter: LedgerFilter, from first: Int, count: Int
  ) async throws(Problem) -> [PlacedEntry] {
    try await read("the entries") {
      try EntryIndex.entries(matching: filter, from: first, count: count, $0)
    }
  }
}

extension SQLiteRegistry: LedgerTreeReader {
  /// The first `width` hashes of a tile; nil where the ledger has not so many of it.
  public func tile(level: Int, index: Int, width: Int) async throws(Problem) -> [Digest]? {
    guard let tile = MerkleTile(level: level, index: index, width: width) else { return nil }
    return try await read("a tile") { try StoredTiles.hashes(of: tile, $0) }
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
    return try await read("the tiles") { database in
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
    return try await read("the tiles") { database in
      var tree = StoredTiles.tree(
        of: try LedgerHead.read(database, trusting: key)?.checkpoint.size ?? 0, database)
      return try tree.consistencyProof(from: oldSize, to: newSize)
    }
  }
}
