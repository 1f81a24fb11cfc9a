import Domain
import Provenance
import TestKit
import Testing

@Suite struct `A tree that is read by tiles` {
  /// The tiles of a tree, made the plain way: level by level, whole hashes alone.
  private struct Tiles {
    let levels: [[Digest]]

    init(_ leaves: [Digest]) {
      var levels = [leaves]
      while let last = levels.last, last.count >= MerkleTile.fullWidth {
        levels.append(
          stride(from: 0, to: last.count - last.count % MerkleTile.fullWidth, by: MerkleTile.fullWidth).map {
            MerkleTree.root(of: last[$0..<($0 + MerkleTile.fullWidth)])
          })
      }
      self.levels = levels
    }

    func tree(_ reads: Counter = Counter()) -> TiledTree {
      TiledTree(size: levels[0].count) { tile in
        reads.count += 1
        let first = tile.index * MerkleTile.fullWidth
        return Array(levels[tile.level][first..<(first + tile.width)])
      }
    }
  }

  private final class Counter {
    var count = 0
  }

  static let leaves = (0..<70_000).map { MerkleTree.leafHash("leaf \($0)".utf8) }

  @Test(arguments: [0, 1, 2, 3, 7, 8, 70])
  func `proves what the leaves themselves prove, at every size`(size: Int) throws {
    let leaves = Array(Self.leaves.prefix(size))
    var tree = Tiles(leaves).tree()
    for size in 0...size {
      let prefix = Array(leaves.prefix(size))
      #expect(try tree.root(at: size) == MerkleTree.root(of: prefix))
      for index in -1...size {
        #expect(
          try tree.inclusionProof(of: index, in: size) == MerkleTree.inclusionProof(of: index, in: prefix))
      }
      for old in -1...(size + 1) {
        #expect(
          try tree.consistencyProof(from: old, to: size) == MerkleTree.consistencyProof(from: old, in: prefix)
        )
      }
    }
    #expect(try tree.root(at: size + 1) == nil)
    #expect(try tree.inclusionProof(of: 0, in: size + 1) == nil)
    #expect(try tree.consistencyProof(from: 0, to: size + 1) == nil)
  }

  @Test(arguments: [255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 69_999])
  func `proves what the leaves themselves prove, at sizes where tiles end`(size: Int) throws {
    let leaves = Array(Self.leaves.prefix(size))
    var tree = Tiles(leaves).tree()
    var generator = SeededGenerator(seed: 6962)
    for _ in 0..<3 {
      let index = Int.random(in: 0..<size, using: &generator)
      let earlier = Int.random(in: (index + 1)...size, using: &generator)
      for size in [size, earlier] {
        let prefix = Array(leaves.prefix(size))
        let root = MerkleTree.root(of: prefix)
        #expect(try tree.root(at: size) == root)
        let proof = try #require(try tree.inclusionProof(of: index, in: size))
        #expect(proof.verifies(leaves[index], under: root), "\(index) in \(size)")
        let consistency = try #require(try tree.consistencyProof(from: index, to: size))
        #expect(
          consistency.verifies(from: MerkleTree.root(of: leaves.prefix(index)), to: root),
          "\(index) to \(size)")
      }
    }
  }

  @Test func `is read in few tiles`() throws {
    let reads = Counter()
    var tree = Tiles(Self.leaves).tree(reads)
    _ = try tree.inclusionProof(of: 12_345, in: 70_000)
    // Of two levels the tile on the way and the last one, and the one of the third.
    #expect(reads.count <= 5)
  }

  @Test func `with a tile that is narrower than it should be is told of`() throws {
    var tree = TiledTree(size: 300) { _ in [] }
    let problem = #expect(throws: Problem.self) { try tree.root(at: 300) }
    #expect(problem?.code == "ledger.tile-missing")
  }

  @Test func `has no tile beyond what sizes can be`() {
    #expect(MerkleTile(level: 8, index: 0) == nil)
    #expect(MerkleTile(level: 7, index: 1) == nil)
    #expect(MerkleTile(level: 0, index: Int.max) == nil)
    #expect(MerkleTile(level: 0, index: 0, width: 0) == nil)
    #expect(MerkleTile(level: 0, index: 0, width: 257) == nil)
    #expect(MerkleTile(level: 7, index: 0) != nil)
  }
}

@Suite struct `A path of a log` {
  @Test(arguments: [
    ("0/000", 0, 0, 256), ("0/x001/x234/067", 0, 1_234_067, 256), ("1/999.p/1", 1, 999, 1),
    ("0/x001/000.p/255", 0, 1000, 255), ("7/000", 7, 0, 256),
  ])
  func `names a tile`(path: String, level: Int, index: Int, width: Int) throws {
    let tile = try #require(MerkleTile(level: level, index: index, width: width))
    #expect(try LogResource(path: path) == .hashes(tile))
    #expect(LogResource.hashes(tile).path == path)
  }

  @Test func `names entries`() throws {
    let tile = try #require(MerkleTile(level: 0, index: 1067, width: 12))
    #expect(try LogResource(path: "entries/x001/067.p/12") == .entries(tile))
    #expect(LogResource.entries(tile).path == "entries/x001/067.p/12")
  }

  @Test func `printed and read again is the same`() throws {
    var generator = SeededGenerator(seed: 6962)
    for _ in 0..<500 {
      let level = Int.random(in: 0...3, using: &generator)
      let index = Int.random(in: 0...(Int.max >> (8 * (level + 1))), using: &generator)
      let tile = try #require(
        MerkleTile(level: level, index: index, width: .random(in: 1...256, using: &generator)))
      #expect(try LogResource(path: LogResource.hashes(tile).path) == .hashes(tile))
    }
  }

  @Test(arguments: [
    "", "0", "0/", "/000", "0/0", "0/00", "0/0000", "0/x000/001", "0/001/002", "0/x001/x002", "0/X001/002",
    "00/000", "+1/000", "-1/000", "8/000", "64/000", "0/-01", "0/+01", "0/000.p", "0/000.p/", "0/000.p/0",
    "0/000.p/256", "0/000.p/257", "0/000.p/01", "0/000.p/+1", "0/x001.p/000.p/1", "0/000/", "0//000",
    "entries", "entries/", "entries/0", "Entries/000", "entries/000.p/256", "0/é00", "0/٠٠٠",
    "0/x999/x999/x999/x999/x999/x999/999",
    "0/000.p/1/2", "0/000?", "0/000%2Ep/1",
  ])
  func `that is none is refused`(path: String) {
    let problem = #expect(throws: Problem.self) { try LogResource(path: path) }
    #expect(problem?.code == "log.malformed-path")
  }

  @Test func `a bundle has each entry behind its length`() {
    let long = [UInt8](repeating: 7, count: 258)
    #expect(LogResource.bundle([[1, 2], [], long]) == [0, 2, 1, 2, 0, 0, 1, 2] + long)
  }
}
