public import Domain
public import Provenance

/// The Merkle tree of the ledger, at every size that it ever had; each question takes a number of reads that is
/// logarithmic in the number of entries.
public protocol LedgerTreeReader: Sendable {
  /// The first `width` hashes of a tile (`MerkleTile`); nil where the ledger has not so many of it.
  func tile(level: Int, index: Int, width: Int) async throws(Problem) -> [Digest]?
  /// The stored bytes of the first `width` entries under a tile of level 0; nil where the ledger has not so many.
  func entryBundle(index: Int, width: Int) async throws(Problem) -> [[UInt8]]?
  /// The proof that an entry is one of the first `size`; nil where it is not, or there are not so many.
  func inclusionProof(of index: Int, in size: Int) async throws(Problem) -> InclusionProof?
  /// The proof that the first `oldSize` entries are the beginning of the first `newSize`; nil where there are not so
  /// many, or the first are more.
  func consistencyProof(from oldSize: Int, to newSize: Int) async throws(Problem) -> ConsistencyProof?
}
