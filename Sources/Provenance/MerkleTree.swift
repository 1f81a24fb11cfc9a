public import Domain

/// The Merkle tree of RFC 6962, section 2.1, over the hashes of its leaves.
///
/// Leaves and inner nodes are hashed with different first bytes, so that neither can be passed off as the
/// other.
public enum MerkleTree {
  /// The hash of a leaf: SHA-256 of 0x00 and its bytes.
  public static func leafHash(_ bytes: some Collection<UInt8>) -> Digest {
    var hasher = DigestHasher()
    hasher.update(CollectionOfOne(0x00))
    hasher.update(bytes)
    return hasher.digest
  }

  /// The hash of an inner node: SHA-256 of 0x01 and the hashes of its children.
  public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    var hasher = DigestHasher()
    hasher.update(CollectionOfOne(0x01))
    hasher.update(left.bytes)
    hasher.update(right.bytes)
    return hasher.digest
  }

  /// The root over all leaves in order; of none, the SHA-256 of no bytes.
  public static func root(of leaves: some Sequence<Digest>) -> Digest {
    var frontier = MerkleFrontier()
    for leaf in leaves { frontier.append(leaf) }
    return frontier.root
  }

  /// The proof that the leaf at `index` is under the root of all `leaves`; nil where there is no such leaf.
  ///
  /// Hashes every leaf's path once: linear in the number of leaves.
  public static func inclusionProof(of index: Int, in leaves: [Digest]) -> InclusionProof? {
    guard leaves.indices.contains(index) else { return nil }
    return InclusionProof(index: index, size: leaves.count, path: path(to: index, in: leaves[...]))
  }

  /// PATH(m, D[n]) of RFC 6962, section 2.1.1; as deep as the tree, at most 63 levels.
  private static func path(to index: Int, in leaves: ArraySlice<Digest>) -> [Digest] {
    guard leaves.count > 1 else { return [] }
    let middle = leaves.startIndex + split(leaves.count)
    let left = leaves[..<middle]
    let right = leaves[middle...]
    return index < middle
      ? path(to: index, in: left) + [root(of: right)] : path(to: index, in: right) + [root(of: left)]
  }

  /// The proof that the tree over the first `oldSize` of `leaves` is the beginning of the tree over all of
  /// them; nil unless `oldSize` is between 0 and their number.
  public static func consistencyProof(from oldSize: Int, in leaves: [Digest]) -> ConsistencyProof? {
    guard 0...leaves.count ~= oldSize else { return nil }
    // Before the first leaf, and between equal trees, there is nothing to prove.
    let path =
      oldSize == 0 || oldSize == leaves.count ? [] : subproof(oldSize, in: leaves[...], isComplete: true)
    return ConsistencyProof(oldSize: oldSize, newSize: leaves.count, path: path)
  }

  /// SUBPROOF(m, D[n], b) of RFC 6962, section 2.1.2; as deep as the tree, at most 63 levels.
  private static func subproof(_ oldSize: Int, in leaves: ArraySlice<Digest>, isComplete: Bool) -> [Digest] {
    if oldSize == leaves.count { return isComplete ? [] : [root(of: leaves)] }
    let half = split(leaves.count)
    let left = leaves.prefix(half)
    let right = leaves.dropFirst(half)
    return oldSize <= half
      ? subproof(oldSize, in: left, isComplete: isComplete) + [root(of: right)]
      : subproof(oldSize - half, in: right, isComplete: false) + [root(of: left)]
  }

  /// The largest power of two below `count`, which is above 1.
  static func split(_ count: Int) -> Int {
    1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
  }
}

/// What has to be kept of a Merkle tree to append to it: the roots of its perfect subtrees, largest first.
///
/// Its size is logarithmic in the number of leaves, and so is the time that appending takes.
public struct MerkleFrontier: Equatable, Sendable {
  /// How many leaves the tree has.
  public private(set) var size = 0
  /// One perfect subtree for each 1 in the binary digits of `size`, from the most significant.
  public private(set) var peaks: [Digest] = []

  /// The frontier of the empty tree.
  public init() {}

  /// Takes up a frontier that was kept; nil where there are not as many peaks as `size` asks for.
  public init?(size: Int, peaks: [Digest]) {
    guard size >= 0, peaks.count == size.nonzeroBitCount else { return nil }
    self.size = size
    self.peaks = peaks
  }

  /// Appends the hash of a leaf.
  public mutating func append(_ leafHash: Digest) {
    var hash = leafHash
    for _ in 0..<size.trailingOneBitCount { hash = MerkleTree.nodeHash(peaks.removeLast(), hash) }
    peaks.append(hash)
    size += 1
  }

  /// The root over all leaves so far; of none, the SHA-256 of no bytes.
  public var root: Digest {
    guard let last = peaks.last else { return Digest(of: []) }
    return peaks.dropLast().reversed().reduce(last) { MerkleTree.nodeHash($1, $0) }
  }
}

extension Int {
  fileprivate var trailingOneBitCount: Int { (~self).trailingZeroBitCount }
}
