public import Domain
public import Provenance

/// Bytes by their digest.
///
/// What is in it is whole and durable; it never changes.
public protocol BlobStore: Sendable {
  /// Starts to take in bytes whose digest is not known yet.
  func beginIngest() async throws(Problem) -> any IngestSession
  /// Whether the blob is there.
  func contains(_ digest: Digest) async throws(Problem) -> Bool
  /// The bytes of a blob, hashed again on the way: throws `blob.missing`, `blob.too-large` beyond `limit`
  /// bytes, and `blob.corrupt` where they no longer hash to the digest.
  func read(_ digest: Digest, limit: Int) async throws(Problem) -> [UInt8]
  /// All blobs, sorted.
  func digests() async throws(Problem) -> [Digest]
}

extension BlobStore {
  /// Takes in what `fill` writes; says the digest once it is durable, and what `fill` answered.
  func ingest<Result>(
    _ fill: (any IngestSession) async throws(Problem) -> Result
  ) async throws(Problem) -> (digest: Digest, result: Result) {
    let session = try await beginIngest()
    let result: Result
    do throws(Problem) {
      result = try await fill(session)
    } catch {
      await session.abandon()
      throw error
    }
    return (try await session.finish(), result)
  }

  /// Takes in bytes that are here whole; says their digest once they are durable.
  func keep(_ bytes: [UInt8]) async throws(Problem) -> Digest {
    try await ingest { session async throws(Problem) in try await session.write(bytes) }.digest
  }
}

/// Bytes on their way into a blob store.
///
/// Nothing of them is visible until `finish` returns.
public protocol IngestSession: Sendable {
  /// Appends bytes.
  func write(_ bytes: [UInt8]) async throws(Problem)
  /// Makes the blob durable and visible, and says its digest. A blob that is there already is left alone.
  func finish() async throws(Problem) -> Digest
  /// Drops what was written. Ends the session as `finish` does; after either, more is a programmer's error.
  func abandon() async
}

/// Sealed bundles as directories that a data plane can open.
public protocol BundleStore: Sendable {
  /// Puts a bundle in its place; durable and whole when this returns. One that is there already is replaced
  /// only if its bytes are not the same. Answers with the path of the directory.
  func publish(_ bundle: SealedBundle) async throws(Problem) -> String
  /// The path where the bundle with this digest stands or would stand.
  func path(of bundle: Digest) -> String
  /// Verifies the bundle's seal and every file of it: throws `bundle.missing` or the seal's own problem.
  func verify(_ bundle: Digest, trusting keys: [SealVerificationKey]) async throws(Problem)
  /// The bytes of a bundle's seal, unverified; throws `bundle.missing`.
  func seal(of bundle: Digest) async throws(Problem) -> [UInt8]
  /// The whole bundle, its seal verified: throws as `verify` does.
  func sealed(_ bundle: Digest, trusting keys: [SealVerificationKey]) async throws(Problem) -> SealedBundle
  /// All bundles, sorted.
  func digests() async throws(Problem) -> [Digest]
}
