import Domain
import Encoding
import Provenance
import TestKit
import Testing

@Suite struct `The proof of an entry` {
  private static let entries = (0..<11).map { Array("entry \($0)".utf8) }

  private static func proof(
    of index: Int, _ key: CheckpointSigningKey, extraLines: String = ""
  ) throws -> EntryProof {
    let leaves = entries.map { MerkleTree.leafHash($0) }
    let checkpoint = try key.sign(size: leaves.count, root: MerkleTree.root(of: leaves))
    let proof = try #require(MerkleTree.inclusionProof(of: index, in: leaves))
    return EntryProof(index: index, path: proof.path, checkpoint: checkpoint.text + extraLines)
  }

  @Test func `verifies and reads back as it was written`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    for index in Self.entries.indices {
      let proof = try Self.proof(of: index, key)
      let bytes = Array(proof.text.utf8)
      #expect(try EntryProof(parsing: bytes) == proof)
      #expect(try proof.verify(Self.entries[index], trusting: key.verificationKey).size == 11)
    }
    let lines = try Self.proof(of: 3, key).text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "c2sp.org/tlog-proof@v1")
    #expect(lines[1] == "index 3")
    #expect(lines[6].isEmpty)
    #expect(lines[7] == "test.example/ledger")
  }

  @Test func `with any byte changed to any other is refused`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    let bytes = Array(try Self.proof(of: 3, key).text.utf8)
    let entry = Self.entries[3]
    func isAccepted(_ proof: [UInt8], _ entry: [UInt8]) -> Bool {
      guard let proof = try? EntryProof(parsing: proof) else { return false }
      return (try? proof.verify(entry, trusting: key.verificationKey)) != nil
    }
    #expect(isAccepted(bytes, entry))
    var generator = SeededGenerator(seed: 3)
    for place in bytes.indices {
      // Two bits, what a blank looks like, and one of all the others.
      let changes = [bytes[place] ^ 1, bytes[place] ^ 32, 32, .random(in: 0...255, using: &generator)]
      for change in changes where change != bytes[place] {
        var changed = bytes
        changed[place] = change
        #expect(!isAccepted(changed, entry), "byte \(place) as \(change)")
      }
      for inserted: UInt8 in [10, 32] {
        #expect(
          !isAccepted(Array(bytes[..<place]) + [inserted] + bytes[place...], entry), "\(inserted) at \(place)"
        )
      }
      #expect(!isAccepted(Array(bytes[..<place]), entry))
      #expect(!isAccepted(Array(bytes[..<place] + bytes[(place + 1)...]), entry), "without \(place)")
    }
    for place in entry.indices {
      for bit in 0..<8 {
        var changed = entry
        changed[place] ^= 1 << bit
        #expect(!isAccepted(bytes, changed))
      }
    }
    #expect(!isAccepted(bytes + [10], entry))
  }

  @Test func `with signatures that nobody was named for is refused`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    let line = "— somebody \(Base64.encode([UInt8](repeating: 1, count: 68)))\n"
    let proof = try Self.proof(of: 3, key, extraLines: line)
    let read = try EntryProof(parsing: Array(proof.text.utf8))
    let problem = #expect(throws: Problem.self) {
      try read.verify(Self.entries[3], trusting: key.verificationKey)
    }
    #expect(problem?.code == "checkpoint.unknown-signature")
  }

  @Test func `of another key is refused`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    let other = try CheckpointSigningKey(name: "test.example/ledger")
    let problem = #expect(throws: Problem.self) {
      try Self.proof(of: 3, key).verify(Self.entries[3], trusting: other.verificationKey)
    }
    #expect(problem?.code == "checkpoint.untrusted-key")
  }

  @Test(arguments: [
    "", "\n", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 1",
    "c2sp.org/tlog-proof@v1\nindex 01\n\nx", "c2sp.org/tlog-proof@v1\nindex -1\n\nx",
    "c2sp.org/tlog-proof@v1\nindex +1\n\nx", "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\n\nx",
    "c2sp.org/tlog-proof@v1\nindex 99999999999999999999\n\nx", "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
    "c2sp.org/tlog-proof@v2\nindex 1\n\nx", "c2sp.org/tlog-proof@v1\r\nindex 1\r\n\r\nx",
  ])
  func `that is none is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try EntryProof(parsing: Array(text.utf8)) }
    #expect(problem?.code == "proof.malformed")
  }
}
