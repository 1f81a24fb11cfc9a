import Domain
import Encoding
import Provenance
import Testing

@Suite struct `The Merkle tree` {
  /// The leaves and roots of the test vectors of certificate-transparency (`merkle_tree_test.cc`).
  static let inputs: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
    [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    [
      0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
    ],
  ]
  static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]
  static let leaves = inputs.map { MerkleTree.leafHash($0) }
  static let many = (0..<64).map { MerkleTree.leafHash("leaf \($0)".utf8) }

  @Test(arguments: 0...8) func `the roots of known trees come out`(size: Int) {
    #expect(MerkleTree.root(of: Self.leaves.prefix(size)).hexadecimal == Self.roots[size])
  }

  @Test func `known inclusion proofs come out`() throws {
    // PATH(0, D[8]) and PATH(5, D[8]) of the same vectors, and PATH(2, D[3]).
    let known: [(index: Int, size: Int, path: [String])] = [
      (
        0, 8,
        [
          "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
      ),
      (
        5, 8,
        [
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
      ),
      (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ]
    for (index, size, path) in known {
      let proof = try #require(MerkleTree.inclusionProof(of: index, in: Array(Self.leaves.prefix(size))))
      #expect(proof.path.map(\.hexadecimal) == path)
    }
  }

  @Test func `known consistency proofs come out`() throws {
    let known: [(old: Int, new: Int, path: [String])] = [
      (1, 1, []),
      (
        1, 8,
        [
          "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
      ),
      (
        6, 8,
        [
          "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
      ),
      (
        2, 5,
        [
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ]
      ),
    ]
    for (old, new, path) in known {
      let proof = try #require(MerkleTree.consistencyProof(from: old, in: Array(Self.leaves.prefix(new))))
      #expect(proof.path.map(\.hexadecimal) == path)
    }
  }

  /// The definition of MTH in RFC 6962, section 2.1, taken literally.
  static func definition(_ leaves: ArraySlice<Digest>) -> Digest {
    if leaves.isEmpty { return Digest(of: []) }
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    var half = 1
    while half * 2 < leaves.count { half *= 2 }
    return MerkleTree.nodeHash(definition(leaves.prefix(half)), definition(leaves.dropFirst(half)))
  }

  @Test func `the frontier gives the root that the definition gives, at every size up to 64`() throws {
    var frontier = MerkleFrontier()
    for size in 0...64 {
      #expect(frontier.root == Self.definition(Self.many.prefix(size)))
      #expect(frontier.size == size)
      #expect(MerkleFrontier(size: size, peaks: frontier.peaks) == frontier)
      if size < 64 { frontier.append(Self.many[size]) }
    }
  }

  @Test func `a frontier with another number of peaks is none`() {
    #expect(MerkleFrontier(size: 3, peaks: [Self.many[0]]) == nil)
    #expect(MerkleFrontier(size: -1, peaks: []) == nil)
  }

  @Test(arguments: 1...64) func `every leaf is proved, and no other leaf, place or root`(size: Int) throws {
    let leaves = Array(Self.many.prefix(size))
    let root = MerkleTree.root(of: leaves)
    for index in 0..<size {
      let proof = try #require(MerkleTree.inclusionProof(of: index, in: leaves))
      #expect(proof.verifies(leaves[index], under: root))
      #expect(!proof.verifies(leaves[index], under: leaves[index]) || size == 1)
      for other in 0..<size where other != index {
        #expect(!proof.verifies(leaves[other], under: root))
        let moved = InclusionProof(index: other, size: size, path: proof.path)
        #expect(!moved.verifies(leaves[index], under: root))
      }
      for path in Self.tampered(proof.path) {
        #expect(!InclusionProof(index: index, size: size, path: path).verifies(leaves[index], under: root))
      }
    }
    #expect(MerkleTree.inclusionProof(of: size, in: leaves) == nil)
    #expect(MerkleTree.inclusionProof(of: -1, in: leaves) == nil)
  }

  @Test(arguments: 1...64) func `every earlier tree is proved, and no other`(newSize: Int) throws {
    let leaves = Array(Self.many.prefix(newSize))
    let new = MerkleTree.root(of: leaves)
    for oldSize in 0...newSize {
      let old = MerkleTree.root(of: leaves.prefix(oldSize))
      let proof = try #require(MerkleTree.consistencyProof(from: oldSize, in: leaves))
      #expect(proof.verifies(from: old, to: new))
      #expect(!proof.verifies(from: Self.many[0], to: new) || old == Self.many[0])
      #expect(!proof.verifies(from: old, to: Self.many[0]) || new == Self.many[0] || oldSize == 0)
      for path in Self.tampered(proof.path) {
        let proof = ConsistencyProof(oldSize: oldSize, newSize: newSize, path: path)
        #expect(!proof.verifies(from: old, to: new))
      }
    }
    #expect(MerkleTree.consistencyProof(from: newSize + 1, in: leaves) == nil)
    #expect(MerkleTree.consistencyProof(from: -1, in: leaves) == nil)
  }

  @Test func `sizes that no tree has are refused`() {
    let root = Self.many[0]
    for (index, size) in [(0, 0), (-1, 1), (1, 1), (0, -1), (Int.max, Int.max), (Int.min, 0)] {
      #expect(!InclusionProof(index: index, size: size, path: []).verifies(root, under: root))
    }
    for (old, new) in [(2, 1), (-1, 1), (Int.min, Int.max)] {
      #expect(!ConsistencyProof(oldSize: old, newSize: new, path: [root]).verifies(from: root, to: root))
    }
  }

  /// The path with a node too few, too many, or other than it was.
  private static func tampered(_ path: [Digest]) -> [[Digest]] {
    var tampered = [path + [many[0]]]
    guard !path.isEmpty else { return tampered }
    tampered += [Array(path.dropFirst()), Array(path.dropLast())]
    for index in path.indices {
      var changed = path
      changed[index] = MerkleTree.leafHash(path[index].bytes)
      tampered.append(changed)
    }
    return tampered
  }
}
