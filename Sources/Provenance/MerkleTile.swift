public import Domain

/// A tile of a Merkle tree: up to 256 neighbouring hashes of one level, where levels are eight of the tree apart.
///
/// The hash number `n` of level `l` is the root over the leaves from `n·256ˡ` up to `(n+1)·256ˡ`, all of them there.
/// https://c2sp.org/tlog-tiles
public struct MerkleTile: Hashable, Sendable {
  /// How many levels of the tree one level of tiles has.
  static let height = 8
  /// How many hashes a complete tile has.
  public static let fullWidth = 256
  /// Above this level no tree has a tile, since sizes have 63 bits.
  static let topLevel = 7

  /// The level, from 0: there are the leaves.
  public let level: Int
  /// The place in its level, from 0.
  public let index: Int
  /// How many of its hashes are meant, from its first.
  public let width: Int

  /// Names a tile; nil where no tree could have it.
  public init?(level: Int, index: Int, width: Int = fullWidth) {
    guard 0...Self.topLevel ~= level, 1...Self.fullWidth ~= width, index >= 0,
      index <= Int.max >> (Self.height * (level + 1))
    else { return nil }
    self.level = level
    self.index = index
    self.width = width
  }

  /// Whether no hash can come to it any more.
  public var isComplete: Bool { width == Self.fullWidth }

  /// How many hashes a level has in a tree of so many leaves.
  public static func count(at level: Int, in size: Int) -> Int {
    0...topLevel ~= level ? size >> (height * level) : 0
  }

  /// The root over the hashes of a complete tile, which the level above takes up, or over 1, 2, 4 … 128 neighbours.
  public static func root(of hashes: some Collection<Digest>) -> Digest {
    var level = Array(hashes)
    while level.count > 1 {
      level = stride(from: 0, to: level.count - 1, by: 2).map {
        MerkleTree.nodeHash(level[$0], level[$0 + 1])
      }
    }
    // Of none there is no root; who asks has some.
    return level.first ?? MerkleFrontier().root
  }
}
