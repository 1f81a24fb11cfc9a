import Domain
import Glibc
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

/// Segments of access records as files.
struct RecordFileTests {
  @Test func `a segment is moved whole, for its owner alone, and an empty one that is new is nobody's`()
    async throws
  {
    let scratch = try Scratch()
    let store = try scratch.records()
    for directory in ["spool", "records", "records/corrupt"] {
      #expect(Scratch.mode(of: "\(scratch.path)/\(directory)") == 0o700)
    }
    let name = Sample.segmentName(1)
    try scratch.spool(name, [1, 2], .closed)
    try DurableFile.write([], to: "\(scratch.path)/spool/\(Sample.segmentName(2)).open")
    try DurableFile.write([1], to: "\(scratch.path)/spool/salt")
    try DurableFile.write([1], to: "\(scratch.path)/spool/other.segment")
    #expect(
      try await store.spooled() == [
        SpooledSegment(name: name, state: .closed),
        SpooledSegment(name: Sample.segmentName(2), state: .open),
      ])
    try await store.keep(name)
    #expect(try Scratch.read("\(scratch.path)/records/\(name).segment") == [1, 2])
    let digest = Digest(of: [3])
    try scratch.spool(name, [3], .left)
    try await store.setAside(SpooledSegment(name: name, state: .left), digest: digest)
    #expect(
      try Scratch.read(
        "\(scratch.path)/records/corrupt/\(name).\(digest.hexadecimal.prefix(16)).segment") == [3])
  }

  @Test func `what has the name of a segment and is no file is left alone`() async throws {
    let scratch = try Scratch()
    let store = try scratch.records()
    try Disk().createDirectory("\(scratch.path)/spool/\(Sample.segmentName(1)).segment")
    #expect(unsafe symlink("/etc/passwd", "\(scratch.path)/spool/\(Sample.segmentName(2)).segment") == 0)
    #expect(unsafe mkfifo("\(scratch.path)/spool/\(Sample.segmentName(3)).open", 0o600) == 0)
    #expect(try await store.spooled().isEmpty)
  }

  @Test func `after a failed step every segment is in one place, whole, and can be collected`() async throws {
    let key = Scratch.ledgerKey
    var steps = 0
    for fault in FaultPlan.Fault.allCases {
      steps = 0
      while true {
        let failing = FailingDisk(step: steps + 1, fault)
        let scratch = try Scratch()
        let registry = InMemoryRegistry(signingKey: key)
        let names = (1...3).map { Sample.segmentName($0) }
        let bytes = names.map { SegmentSample.bytes($0, records: 3) }
        _ = try scratch.records()
        try scratch.spool(names[0], bytes[0], .closed)
        try scratch.spool(names[1], bytes[1] + [0x31], .left)
        try scratch.spool(names[2], Array(bytes[2].dropLast()), .closed)
        for disk in [failing.disk, Disk()] {
          guard let store = try? scratch.records(disk) else { continue }
          let control = try ControlPlane.collecting(store, registry, key)
          _ = try await control.collectRecords()
        }
        let store = try scratch.records()
        #expect(try await store.spooled().isEmpty, "step \(steps + 1)")
        #expect(try await store.kept(names[0], limit: 1 << 20) == bytes[0])
        #expect(try await store.kept(names[1], limit: 1 << 20) == bytes[1])
        let damaged = try #require(await registry.damagedSegments().first)
        #expect(try await store.digest(of: damaged) == damaged.digest)
        #expect(await registry.checkpoint()?.size == 3)
        if failing.plan.writes <= steps { break }
        steps += 1
        try #require(steps < 1000)
      }
    }
    #expect(steps > 10)
  }
}

extension ControlPlane {
  /// One that has nothing but access records to collect.
  fileprivate static func collecting(
    _ store: any RecordStore, _ registry: InMemoryRegistry, _ key: CheckpointSigningKey
  ) throws -> ControlPlane {
    ControlPlane(
      .init(
        registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(), records: store,
        plane: InMemoryDataPlane(), time: ManualTime(), entropy: SeededEntropy(), people: InMemoryPeople()),
      .init(sealingKey: SealingKey(), checkpointKey: key.verificationKey, tool: "gatehouse test"))
  }
}
