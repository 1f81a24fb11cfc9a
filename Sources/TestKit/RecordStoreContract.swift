public import Domain
public import Lifecycle
import Provenance
import Testing

/// What every store of access records must do.
///
/// Each check takes a fresh, empty store.
public struct RecordStoreContract: Sendable {
  /// A store, and how a data plane puts a segment into its spool.
  public struct Store: Sendable {
    let store: any RecordStore
    let spool: @Sendable (SegmentName, [UInt8], SpooledSegment.State) async throws -> Void

    /// Names a store and a way into its spool.
    public init(
      _ store: any RecordStore,
      spool: @escaping @Sendable (SegmentName, [UInt8], SpooledSegment.State) async throws -> Void
    ) {
      self.store = store
      self.spool = spool
    }
  }

  private let make: @Sendable () async throws -> Store

  /// Checks the stores that `make` gives, each of them empty.
  public init(make: @escaping @Sendable () async throws -> Store) {
    self.make = make
  }

  /// Runs every check.
  public func run() async throws {
    try await anEmptyStoreAnswersWithNothing()
    try await theSpoolIsReadInOrder()
    try await aSegmentThatIsKeptLeavesTheSpool()
    try await aSegmentThatWasLeftIsCutOffAndClosed()
    try await aDamagedSegmentIsSetAsideByItsDigest()
    try await onlyAnEmptySegmentIsDiscarded()
    try await readsAreBounded()
  }

  private func segment(_ number: Int, _ state: SpooledSegment.State, process: Character = "a")
    -> SpooledSegment
  {
    SpooledSegment(name: Sample.segmentName(number, process: process), state: state)
  }

  private func anEmptyStoreAnswersWithNothing() async throws {
    let store = try await make().store
    #expect(try await store.spooled().isEmpty)
    #expect(try await store.read(segment(1, .closed), limit: 10) == nil)
    #expect(try await store.kept(Sample.segmentName(1), limit: 10) == nil)
    #expect(try await store.digest(of: Sample.damagedSegment(1)) == nil)
  }

  private func theSpoolIsReadInOrder() async throws {
    let made = try await make()
    let segments = [
      segment(1, .closed), segment(2, .left), segment(9, .closed), segment(100_000_000, .open),
      segment(3, .open, process: "b"),
    ]
    for segment in segments.reversed() {
      try await made.spool(segment.name, Array("\(segment.name)".utf8), segment.state)
    }
    #expect(try await made.store.spooled() == segments)
    for segment in segments {
      #expect(try await made.store.read(segment, limit: 100) == Array("\(segment.name)".utf8))
    }
  }

  private func aSegmentThatIsKeptLeavesTheSpool() async throws {
    let made = try await make()
    for number in 1...2 { try await made.spool(Sample.segmentName(number), [UInt8(number)], .closed) }
    try await made.store.keep(Sample.segmentName(1))
    #expect(try await made.store.spooled() == [segment(2, .closed)])
    #expect(try await made.store.read(segment(1, .closed), limit: 10) == nil)
    #expect(try await made.store.kept(Sample.segmentName(1), limit: 10) == [1])
    #expect(try await made.store.kept(Sample.segmentName(2), limit: 10) == nil)
    await #expect(throws: Problem.self) { try await made.store.keep(Sample.segmentName(1)) }
  }

  private func aSegmentThatWasLeftIsCutOffAndClosed() async throws {
    let made = try await make()
    try await made.spool(Sample.segmentName(1), [1, 2, 3, 4], .left)
    try await made.store.close(Sample.segmentName(1), after: 3)
    #expect(try await made.store.spooled() == [segment(1, .closed)])
    #expect(try await made.store.read(segment(1, .closed), limit: 10) == [1, 2, 3])
  }

  private func aDamagedSegmentIsSetAsideByItsDigest() async throws {
    let made = try await make()
    for (number, state) in [(1, SpooledSegment.State.closed), (2, .left), (1, .closed)] {
      let bytes = [UInt8(number), UInt8.random(in: 0...255)]
      let found = segment(number, state)
      try await made.spool(found.name, bytes, state)
      let measured = try await made.store.measure(found)
      #expect(measured.digest == Digest(of: bytes))
      #expect(measured.bytes == 2)
      try await made.store.setAside(found, digest: measured.digest)
      #expect(try await made.store.spooled().isEmpty)
      #expect(try await made.store.kept(found.name, limit: 10) == nil)
      let damaged = DamagedSegment(
        name: found.name, digest: measured.digest, bytes: 2, code: "records.corrupt",
        setAsideAt: Sample.moment())
      #expect(try await made.store.digest(of: damaged) == measured.digest)
    }
  }

  private func onlyAnEmptySegmentIsDiscarded() async throws {
    let made = try await make()
    try await made.spool(Sample.segmentName(1), [], .left)
    try await made.spool(Sample.segmentName(2), [1], .left)
    for number in 1...2 { try await made.store.discard(Sample.segmentName(number)) }
    #expect(try await made.store.spooled() == [segment(2, .left)])
  }

  private func readsAreBounded() async throws {
    let made = try await make()
    try await made.spool(Sample.segmentName(1), [1, 2, 3], .closed)
    var problem = await #expect(throws: Problem.self) {
      try await made.store.read(segment(1, .closed), limit: 2)
    }
    #expect(problem?.code == "records.too-large")
    #expect(try await made.store.measure(segment(1, .closed)).bytes == 3)
    try await made.store.keep(Sample.segmentName(1))
    problem = await #expect(throws: Problem.self) {
      try await made.store.kept(Sample.segmentName(1), limit: 2)
    }
    #expect(problem?.code == "records.too-large")
    #expect(try await made.store.kept(Sample.segmentName(1), limit: 3) == [1, 2, 3])
  }
}
