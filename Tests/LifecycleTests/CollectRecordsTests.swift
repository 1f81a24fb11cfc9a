import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

/// Segments of access records on their way from the spool into the ledger.
struct CollectRecordsTests {
  private static let first = Sample.segmentName(1)
  private static let second = Sample.segmentName(2)
  private static let third = Sample.segmentName(3)
  private static let other = Sample.segmentName(7, process: "b")

  private static func entries(_ bench: Bench) async throws -> [LedgerEntry] {
    try await bench.entries().filter { $0.act == .keepRecords }
  }

  @Test func `a closed segment becomes one entry, one row and one kept file`() async throws {
    let bench = try Bench()
    let bytes = SegmentSample.bytes(Self.first, records: 5, lost: 3)
    await bench.records.spool(Self.first, bytes)
    let collected = try await bench.control.collectRecords()
    #expect(collected.kept == [Self.first])
    #expect(collected.damaged.isEmpty && collected.failures.isEmpty)
    let segment = try RecordSegment(parsing: bytes, isClosed: true)
    let entries = try await Self.entries(bench)
    let entry = try #require(entries.first)
    #expect(entries.count == 1)
    #expect(entry.phase == .done)
    #expect(entry.principal == .platform)
    #expect(entry.subject == Self.first.description)
    #expect(entry.details["root"] == .string(segment.root.description))
    #expect(entry.details["lines"] == 7)
    #expect(entry.details["records"] == 5)
    #expect(entry.details["lost"] == 3)
    #expect(entry.details["first"]?.integer == Sample.moment().milliseconds)
    #expect(entry.details["last"]?.integer == Sample.moment(4).milliseconds)
    #expect(entry.details["bytes"] == JSON(bytes.count))
    #expect(await bench.registry.segment(Self.first)?.root == segment.root)
    #expect(await bench.records.keptNames() == [Self.first])
    #expect(try await bench.control.collectRecords() == CollectedRecords())
    #expect(try await Self.entries(bench).count == 1)
  }

  @Test func `what is written to stays, and what comes after it in its process`() async throws {
    let bench = try Bench()
    await bench.records.spool(Self.first, SegmentSample.bytes(Self.first, records: 1))
    await bench.records.spool(Self.second, SegmentSample.bytes(Self.second, records: 1), .open)
    await bench.records.spool(Self.third, SegmentSample.bytes(Self.third, records: 1))
    await bench.records.spool(Self.other, SegmentSample.bytes(Self.other, records: 1))
    #expect(try await bench.control.collectRecords().kept == [Self.first, Self.other])
    await bench.records.spool(Self.second, SegmentSample.bytes(Self.second, records: 1), .left)
    #expect(try await bench.control.collectRecords().kept == [Self.second, Self.third])
  }

  @Test func `what was left behind is cut off after its last whole line`() async throws {
    let bench = try Bench()
    let bytes = SegmentSample.bytes(Self.first, records: 3)
    await bench.records.spool(Self.first, bytes + Array("0123 half a li".utf8), .left)
    await bench.records.spool(Self.second, [], .left)
    #expect(try await bench.control.collectRecords().kept == [Self.first])
    #expect(try await bench.records.kept(Self.first, limit: 1 << 20) == bytes)
    #expect(await bench.records.spooled().isEmpty)
    #expect(await bench.registry.segment(Self.first)?.bytes == bytes.count)
  }

