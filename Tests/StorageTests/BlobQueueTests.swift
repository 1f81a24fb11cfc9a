import Dispatch
import Domain
import Lifecycle
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Storage

/// What blobs in files do beside one another.
@Suite(.timeLimit(.minutes(15))) struct `Blobs beside one another` {
  private func ingest(_ bytes: [UInt8], into store: FileBlobStore) async throws -> Digest {
    let session = try await store.beginIngest()
    try await session.write(bytes)
    return try await session.finish()
  }

  @Test func `do not wait for one whose bytes are made durable, be it new or there`() async throws {
    let scratch = try Scratch()
    let digest = try await ingest([1], into: try scratch.blobs())
    let (begun, gate) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
    let isFirst = OneTime()
    let disk = Disk { step, moment, _ in
      guard step == .sync, moment == .before, isFirst.take() else { return }
      begun.continuation.yield()
      gate.wait()
    }
    let store = try scratch.blobs(disk)
    let slow = Task { try await ingest([1], into: store) }
    for await _ in begun.stream { break }
    // All of this would wait for ever behind it.
    #expect(try await store.contains(digest))
    #expect(try await store.read(digest, limit: 1) == [1])
    let other = try await ingest([2], into: store)
    #expect(try await store.digests().sorted() == [digest, other].sorted())
    gate.signal()
    #expect(try await slow.value == digest)
    #expect(try await store.read(digest, limit: 1) == [1])
  }

  @Test func `are new when they get their name, however long ago their last byte was written`() async throws {
    let scratch = try Scratch()
    let store = try scratch.blobs()
    for _ in ["new", "there already"] {
      let session = try await store.beginIngest()
      try await session.write([3])
      for entry in try DirectoryListing.entries(of: "\(scratch.path)/ingest") {
        Scratch.age("\(scratch.path)/ingest/\(entry.name)")
      }
      let digest = try await session.finish()
      let hourAgo = Timestamp(milliseconds: Scratch.now - 3_600_000)
      #expect(try await store.status(of: digest).map { $0.cameAt > hourAgo } == true)
      #expect(try await store.remove(digest, cameBefore: hourAgo) == nil)
      #expect(try await store.contains(digest))
    }
  }

  /// What is in two blobs of one directory.
  private static let neighbours: ([UInt8], [UInt8])? = {
    var seen: [Substring: [UInt8]] = [:]
    for value in UInt16.min ... .max {
      let bytes = [UInt8(value >> 8), UInt8(value & 0xFF)]
      let shard = Digest(of: bytes).hexadecimal.prefix(2)
      if let other = seen.updateValue(bytes, forKey: shard) { return (other, bytes) }
    }
    return nil
  }()

  @Test func `are not told of before their directory's own name is durable, which another is at`()
    async throws
  {
    let scratch = try Scratch()
    let (one, other) = try #require(Self.neighbours)
    let (steps, isHeld) = (Steps(), OneTime())
    let (begun, gate) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
    let parent = "\(scratch.path)/blobs/sha256"
    let disk = Disk { step, moment, path in
      if step == .syncDirectory, moment == .before, path == parent, isHeld.take() {
        begun.continuation.yield()
        gate.wait()
      }
      // The other has its bytes, and goes on to its name.
      if step == .sync, moment == .after, isHeld.isTaken { gate.signal() }
      if step == .syncDirectory, moment == .after, path == parent { steps.add("durable") }
      if step == .rename, moment == .before { steps.add("name") }
    }
    let store = try scratch.blobs(disk)
    let (first, second) = (try await store.beginIngest(), try await store.beginIngest())
    try await first.write(one)
    try await second.write(other)
    let slow = Task { try await first.finish() }
    for await _ in begun.stream { break }
    _ = try await second.finish()
    _ = try await slow.value
    #expect(steps.all == ["durable", "name", "name"])
  }

  @Test func `find a directory that was made and not made durable, and make it so, once`() async throws {
    let scratch = try Scratch()
    let (one, other) = try #require(Self.neighbours)
    let parent = "\(scratch.path)/blobs/sha256"
    let (durable, isFirst) = (Steps(), OneTime())
    let disk = Disk { step, moment, path throws(Problem) in
      guard step == .syncDirectory, path == parent else { return }
      if moment == .after { durable.add("durable") }
      if moment == .before, isFirst.take() { throw Problem(.unavailable, "storage.io", "no power") }
    }
    let store = try scratch.blobs(disk)
    await #expect(throws: Problem.self) { _ = try await ingest(one, into: store) }
    _ = try await ingest(other, into: store)
    #expect(durable.all.count == 1)
    _ = try await ingest(one, into: store)
    #expect(durable.all.count == 1)
    // The next process does not know how far this one came.
    _ = try await ingest(one, into: try scratch.blobs(disk))
    #expect(durable.all.count == 2)
  }

  /// What was done, in its order.
  private final class Steps: Sendable {
    private let steps = Mutex<[String]>([])

    var all: [String] { steps.withLock(\.self) }

    func add(_ step: String) { steps.withLock { $0.append(step) } }
  }

  /// True once.
  private final class OneTime: Sendable {
    private let state = Mutex(false)

    var isTaken: Bool { state.withLock(\.self) }

    func take() -> Bool {
      state.withLock { isTaken in
        defer { isTaken = true }
        return !isTaken
      }
    }
  }
}
