import Dispatch
import Domain
import Lifecycle
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Storage

/// What blobs in files do beside one another.
@Suite(.timeLimit(.minutes(1))) struct `Blobs beside one another` {
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

  /// True once.
  private final class OneTime: Sendable {
    private let isTaken = Mutex(false)

    func take() -> Bool {
      isTaken.withLock { isTaken in
        defer { isTaken = true }
        return !isTaken
      }
    }
  }
}