  @Test func `a damaged segment is set aside and stops nothing else`() async throws {
    let bench = try Bench()
    var changed = SegmentSample.bytes(Self.first, records: 3)
    changed[changed.count / 2] ^= 1
    await bench.records.spool(Self.first, changed)
    await bench.records.spool(Self.second, SegmentSample.bytes(Self.third, records: 1))
    await bench.records.spool(Self.third, SegmentSample.bytes(Self.third, records: 1))
    let collected = try await bench.control.collectRecords()
    #expect(collected.damaged.map(\.code) == ["records.corrupt", "records.renamed"])
    #expect(collected.damaged.map(\.subject) == [Self.first.description, Self.second.description])
    #expect(collected.kept == [Self.third])
    #expect(await bench.records.damagedNames() == [Self.first, Self.second])
    let entries = try await Self.entries(bench)
    #expect(entries.map(\.phase) == [.failed, .failed, .done])
    #expect(entries.first?.details["code"] == "records.corrupt")
    #expect(entries.first?.details["digest"] == .string(Digest(of: changed).description))
    #expect(await bench.registry.damagedSegments().map(\.name) == [Self.first, Self.second])
  }

  @Test func `another segment under a name that the ledger has is set aside`() async throws {
    let bench = try Bench()
    let bytes = SegmentSample.bytes(Self.first, records: 3)
    await bench.records.spool(Self.first, bytes)
    _ = try await bench.control.collectRecords()
    await bench.records.spool(Self.first, SegmentSample.bytes(Self.first, records: 4))
    #expect(try await bench.control.collectRecords().damaged.map(\.code) == ["records.replaced"])
    // The very same once more: its bytes are there already, and it is recorded once.
    await bench.records.spool(Self.first, bytes)
    #expect(try await bench.control.collectRecords().kept == [Self.first])
    #expect(try await bench.records.kept(Self.first, limit: 1 << 20) == bytes)
    #expect(try await Self.entries(bench).map(\.phase) == [.done, .failed])
  }

  /// Every durable step fails, done or not; then another control plane takes over.
  @Test(arguments: FaultPlan.Fault.allCases, [true, false])
  func `after a crash at any step each segment has exactly one entry`(
    fault: FaultPlan.Fault, isOfTheRegistry: Bool
  ) async throws {
    var steps = 0
    while true {
      let plan = FaultPlan([steps + 1: fault])
      let bench = try Bench(
        isOfTheRegistry ? Bench.Faults(registry: plan) : Bench.Faults(records: plan))
      let whole = SegmentSample.bytes(Self.second, records: 3)
      await bench.records.spool(Self.first, SegmentSample.bytes(Self.first, records: 2))
      await bench.records.spool(Self.second, whole + [0x30], .left)
      await bench.records.spool(Self.third, Array(SegmentSample.bytes(Self.third, records: 1).dropLast()))
      await bench.records.spool(Sample.segmentName(4), [], .left)
      await bench.records.spool(Sample.segmentName(5), SegmentSample.bytes(Sample.segmentName(5), records: 9))
      await bench.records.spool(Self.other, SegmentSample.bytes(Self.other, records: 2))
      let collected = try await bench.control.collectRecords()
      #expect(collected.failures.count == (plan.writes > steps ? 1 : 0))
      // The other process is not held up.
      #expect(isOfTheRegistry || steps == 6 || collected.kept.contains(Self.other))
      let next = bench.reopened()
      _ = try await next.collectRecords()
      #expect(try await next.collectRecords() == CollectedRecords())

      let entries = try await Self.entries(bench)
      let expected = [Self.first, Self.second, Self.third, Sample.segmentName(5)]
      let ofFirst = entries.filter { $0.subject.hasPrefix("aaaa") }
      #expect(ofFirst.map(\.subject) == expected.map(\.description), "step \(steps + 1)")
      #expect(ofFirst.map(\.phase) == [.done, .done, .failed, .done])
      #expect(entries.count { $0.subject == Self.other.description } == 1)
      #expect(
        await bench.records.keptNames() == [Self.first, Self.second, Sample.segmentName(5), Self.other])
      #expect(await bench.records.damagedNames() == [Self.third])
      #expect(await bench.records.spooled().isEmpty)
      #expect(try await bench.records.kept(Self.second, limit: 1 << 20) == whole)
      if plan.writes <= steps { break }
      steps += 1
      try #require(steps < 100)
    }
    #expect(steps == (isOfTheRegistry ? 5 : 7))
  }
}
