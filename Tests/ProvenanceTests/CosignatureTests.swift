import enum Crypto.Curve25519
import Domain
import Encoding
import Provenance
import Testing

@Suite struct `A checkpoint that a witness has cosigned` {
  /// A witness as another program would be: its key and its lines are made by the text of tlog-cosignature alone.
  private struct Witness {
    let name: String
    let key = Curve25519.Signing.PrivateKey()

    private var keyID: [UInt8] {
      Array(
        Digest(of: Array(name.utf8) + [0x0A, 0x04] + Array(key.publicKey.rawRepresentation)).bytes.prefix(4))
    }

    var publicKey: String {
      "\(name)+\(Hexadecimal.encode(keyID))+\(Base64.encode([0x04] + Array(key.publicKey.rawRepresentation)))"
    }

    func line(over checkpoint: Checkpoint, at time: UInt64 = 1_700_000_000) throws -> String {
      let note = checkpoint.text.split(separator: "\n\n")[0] + "\n"
      let signature = try key.signature(for: Array("cosignature/v1\ntime \(time)\n\(note)".utf8))
      let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * UInt64($0))) }
      return "— \(name) \(Base64.encode(keyID + stamp + Array(signature)))\n"
    }
  }

  private static let entry = Array("entry".utf8)

  @Test func `proves an entry where the witness is named, and not where it is not`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    let checkpoint = try key.sign(size: 1, root: MerkleTree.leafHash(Self.entry))
    let witness = Witness(name: "witness.example/w1")
    let named = try WitnessKey(parsing: witness.publicKey)
    #expect(named.name == witness.name)
    #expect(named.description == witness.publicKey)
    let line = try witness.line(over: checkpoint)
    let proof = EntryProof(index: 0, path: [], checkpoint: checkpoint.text + line)
    #expect(try proof.verify(Self.entry, trusting: key.verificationKey, witnessedBy: [named]).size == 1)
    let problem = #expect(throws: Problem.self) {
      try proof.verify(Self.entry, trusting: key.verificationKey)
    }
    #expect(problem?.code == "checkpoint.unknown-signature")
    // A line that comes twice, and one with any bit of it changed.
    let twice = EntryProof(index: 0, path: [], checkpoint: checkpoint.text + line + line)
    #expect(throws: Problem.self) {
      try twice.verify(Self.entry, trusting: key.verificationKey, witnessedBy: [named])
    }
    let bytes = Array(proof.text.utf8)
    for place in (bytes.count - line.utf8.count)..<bytes.count {
      var changed = bytes
      changed[place] ^= 1
      let isAccepted =
        (try? EntryProof(parsing: changed).verify(
          Self.entry, trusting: key.verificationKey, witnessedBy: [named])) != nil
      #expect(!isAccepted, "byte \(place)")
    }
  }

  @Test func `by a witness that signed another is refused`() throws {
    let key = try CheckpointSigningKey(name: "test.example/ledger")
    let checkpoint = try key.sign(size: 1, root: MerkleTree.leafHash(Self.entry))
    let other = try key.sign(size: 2, root: MerkleTree.leafHash(Self.entry))
    let witness = Witness(name: "witness.example/w1")
    let proof = EntryProof(index: 0, path: [], checkpoint: checkpoint.text + (try witness.line(over: other)))
    let problem = #expect(throws: Problem.self) {
      try proof.verify(
        Self.entry, trusting: key.verificationKey, witnessedBy: [try WitnessKey(parsing: witness.publicKey)])
    }
    #expect(problem?.code == "checkpoint.bad-signature")
  }

  @Test func `by a key that is none is refused`() throws {
    let ledger = try CheckpointSigningKey(name: "test.example/ledger").verificationKey.description
    let sound = Witness(name: "w").publicKey
    for text in ["", "w", ledger, String(sound.dropLast(4)), "x" + sound, "w +\(sound.dropFirst(2))"] {
      let problem = #expect(throws: Problem.self) { try WitnessKey(parsing: text) }
      #expect(problem?.code == "witness.malformed-key")
    }
  }
}
