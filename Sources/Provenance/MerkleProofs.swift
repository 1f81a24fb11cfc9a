public import Domain

/// The siblings on the way from one leaf of a Merkle tree to its root.
public struct InclusionProof: Equatable, Sendable {
  /// The index of the leaf, from 0.
  public let index: Int
  /// How many leaves the tree has.
  public let size: Int
  /// The siblings from the leaf upward.
  public let path: [Digest]

  /// States a proof; nothing is checked before `verifies`.
  public init(index: Int, size: Int, path: [Digest]) {
    self.index = index
    self.size = size
    self.path = path
  }

  /// Whether the leaf with this hash is at `index` under `root`: RFC 9162, section 2.1.3.2.
  public func verifies(_ leafHash: Digest, under root: Digest) -> Bool {
    guard index >= 0, index < size else { return false }
    var node = index
    var last = size - 1
    var hash = leafHash
    for sibling in path {
      guard last > 0 else { return false }
      if node.isOdd || node == last {
        hash = MerkleTree.nodeHash(sibling, hash)
        // The last node of a level that has no sibling goes up unhashed until it has one.
        while !node.isOdd, node > 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        hash = MerkleTree.nodeHash(hash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }
}

/// The nodes that show one Merkle tree to be the beginning of another.
public struct ConsistencyProof: Equatable, Sendable {
  /// How many leaves the earlier tree has.
  public let oldSize: Int
  /// How many leaves the later tree has.
  public let newSize: Int
  /// The nodes in the order of RFC 6962, section 2.1.2.
  public let path: [Digest]

  /// States a proof; nothing is checked before `verifies`.
  public init(oldSize: Int, newSize: Int, path: [Digest]) {
    self.oldSize = oldSize
    self.newSize = newSize
    self.path = path
  }

  /// Whether the tree under `new` begins with all of the tree under `old`: RFC 9162, section 2.1.4.2.
  public func verifies(from old: Digest, to new: Digest) -> Bool {
    guard oldSize >= 0, oldSize <= newSize else { return false }
    if oldSize == newSize { return path.isEmpty && old == new }
    if oldSize == 0 { return path.isEmpty && old == MerkleFrontier().root }
    // A perfect earlier tree is itself the first node, and the proof leaves it out.
    let isPerfect = oldSize & (oldSize - 1) == 0
    var nodes = (isPerfect ? [old] + path : path)[...]
    guard let first = nodes.popFirst() else { return false }
    var node = oldSize - 1
    var last = newSize - 1
    while node.isOdd {
      node >>= 1
      last >>= 1
    }
    var oldHash = first
    var newHash = first
    for sibling in nodes {
      guard last > 0 else { return false }
      if node.isOdd || node == last {
        oldHash = MerkleTree.nodeHash(sibling, oldHash)
        newHash = MerkleTree.nodeHash(sibling, newHash)
        while !node.isOdd, node > 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        newHash = MerkleTree.nodeHash(newHash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && oldHash == old && newHash == new
  }
}

extension Int {
  fileprivate var isOdd: Bool { self & 1 == 1 }
}
