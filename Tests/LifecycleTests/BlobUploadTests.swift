import Domain
import Encoding
import Packaging
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// Uploads and what bounds them.
struct BlobUploadTests {
  private let iris = Sample.repository("iris")
  private let store = InMemoryBlobStore()

  private func uploads(step: Int = 1, _ change: (inout BlobUploads.Limits) -> Void = { _ in }) -> BlobUploads
  {
    var limits = BlobUploads.Limits()
    change(&limits)
    return BlobUploads(into: store, entropy: SeededEntropy(), time: ManualTime(step: step), limits: limits)
  }

  private func code(_ body: () async throws -> Void) async -> String? {
    let problem = await #expect(throws: Problem.self) { try await body() }
    return problem?.code
  }

  @Test func `an upload goes on from where it stands`() async throws {
    let uploads = uploads()
    let id = try await uploads.begin(in: iris)
    #expect(try await uploads.take(id, in: iris, from: 0) == 0)
    try await uploads.write([1, 2, 3], to: id)
    await uploads.release(id)
    #expect(try await uploads.offset(of: id, in: iris) == 3)
    for start in [0, 2, 4] {
      #expect(await code { _ = try await uploads.take(id, in: iris, from: start) } == "upload.range")
    }
    #expect(try await uploads.take(id, in: iris, from: 3) == 3)
    try await uploads.write([4], to: id)
    try await uploads.finish(id, as: Digest(of: [1, 2, 3, 4]))
    #expect(await store.digests() == [Digest(of: [1, 2, 3, 4])])
    #expect(await uploads.isWaiting(Digest(of: [1, 2, 3, 4]), in: iris))
    #expect(await code { _ = try await uploads.offset(of: id, in: iris) } == "upload.unknown")
  }

  @Test func `an upload belongs to its repository and has one writer`() async throws {
    let uploads = uploads()
    let id = try await uploads.begin(in: iris)
    let other = Sample.repository("other")
    #expect(await code { _ = try await uploads.offset(of: id, in: other) } == "upload.unknown")
    #expect(await code { _ = try await uploads.take(id, in: other) } == "upload.unknown")
    #expect(await code { try await uploads.write([1], to: id) } == "upload.unknown")
    _ = try await uploads.take(id, in: iris)
    #expect(await code { _ = try await uploads.take(id, in: iris) } == "upload.busy")
    #expect(await code { try await uploads.cancel(id, in: iris) } == "upload.busy")
    await uploads.release(id)
    try await uploads.cancel(id, in: iris)
    #expect(await code { _ = try await uploads.take(id, in: iris) } == "upload.unknown")
  }

  @Test func `bytes that are not those of the digest are not there`() async throws {
    let uploads = uploads()
    let id = try await uploads.begin(in: iris)
    _ = try await uploads.take(id, in: iris)
    try await uploads.write([1], to: id)
    #expect(await code { try await uploads.finish(id, as: Sample.digest(1)) } == "blob.digest-mismatch")
    #expect(await store.digests().isEmpty)
    #expect(await uploads.waitingBlobs().isEmpty)
  }

  @Test func `more bytes than a blob may have end the upload`() async throws {
    let uploads = uploads { $0.bytes = 3 }
    let id = try await uploads.begin(in: iris)
    _ = try await uploads.take(id, in: iris)
    try await uploads.write([1, 2, 3], to: id)
    #expect(await code { try await uploads.write([4], to: id) } == "upload.too-large")
    #expect(await code { _ = try await uploads.offset(of: id, in: iris) } == "upload.unknown")
  }

  @Test func `there is a bound to uploads, and those that nobody goes on with are dropped`() async throws {
    // Each look at the clock is a second later.
    let uploads = uploads(step: 1000) {
      $0.count = 2
      $0.idle = .seconds(20)
    }
    let busy = try await uploads.begin(in: iris)
    _ = try await uploads.take(busy, in: iris)
    let idle = try await uploads.begin(in: iris)
    #expect(await code { _ = try await uploads.begin(in: iris) } == "upload.too-many")
    for _ in 0..<30 { try await uploads.write([1], to: busy) }
    _ = try await uploads.begin(in: iris)
    #expect(await code { _ = try await uploads.offset(of: idle, in: iris) } == "upload.unknown")
    #expect(try await uploads.offset(of: busy, in: iris) == 30)
  }

  @Test func `there is a bound to blobs that wait, and to how long`() async throws {
    let uploads = uploads(step: 1000) {
      $0.waiting = 2
      $0.patience = .seconds(10)
    }
    for number in 1...3 { await uploads.keepWaiting(Sample.digest(number), in: iris) }
    #expect(await uploads.waitingBlobs() == [Sample.digest(2), Sample.digest(3)])
    for _ in 0..<20 { _ = await uploads.dropIdle() }
    #expect(await uploads.isWaiting(Sample.digest(3), in: iris) == false)
    #expect(await uploads.waitingBlobs().isEmpty)
  }
}
