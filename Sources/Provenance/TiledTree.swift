public import Domain

/// A Merkle tree that is read tile by tile: every root and proof of every size it ever had, in a number of reads that
/// is logarithmic in its size.
///
/// A value for one question or a few: it keeps what it has read.
public struct TiledTree {
  /// Reads as many hashes of a tile as its width says.
  public typealias Source = (MerkleTile) throws(Problem) -> [Digest]

  /// How many leaves the tree has of which tiles may be asked for.
  private let size: Int
  private let source: Source
  private var tiles: [MerkleTile: [Digest]] = [:]

  /// Reads a tree of `size` leaves from `source`, which throws where a tile is not there that such a tree has.
  public init(size: Int, source: @escaping Source) {
    self.size = max(0, size)
    self.source = source
  }

  /// What the tree could be appended to with when it had so many leaves; nil where it never had.
  public mutating func frontier(at size: Int) throws(Problem) -> MerkleFrontier? {
    guard 0...self.size ~= size else { return nil }
    return MerkleFrontier(size: size, peaks: try peaks(of: 0..<size))
  }

  /// The root when the tree had so many leaves; nil where it never had.
  public mutating func root(at size: Int) throws(Problem) -> Digest? { try frontier(at: size)?.root }

  /// The proof that a leaf is under the root of the first `size` leaves; nil where it is not among them, or where
  /// there are not so many.
  public mutating func inclusionProof(of index: Int, in size: Int) throws(Problem) -> InclusionProof? {
    guard 0...self.size ~= size, 0..<size ~= index else { return nil }
    // PATH(m, D[n]) of RFC 6962, section 2.1.1, from the root downward.
    var (low, high) = (0, size)
    var siblings: [Range<Int>] = []
    while high - low > 1 {
      let middle = low + MerkleTree.split(high - low)
      if index < middle {
        siblings.append(middle..<high)
        high = middle
      } else {
        siblings.append(low..<middle)
        low = middle
      }
    }
    return InclusionProof(index: index, size: size, path: try roots(upward: siblings))
  }

  /// The proof that the first `oldSize` leaves are the beginning of the first `newSize`; nil where there are not so
  /// many, or the first are more.
  public mutating func consistencyProof(from oldSize: Int, to newSize: Int) throws(Problem)
    -> ConsistencyProof?
  {
    guard 0...size ~= newSize, 0...newSize ~= oldSize else { return nil }
    guard oldSize > 0, oldSize < newSize else {
      return ConsistencyProof(oldSize: oldSize, newSize: newSize, path: [])
    }
    // SUBPROOF(m, D[n], b) of RFC 6962, section 2.1.2, from the root downward.
    var (low, high) = (0, newSize)
    var nodes: [Range<Int>] = []
    while high != oldSize {
      let middle = low + MerkleTree.split(high - low)
      if oldSize <= middle {
        nodes.append(middle..<high)
        high = middle
      } else {
        nodes.append(low..<middle)
        low = middle
      }
    }
    // The whole earlier tree is the one that its root stands for already.
    if low > 0 { nodes.append(low..<high) }
    return ConsistencyProof(oldSize: oldSize, newSize: newSize, path: try roots(upward: nodes))
  }

  private mutating func roots(upward ranges: [Range<Int>]) throws(Problem) -> [Digest] {
    var roots: [Digest] = []
    for range in ranges.reversed() {
      var peaks = try peaks(of: range)
      guard var root = peaks.popLast() else { continue }
      while let peak = peaks.popLast() { root = MerkleTree.nodeHash(peak, root) }
      roots.append(root)
    }
    return roots
  }

  /// The roots of the perfect subtrees that leaves fall into which begin where one as large as all of them could.
  private mutating func peaks(of leaves: Range<Int>) throws(Problem) -> [Digest] {
    var peaks: [Digest] = []
    var next = leaves.lowerBound
    while next < leaves.upperBound {
      let height = Int.bitWidth - 1 - (leaves.upperBound - next).leadingZeroBitCount
      peaks.append(try node(at: height, over: next))
      next += 1 << height
    }
    return peaks
  }

  /// The root of the perfect subtree of this height that begins at a leaf.
  private mutating func node(at height: Int, over leaf: Int) throws(Problem) -> Digest {
    let level = height / MerkleTile.height
    let first = leaf >> (MerkleTile.height * level)
    let offset = first % MerkleTile.fullWidth
    let hashes = try hashes(ofTile: first / MerkleTile.fullWidth, at: level)
    let places = offset..<(offset + (1 << (height % MerkleTile.height)))
    guard places.upperBound <= hashes.count else { throw Self.narrow(level, first / MerkleTile.fullWidth) }
    return MerkleTile.root(of: hashes[places])
  }

  private mutating func hashes(ofTile index: Int, at level: Int) throws(Problem) -> [Digest] {
    let width = min(
      MerkleTile.fullWidth, MerkleTile.count(at: level, in: size) - index * MerkleTile.fullWidth)
    guard let tile = MerkleTile(level: level, index: index, width: width) else {
      throw Self.narrow(level, index)
    }
    if let hashes = tiles[tile] { return hashes }
    let hashes = try source(tile)
    guard hashes.count == width else { throw Self.narrow(level, index) }
    tiles[tile] = hashes
    return hashes
  }

  private static func narrow(_ level: Int, _ index: Int) -> Problem {
    Problem(
      .integrity, "ledger.tile-missing",
      "expected the hashes of tile \(index) of level \(level), found fewer of them",
      subject: "the ledger", hint: "run 'gatehouse audit verify'; restore registry.sqlite from a backup")
  }
}
