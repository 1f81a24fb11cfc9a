public import Domain
public import Encoding

/// That one access record stands in the ledger: the record, its way up to the root of its segment, the entry of the
/// ledger that has that root, the entry's way up to a signed checkpoint.
///
/// Anybody who has the ledger's public key can verify it, and needs nothing else; `docs/records.md` says how.
public struct RecordProof: Equatable, Sendable {
  /// More bytes than any such proof as a document has.
  public static let longest = 4 << 20

  /// What the answer carried.
  public let receipt: Receipt
  /// The text of the record, as its line has it.
  public let record: [UInt8]
  /// The record's place in its segment.
  public let inSegment: InclusionProof
  /// The entry of the ledger that the segment became, as it is stored.
  public let entry: [UInt8]
  /// The entry's place in the ledger.
  public let inLedger: InclusionProof
  /// The signed checkpoint, a C2SP signed note.
  public let checkpoint: String

  /// States a proof; nothing is checked before `verify`.
  public init(
    receipt: Receipt, record: [UInt8], inSegment: InclusionProof, entry: [UInt8], inLedger: InclusionProof,
    checkpoint: String
  ) {
    self.receipt = receipt
    self.record = record
    self.inSegment = inSegment
    self.entry = entry
    self.inLedger = inLedger
    self.checkpoint = checkpoint
  }

  /// Verifies every step, from the signature down to the record, trusting the key alone.
  ///
  /// Throws `checkpoint.…` or `proof.…` of the first step that does not hold.
  public func verify(trusting key: CheckpointVerificationKey) throws(Problem) -> VerifiedRecord {
    let head = try Checkpoint(parsing: checkpoint, trusting: key)
    guard inLedger.size == head.size, inLedger.verifies(MerkleTree.leafHash(entry), under: head.root) else {
      throw Self.failed(
        "proof.entry",
        "expected entry \(inLedger.index) under the signed root \(head.root.short) of"
          + " \(head.size) entries, found no way from it to there")
    }
    guard let json = try? JSON(parsing: entry), let kept = LedgerEntry(json: json),
      kept.act == .keepRecords, kept.phase == .done, kept.subject == receipt.segment,
      let root = kept.details["root"]?.string.flatMap({ try? Digest(parsing: $0) }),
      let lines = kept.details["lines"]?.int
    else {
      throw Self.failed(
        "proof.other-entry",
        "expected the entry that keeps the segment \(receipt.segment), found another as entry \(inLedger.index)"
      )
    }
    guard inSegment.index == receipt.index, inSegment.size == lines,
      inSegment.verifies(MerkleTree.leafHash(record), under: root)
    else {
      throw Self.failed(
        "proof.record",
        "expected line \(receipt.index) under the root \(root.short) of the segment's \(lines) lines, found no"
          + " way from it to there")
    }
    guard let json = try? JSON(parsing: record, limits: JSONLimits(depth: 4, values: 64)),
      let access = AccessRecord(json: json)
    else {
      throw Self.failed("proof.no-record", "expected an access record in line \(receipt.index), found none")
    }
    return VerifiedRecord(record: access, root: root, entry: kept, checkpoint: head)
  }

  private static func failed(_ code: String, _ message: String) -> Problem {
    Problem(.integrity, code, message)
  }

  /// The proof as a document that is handed on.
  public var json: JSON {
    [
      "format": 1, "receipt": .string(receipt.description),
      "record": Self.json(record, inSegment), "entry": Self.json(entry, inLedger),
      "checkpoint": .string(checkpoint),
    ]
  }

  private static func json(_ text: [UInt8], _ proof: InclusionProof) -> JSON {
    [
      "text": .string(String(decoding: text, as: UTF8.self)), "index": JSON(proof.index),
      "size": JSON(proof.size), "path": .array(proof.path.map { .string($0.hexadecimal) }),
    ]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard json["format"]?.integer == 1,
      let receipt = json["receipt"]?.string.flatMap({ try? Receipt(parsing: $0) }),
      let (record, inSegment) = Self.leaf(json["record"]), let (entry, inLedger) = Self.leaf(json["entry"]),
      let checkpoint = json["checkpoint"]?.string
    else { return nil }
    self.init(
      receipt: receipt, record: record, inSegment: inSegment, entry: entry, inLedger: inLedger,
      checkpoint: checkpoint)
  }

  private static func leaf(_ json: JSON?) -> (text: [UInt8], proof: InclusionProof)? {
    guard let text = json?["text"]?.string, let index = json?["index"]?.int, let size = json?["size"]?.int,
      let path = json?["path"]?.array, path.count <= 64
    else { return nil }
    let digests = path.compactMap { $0.string.flatMap { Digest(hexadecimal: $0) } }
    guard digests.count == path.count else { return nil }
    return (Array(text.utf8), InclusionProof(index: index, size: size, path: digests))
  }
}

/// What a proof says, when every step of it holds.
public struct VerifiedRecord: Sendable {
  /// The record.
  public let record: AccessRecord
  /// The root of its segment.
  public let root: Digest
  /// The entry of the ledger that the segment became.
  public let entry: LedgerEntry
  /// The signed checkpoint over the entry.
  public let checkpoint: Checkpoint
}
