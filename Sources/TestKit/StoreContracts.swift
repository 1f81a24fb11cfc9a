import Domain
public import Lifecycle
import Provenance
import Testing

/// What every blob store must do.
///
/// Each check takes a fresh, empty store.
public struct BlobStoreContract: Sendable {
  private let make: @Sendable () async throws -> any BlobStore

  /// Checks the stores that `make` gives, each of them empty.
  public init(make: @escaping @Sendable () async throws -> any BlobStore) {
    self.make = make
  }

  /// Runs every check.
  public func run() async throws {
    try await bytesInPiecesComeBackWhole()
    try await nothingIsVisibleBeforeTheEnd()
    try await theSameBytesAreOneBlob()
    try await readsAreBounded()
    try await anEndedSessionTakesNothingMore()
    try await bytesThatAreNotWhatWasExpectedAreDropped()
    try await aBlobIsReadInPieces()
    try await aBlobIsRemovedUnlessItComesAgain()
  }

  private func ingest(_ pieces: [[UInt8]], into store: any BlobStore) async throws -> Digest {
    let session = try await store.beginIngest()
    for piece in pieces { try await session.write(piece) }
    return try await session.finish()
  }

  private func bytesInPiecesComeBackWhole() async throws {
    let store = try await make()
    let cases: [[[UInt8]]] = [
      [], [[]], [[1, 2, 3]], [[1], [], [2, 3], Array(repeating: 7, count: 300_000)],
    ]
    for pieces in cases {
      let bytes = Array(pieces.joined())
      let digest = try await ingest(pieces, into: store)
      #expect(digest == Digest(of: bytes))
      #expect(try await store.contains(digest))
      #expect(try await store.read(digest, limit: bytes.count) == bytes)
    }
    #expect(try await store.digests() == Set(cases.map { Digest(of: Array($0.joined())) }).sorted())
  }

  private func nothingIsVisibleBeforeTheEnd() async throws {
    let store = try await make()
    let session = try await store.beginIngest()
    try await session.write([1, 2, 3])
    #expect(try await store.contains(Digest(of: [1, 2, 3])) == false)
    #expect(try await store.digests().isEmpty)
    await session.abandon()
    #expect(try await store.digests().isEmpty)
  }

  private func theSameBytesAreOneBlob() async throws {
    let store = try await make()
    let first = try await store.beginIngest()
    let second = try await store.beginIngest()
    for session in [first, second] { try await session.write([4, 5]) }
    let digests = [try await first.finish(), try await second.finish()]
    #expect(digests == [Digest(of: [4, 5]), Digest(of: [4, 5])])
    #expect(try await store.digests() == [Digest(of: [4, 5])])
  }

  private func readsAreBounded() async throws {
    let store = try await make()
    let digest = try await ingest([[1, 2, 3]], into: store)
    let tooLarge = await #expect(throws: Problem.self) { try await store.read(digest, limit: 2) }
    #expect(tooLarge?.code == "blob.too-large")
    let missing = await #expect(throws: Problem.self) { try await store.read(Sample.digest(1), limit: 2) }
    #expect(missing?.code == "blob.missing")
    #expect(try await store.contains(Sample.digest(1)) == false)
  }

  private func anEndedSessionTakesNothingMore() async throws {
    let store = try await make()
    for finishes in [true, false] {
      let session = try await store.beginIngest()
      if finishes { _ = try await session.finish() } else { await session.abandon() }
      await #expect(throws: Problem.self) { try await session.write([1]) }
      await #expect(throws: Problem.self) { try await session.finish() }
      await session.abandon()
    }
  }
}

extension BlobStoreContract {
  private func bytesThatAreNotWhatWasExpectedAreDropped() async throws {
    let store = try await make()
    for number in 0..<2 {
      let session = try await store.beginIngest()
      try await session.write([1, 2, 3])
      let problem = await #expect(throws: Problem.self) { try await session.finish(as: Sample.digest(1)) }
      #expect(problem?.code == "blob.digest-mismatch")
      await #expect(throws: Problem.self) { try await session.finish() }
      #expect(try await store.digests().count == number)
      let again = try await store.beginIngest()
      try await again.write([1, 2, 3])
      #expect(try await again.finish(as: Digest(of: [1, 2, 3])) == Digest(of: [1, 2, 3]))
    }
  }

