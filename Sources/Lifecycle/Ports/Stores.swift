public import Domain
public import Provenance

/// What takes in bytes and names them by their digest.
public protocol BlobIngest: Sendable {
  /// Starts to take in bytes whose digest is not known yet.
  func beginIngest() async throws(Problem) -> any IngestSession
}

/// Bytes by their digest.
///
/// What is in it is whole and durable; it never changes.
public protocol BlobStore: BlobIngest {
  /// Whether the blob is there.
  func contains(_ digest: Digest) async throws(Problem) -> Bool
  /// The bytes of a blob, hashed again on the way: throws `blob.missing`, `blob.too-large` beyond `limit`
  /// bytes, and `blob.corrupt` where they no longer hash to the digest.
  func read(_ digest: Digest, limit: Int) async throws(Problem) -> [UInt8]
  /// All blobs, sorted.
  func digests() async throws(Problem) -> [Digest]
  /// How large a blob is and when it came, without reading it; nil where there is none.
  func status(of digest: Digest) async throws(Problem) -> BlobStatus?
  /// Opens a blob to be read in pieces; nil where there is none.
  func open(_ digest: Digest) async throws(Problem) -> (any BlobReader)?
  /// Takes a blob for one that comes just now, so that nobody removes it for want of a name; false where there is none.
  func renew(_ digest: Digest) async throws(Problem) -> Bool
  /// Removes a blob unless it came at this moment or later: how many bytes it had; nil where it is left, or none is there.
  ///
  /// Looks and removes in one step, so that a blob that comes again meanwhile is there.
  func remove(_ digest: Digest, cameBefore moment: Timestamp) async throws(Problem) -> Int?
}

/// What a store knows of a blob without reading it.
public struct BlobStatus: Equatable, Sendable {
  /// How many bytes it has.
  public let size: Int
  /// When it came, or came again, last.
  public let cameAt: Timestamp

  /// Says what is known of a blob.
  public init(size: Int, cameAt: Timestamp) {
    self.size = size
    self.cameAt = cameAt
  }
}

/// A blob that is open to be read in pieces; its bytes can be had whatever becomes of its name.
public protocol BlobReader: Sendable {
  /// How many bytes it has.
  var size: Int { get }
  /// So many bytes from a place on, fewer at its end alone; they are not hashed.
  func bytes(from offset: Int, count: Int) async throws(Problem) -> [UInt8]
}

extension BlobStore {
  /// Hashes a blob, a piece in memory at a time.
  ///
  /// Throws `blob.missing` and `blob.corrupt`.
  func verify(_ digest: Digest) async throws(Problem) {
    guard let reader = try await open(digest) else {
      throw Problem(.notFound, "blob.missing", "expected the blob \(digest.short), found none")
    }
    var hasher = DigestHasher()
    var offset = 0
    while offset < reader.size {
      let piece = try await reader.bytes(from: offset, count: 1 << 20)
      guard !piece.isEmpty else { break }
      hasher.update(piece)
      offset += piece.count
    }
    let found = hasher.digest
    guard found == digest else {
      throw Problem(
        .integrity, "blob.corrupt",
        "expected bytes that hash to \(digest.short), found bytes that hash to \(found.short)",
        subject: digest.description, hint: "restore the file from a backup, or push the artifact again")
    }
  }
}

extension BlobIngest {
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
  /// Makes the blob durable and visible, and says its digest. A blob that is there already is one that comes just now.
  ///
  /// Where the bytes do not hash to the digest that is expected of them, throws `blob.digest-mismatch` and drops them;
  /// nil expects nothing.
  func finish(as expected: Digest?) async throws(Problem) -> Digest
  /// Drops what was written. Ends the session as `finish` does; after either, more is a programmer's error.
  func abandon() async
}

extension IngestSession {
  /// Makes the blob durable and visible, and says its digest, whatever it is.
  public func finish() async throws(Problem) -> Digest { try await finish(as: nil) }

  /// Says that the bytes are not those that were expected.
  public static func mismatch(_ expected: Digest, _ found: Digest) -> Problem {
    Problem(
      .badInput, "blob.digest-mismatch",
      "expected bytes that hash to \(expected), found bytes that hash to \(found.short)",
      hint: "send the bytes again, or name their own digest")
  }
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
