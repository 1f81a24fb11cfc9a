import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

/// Receipts that are proved, and audits that read what they are proved from.
struct ProveRecordTests {
  private static let name = Sample.segmentName(1)
  private static let bytes = SegmentSample.bytes(name, records: 20, lost: 2)

  /// A bench that has collected one segment among other entries.
  private static func filled() async throws -> Bench {
    let bench = try Bench()
    try await bench.registry.commit((0..<7).map { Sample.entry(subject: "iris@\($0)") }, [])
    await bench.records.spool(name, bytes)
    _ = try await bench.control.collectRecords()
    try await bench.registry.commit((0..<4).map { Sample.entry(subject: "late@\($0)") }, [])
    return bench
  }

  private static func prove(_ index: Int, of segment: SegmentName = name, in bench: Bench) async throws
    -> (proof: RecordProof, verified: VerifiedRecord)
  {
    try await ProveRecord(ledger: bench.registry, records: bench.records)(
      Receipt(segment: segment.description, index: index), trusting: bench.ledgerKey.verificationKey)
  }

  private static func problem(_ index: Int, of segment: SegmentName = name, in bench: Bench) async throws
    -> Problem
  {
    let problem = await #expect(throws: Problem.self) { try await prove(index, of: segment, in: bench) }
    return try #require(problem)
  }

  @Test func `every record of a collected segment is proved by its receipt`() async throws {
    let bench = try await Self.filled()
    for index in 2..<22 {
      let (proof, verified) = try await Self.prove(index, in: bench)
      #expect(proof.record == SegmentSample.record(index - 2))
      #expect(verified.record.rows == index - 2)
      #expect(proof.inLedger.index == 7)
      #expect(verified.checkpoint.size == 12)
    }
    #expect(await bench.audit().problems.isEmpty)
    #expect(await bench.audit().segments == 1)
    #expect(await bench.audit().records == 20)
  }

  @Test func `what a receipt names and nobody can prove is told apart`() async throws {
    let bench = try await Self.filled()
    #expect(try await Self.problem(0, in: bench).code == "receipt.no-record")
    #expect(try await Self.problem(1, in: bench).message.hasSuffix("found the note of a gap"))
    #expect(try await Self.problem(22, in: bench).message.hasSuffix("found 22 lines"))
    let other = Sample.segmentName(2)
    #expect(try await Self.problem(3, of: other, in: bench).code == "receipt.unknown")
    for state in [SpooledSegment.State.open, .left, .closed] {
      await bench.records.spool(other, SegmentSample.bytes(other, records: 9), state)
      let problem = try await Self.problem(3, of: other, in: bench)
      #expect(problem.code == "receipt.not-collected")
      #expect(problem.exitCode == 6)
    }
    await bench.records.spool(other, [1])
    _ = try await bench.control.collectRecords()
    let problem = try await Self.problem(3, of: other, in: bench)
    #expect(problem.code == "receipt.damaged")
    #expect(problem.exitCode == 5)
  }

  @Test func `a segment that was changed, shortened or taken away is found`() async throws {
    let bench = try await Self.filled()
    var changed = Self.bytes
    changed[changed.count - 30] ^= 1
    let other = SegmentSample.bytes(Self.name, records: 21, lost: 2)
    let cases: [([UInt8]?, prove: String, audit: String)] = [
      (changed, "records.corrupt", "records.corrupt"), (other, "proof.record", "records.changed"),
      (Array(Self.bytes.dropLast()), "records.corrupt", "records.corrupt"),
      (SegmentSample.bytes(Sample.segmentName(2), records: 20, lost: 2), "proof.record", "records.renamed"),
      (nil, "records.missing", "records.missing"),
    ]
    for (bytes, prove, audit) in cases {
      await bench.records.corrupt(Self.name, to: bytes)
      let problem = try await Self.problem(3, in: bench)
      #expect(problem.code == prove)
      #expect(problem.exitCode == 5)
      let report = await bench.audit()
      #expect(report.problems.map(\.code) == [audit])
      #expect(report.problems.first?.subject == Self.name.description)
      #expect(report.problems.first?.exitCode == 5)
      #expect(report.segments == 0)
    }
  }

  @Test func `a segment that a crash kept from its place is read in the spool`() async throws {
    let bench = try Bench(Bench.Faults(records: FaultPlan([1: .notPersisted])))
    await bench.records.spool(Self.name, Self.bytes)
    #expect(try await bench.control.collectRecords().failures.map(\.code) == ["fault.injected"])
    #expect(try await Self.prove(5, in: bench).verified.record.rows == 3)
    #expect(await bench.audit().problems.isEmpty)
    #expect(try await bench.control.collectRecords().kept == [Self.name])
    #expect(try await bench.entries().count == 1)
  }

  @Test func `a damaged segment that was set aside must stay`() async throws {
    let bench = try Bench(Bench.Faults(records: FaultPlan([1: .notPersisted])))
    await bench.records.spool(Self.name, [1, 2])
    _ = try await bench.control.collectRecords()
    #expect(await bench.audit().problems.isEmpty)
    _ = try await bench.control.collectRecords()
    #expect(await bench.audit().problems.isEmpty)
    await bench.records.loseDamaged()
    #expect(await bench.audit().problems.map(\.code) == ["records.missing"])
  }
}
