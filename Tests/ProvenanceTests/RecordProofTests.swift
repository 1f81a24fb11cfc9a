import Domain
import Encoding
import Testing

@testable import Provenance

/// Proofs of single access records.
struct RecordProofTests {
  private static let segment = "0123456789abcdef-00000001"
  private let key: CheckpointSigningKey
  private let proof: RecordProof

  private static func record(_ index: Int) -> [UInt8] {
    var record = AccessRecord(
      time: Timestamp(milliseconds: Int64(index)), trace: String(repeating: "0", count: 32))
    record.status = 200
    record.code = "\"ü\\"
    var text: [UInt8] = []
    record.write(to: &text)
    return text
  }

  private static func entry(_ subject: String, act: Act = .keepRecords, root: Digest, lines: Int) -> [UInt8] {
    LedgerEntry(
      time: Timestamp(milliseconds: 5), principal: .platform, act: act, phase: .done, subject: subject,
      trace: "t", details: ["root": .string(root.description), "lines": JSON(lines)]
    ).canonicalBytes
  }

  init() throws {
    key = try CheckpointSigningKey(name: "test")
    proof = try Self.proof(key) { Self.entry(Self.segment, root: $0, lines: 11) }
  }

  private static func proof(_ key: CheckpointSigningKey, entry: (Digest) -> [UInt8]) throws -> RecordProof {
    let header = RecordSegment.Header(segment: segment, begun: Timestamp(milliseconds: 0), salt: "00")
    let texts = [header.json.canonicalBytes] + (0..<10).map(record)
    let leaves = texts.map { MerkleTree.leafHash($0) }
    let entries = [[1], [2], entry(MerkleTree.root(of: leaves)), [4], [5]]
    let hashes = entries.map { MerkleTree.leafHash($0) }
    return RecordProof(
      receipt: Receipt(segment: segment, index: 4), record: texts[4],
      inSegment: try #require(MerkleTree.inclusionProof(of: 4, in: leaves)), entry: entries[2],
      inLedger: try #require(MerkleTree.inclusionProof(of: 2, in: hashes)),
      checkpoint: try key.sign(size: 5, root: MerkleTree.root(of: hashes)).text)
  }

  @Test func `a proof verifies with the public key alone, as a value and as the document it is handed on as`()
    throws
  {
    let bytes = proof.json.canonicalBytes
    let read = try #require(RecordProof(json: try JSON(parsing: bytes)))
    #expect(read == proof)
    let verified = try read.verify(trusting: key.verificationKey)
    #expect(verified.record.time == Timestamp(milliseconds: 3))
    #expect(verified.entry.subject == Self.segment)
    #expect(verified.checkpoint.size == 5)
  }

  @Test func `another key is not trusted`() throws {
    let other = try CheckpointSigningKey(name: "test")
    let problem = #expect(throws: Problem.self) { try proof.verify(trusting: other.verificationKey) }
    #expect(problem?.code == "checkpoint.untrusted-key")
  }

  @Test func `a step that does not hold is named`() throws {
    func code(_ change: (inout [String: JSON]) -> Void) throws -> String? {
      var members = try #require(proof.json.object)
      change(&members)
      let read = try #require(RecordProof(json: .object(members)))
      let problem = #expect(throws: Problem.self) { try read.verify(trusting: key.verificationKey) }
      #expect(problem?.category == .integrity)
      return problem?.code
    }
    func leaf(_ name: String, _ member: String, _ value: JSON) -> (inout [String: JSON]) -> Void {
      { members in
        var leaf = members[name]?.object ?? [:]
        leaf[member] = value
        members[name] = .object(leaf)
      }
    }
    #expect(try code { $0["receipt"] = .string("\(Self.segment)-5") } == "proof.record")
    #expect(
      try code { $0["receipt"] = .string("0123456789abcdef-00000002-4") } == "proof.other-entry")
    let other = String(decoding: Self.record(9), as: UTF8.self)
    #expect(try code(leaf("record", "text", .string(other))) == "proof.record")
    #expect(try code(leaf("record", "size", 12)) == "proof.record")
    #expect(try code(leaf("record", "path", [])) == "proof.record")
    #expect(try code(leaf("entry", "text", .string(other))) == "proof.entry")
    #expect(try code(leaf("entry", "index", 3)) == "proof.entry")
    #expect(try code(leaf("entry", "size", 6)) == "proof.entry")
    #expect(try code { $0["checkpoint"] = "" } == "checkpoint.malformed")
  }

  @Test func `an entry that keeps no segment proves nothing`() throws {
    let entries: [(Digest) -> [UInt8]] = [
      { Self.entry(Self.segment, act: .push, root: $0, lines: 11) },
      { Self.entry("0123456789abcdef-00000002", root: $0, lines: 11) },
      { root in root.bytes },
    ]
    for entry in entries {
      let forged = try Self.proof(key, entry: entry)
      let problem = #expect(throws: Problem.self) { try forged.verify(trusting: key.verificationKey) }
      #expect(problem?.code == "proof.other-entry")
    }
    let longer = try Self.proof(key) { Self.entry(Self.segment, root: $0, lines: 12) }
    let problem = #expect(throws: Problem.self) { try longer.verify(trusting: key.verificationKey) }
    #expect(problem?.code == "proof.record")
  }

  @Test func `what is no proof does not read`() throws {
    for name in ["format", "receipt", "record", "entry", "checkpoint"] {
      var members = try #require(proof.json.object)
      members[name] = nil
      #expect(RecordProof(json: .object(members)) == nil)
    }
    #expect(RecordProof(json: []) == nil)
  }
}
