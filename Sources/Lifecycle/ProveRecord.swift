public import Domain
import Encoding
public import Provenance

/// Finds the record that a receipt names, and proves that the ledger has it.
///
/// Reads only; trusts only the key.
public struct ProveRecord: Sendable {
  private let ledger: any RegistryReader & LedgerReader
  private let records: any RecordReader

  /// Looks at these stores.
  public init(ledger: any RegistryReader & LedgerReader, records: any RecordReader) {
    self.ledger = ledger
    self.records = records
  }

  /// The proof, and what it says: every step of it was verified.
  ///
  /// Throws `receipt.not-collected` (category `unavailable`) where the segment is in the spool still,
  /// `receipt.unknown` where there is none, `receipt.no-record` where no record stands at the place, and problems of
  /// category `integrity` where the segment or the ledger is not what was written.
  public func callAsFunction(_ receipt: Receipt, trusting key: CheckpointVerificationKey)
    async throws(Problem) -> (proof: RecordProof, verified: VerifiedRecord)
  {
    guard let name = SegmentName(receipt.segment), let segment = try await ledger.segment(name) else {
      throw try await absence(of: receipt)
    }
    let (record, inSegment) = try await line(receipt, of: segment)
    guard let checkpoint = try await ledger.checkpoint() else { throw Self.unaccounted(name) }
    let (entry, inLedger) = try await self.entry(of: segment, upTo: checkpoint.size)
    let proof = RecordProof(
      receipt: receipt, record: record, inSegment: inSegment, entry: entry, inLedger: inLedger,
      checkpoint: checkpoint.text)
    return (proof, try proof.verify(trusting: key))
  }

  /// The text at a place of a segment, and its way up to the segment's root.
  private func line(_ receipt: Receipt, of segment: KeptSegment) async throws(Problem) -> (
    text: [UInt8], proof: InclusionProof
  ) {
    guard let bytes = try await records.kept(segment) else { throw segment.missing }
    let lines = try RecordSegment(parsing: bytes, isClosed: true)
    guard let text = RecordSegment.text(at: receipt.index, in: bytes),
      let proof = MerkleTree.inclusionProof(of: receipt.index, in: lines.leaves)
    else {
      throw Self.noRecord(receipt, "found \(lines.leaves.count) lines")
    }
    guard let json = try? JSON(parsing: text), AccessRecord(json: json) != nil else {
      throw Self.noRecord(
        receipt, "found the \(receipt.index == 0 ? "header of the segment" : "note of a gap")")
    }
    return (text, proof)
  }

  /// The entry that a segment became, and its way up to the root over the first entries of the ledger.
  ///
  /// It was written when the segment was taken over; where a clock was set back meanwhile, all entries of its kind are read.
  private func entry(of segment: KeptSegment, upTo size: Int) async throws(Problem) -> (
    bytes: [UInt8], proof: InclusionProof
  ) {
    let around = LedgerFilter(
      act: .keepRecords, since: segment.keptAt.advanced(by: .seconds(-60)),
      until: segment.keptAt.advanced(by: .seconds(60)))
    for filter in [around, LedgerFilter(act: .keepRecords)] {
      var next = 0
      while next < size {
        let page = try await ledger.entries(matching: filter, from: next, count: 500)
        if let placed = page.first(where: { Self.keeps(segment.name, $0.bytes) }) {
          guard let proof = try await ledger.inclusionProof(of: placed.position, in: size) else { break }
          return (placed.bytes, proof)
        }
        guard let last = page.last else { break }
        next = last.position + 1
      }
    }
    throw Self.unaccounted(segment.name)
  }

  private static func keeps(_ name: SegmentName, _ bytes: [UInt8]) -> Bool {
    guard let json = try? JSON(parsing: bytes), let entry = LedgerEntry(json: json) else { return false }
    return entry.act == .keepRecords && entry.phase == .done && entry.subject == name.description
  }

  /// Why there is no segment that the receipt names.
  private func absence(of receipt: Receipt) async throws(Problem) -> Problem {
    let segment = receipt.segment
    if try await ledger.damagedSegments().contains(where: { $0.name.description == segment }) {
      return Problem(
        .integrity, "receipt.damaged",
        "expected the segment \(segment) as it was written, found that it was set aside, damaged",
        hint: "read its entry: gatehouse audit log --json | grep \(segment)")
    }
    if try await records.spooled().contains(where: { $0.name.description == segment }) {
      return Problem(
        .unavailable, "receipt.not-collected",
        "expected the segment \(segment) in the ledger, found it in the spool: it is not collected yet",
        hint: "ask again in a minute; 'gatehouse serve' collects a segment when the data plane has closed it")
    }
    // It may have been collected between the two questions.
    if let name = SegmentName(segment), try await ledger.segment(name) != nil {
      return Problem(
        .unavailable, "receipt.not-collected",
        "expected the segment \(segment) in the ledger, found that it is being collected", hint: "ask again")
    }
    return Problem(
      .notFound, "receipt.unknown",
      "expected a receipt of this platform, found none of its segments named '\(segment)'",
      hint: "name the data directory of the platform that answered with --data")
  }

  private static func noRecord(_ receipt: Receipt, _ found: String) -> Problem {
    Problem(
      .notFound, "receipt.no-record", "expected an access record in line \(receipt.index), \(found)",
      subject: receipt.segment)
  }

  private static func unaccounted(_ name: SegmentName) -> Problem {
    Problem(
      .integrity, "registry.row-unaccounted", "expected an entry for the segment '\(name)', found none",
      subject: name.description, hint: "run 'gatehouse audit verify'")
  }
}

extension RecordReader {
  /// The bytes of a segment that the registry has; nil where they are nowhere.
  ///
  /// A segment has its row before it has its place, so that for a moment, or after a crash, it is in the spool.
  func kept(_ segment: KeptSegment) async throws(Problem) -> [UInt8]? {
    let name = segment.name
    if let bytes = try await kept(name, limit: RecordSegment.byteLimit) { return bytes }
    let spooled = SpooledSegment(name: name, state: .closed)
    if let bytes = try await read(spooled, limit: RecordSegment.byteLimit) { return bytes }
    return try await kept(name, limit: RecordSegment.byteLimit)
  }
}

extension KeptSegment {
  /// Why a segment cannot be read that the registry has.
  var missing: Problem {
    Problem(
      .integrity, "records.missing", "expected the segment that the registry names, found no file",
      subject: name.description, hint: "restore records/ from a backup")
  }
}