  private func aBlobIsReadInPieces() async throws {
    let store = try await make()
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let digest = try await ingest([bytes], into: store)
    #expect(try await store.status(of: digest)?.size == bytes.count)
    #expect(try await store.status(of: Sample.digest(1)) == nil)
    #expect(try await store.open(Sample.digest(1)) == nil)
    let reader = try #require(try await store.open(digest))
    #expect(reader.size == bytes.count)
    for (offset, count) in [(0, 10), (299_999, 10), (300_000, 10), (400_000, 1), (77, 200_000), (5, 0)] {
      let expected = Array(bytes.dropFirst(offset).prefix(count))
      #expect(try await reader.bytes(from: offset, count: count) == expected)
    }
    #expect(
      try await store.remove(digest, cameBefore: Timestamp(milliseconds: .max)) == bytes.count)
    // Whoever reads it reads on.
    #expect(try await reader.bytes(from: 1, count: 3) == Array(bytes[1..<4]))
    #expect(try await store.open(digest) == nil)
  }

  private func aBlobIsRemovedUnlessItComesAgain() async throws {
    let store = try await make()
    let end = Timestamp(milliseconds: .max)
    #expect(try await store.renew(Sample.digest(1)) == false)
    #expect(try await store.remove(Sample.digest(1), cameBefore: end) == nil)
    let digest = try await ingest([[1, 2, 3]], into: store)
    let first = try #require(try await store.status(of: digest)).cameAt
    #expect(try await store.remove(digest, cameBefore: first) == nil)
    let later = Timestamp(milliseconds: first.milliseconds + 1)
    // Longer than the clock of a file system may stand still.
    try await Task.sleep(for: .milliseconds(20))
    #expect(try await store.renew(digest))
    #expect(try await store.remove(digest, cameBefore: later) == nil)
    let second = try #require(try await store.status(of: digest)).cameAt
    try await Task.sleep(for: .milliseconds(20))
    #expect(try await ingest([[1, 2, 3]], into: store) == digest)
    #expect(
      try await store.remove(digest, cameBefore: Timestamp(milliseconds: second.milliseconds + 1)) == nil)
    #expect(try await store.contains(digest))
    #expect(try await store.remove(digest, cameBefore: end) == 3)
    #expect(try await store.contains(digest) == false)
    #expect(try await store.digests().isEmpty)
    #expect(try await ingest([[1, 2, 3]], into: store) == digest)
  }
}

/// What every bundle store must do.
///
/// Each check takes a fresh, empty store.
public struct BundleStoreContract: Sendable {
  private let make: @Sendable () async throws -> any BundleStore
  private let key = SealingKey()

  /// Checks the stores that `make` gives, each of them empty.
  public init(make: @escaping @Sendable () async throws -> any BundleStore) {
    self.make = make
  }

  /// Runs every check.
  public func run() async throws {
    try await aPublishedBundleVerifies()
    try await theSameFilesMayBeSealedAgain()
    try await whatIsNotThereIsMissing()
    try await anotherKeyIsNotTrusted()
  }

  private func bundle(_ number: Int, sealedWith key: SealingKey) throws -> SealedBundle {
    let unsealed = try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: Array("{\"n\":\(number)}".utf8)),
      BundleFile(path: "weights/a.bin", bytes: Array(repeating: 1, count: 1000)),
      BundleFile(path: "empty", bytes: []),
    ])
    return try unsealed.sealed(with: key, name: "iris@\(number)")
  }

  private func aPublishedBundleVerifies() async throws {
    let store = try await make()
    let bundles = [try bundle(1, sealedWith: key), try bundle(2, sealedWith: key)]
    for bundle in bundles {
      #expect(try await store.publish(bundle) == store.path(of: bundle.digest))
      try await store.verify(bundle.digest, trusting: [key.verificationKey])
    }
    #expect(try await store.digests() == bundles.map(\.digest).sorted())
  }

  private func theSameFilesMayBeSealedAgain() async throws {
    let store = try await make()
    let (first, second) = (try bundle(1, sealedWith: key), try bundle(1, sealedWith: SealingKey()))
    let path = try await store.publish(first)
    #expect(try await store.publish(first) == path)
    #expect(try await store.publish(second) == path)
    let problem = await #expect(throws: Problem.self) {
      try await store.verify(first.digest, trusting: [key.verificationKey])
    }
    #expect(problem?.code == "seal.untrusted-key")
    #expect(try await store.publish(first) == path)
    try await store.verify(first.digest, trusting: [key.verificationKey])
    #expect(try await store.digests() == [first.digest])
  }

  private func whatIsNotThereIsMissing() async throws {
    let store = try await make()
    #expect(try await store.digests().isEmpty)
    let problem = await #expect(throws: Problem.self) {
      try await store.verify(Sample.digest(1), trusting: [key.verificationKey])
    }
    #expect(problem?.code == "bundle.missing")
  }

  private func anotherKeyIsNotTrusted() async throws {
    let store = try await make()
    let bundle = try bundle(1, sealedWith: key)
    _ = try await store.publish(bundle)
    let problem = await #expect(throws: Problem.self) {
      try await store.verify(bundle.digest, trusting: [SealingKey().verificationKey])
    }
    #expect(problem?.code == "seal.untrusted-key")
  }
}
