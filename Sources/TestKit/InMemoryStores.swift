public import Domain
public import Lifecycle
public import Provenance

/// Blobs in memory, with faults on request.
public actor InMemoryBlobStore: BlobStore {
  private let faults: FaultPlan
  private var blobs: [Digest: [UInt8]] = [:]

  /// An empty store; `faults` numbers the writes and the ends of its ingest sessions.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// Starts to take in bytes whose digest is not known yet.
  public func beginIngest() -> any IngestSession { InMemoryIngestSession(store: self, faults: faults) }

  /// Whether the blob is there.
  public func contains(_ digest: Digest) -> Bool { blobs[digest] != nil }

  /// The bytes of a blob, hashed again on the way.
  public func read(_ digest: Digest, limit: Int) throws(Problem) -> [UInt8] {
    guard let bytes = blobs[digest] else {
      throw Problem(.notFound, "blob.missing", "expected the blob \(digest.short), found none")
    }
    guard bytes.count <= limit else {
      throw Problem(
        .tooLarge, "blob.too-large",
        "expected the blob \(digest.short) to have at most \(limit) bytes, found \(bytes.count)")
    }
    guard Digest(of: bytes) == digest else {
      throw Problem(.integrity, "blob.corrupt", "expected bytes that hash to \(digest.short), found others")
    }
    return bytes
  }

  /// All blobs, sorted.
  public func digests() -> [Digest] { blobs.keys.sorted() }

  /// The bytes of a blob as they are.
  func unhashed(_ digest: Digest) throws(Problem) -> [UInt8] {
    guard let bytes = blobs[digest] else {
      throw Problem(.notFound, "blob.missing", "expected the blob \(digest.short), found none")
    }
    return bytes
  }

  /// Changes the bytes of a blob behind the store's back, as a failing disk would.
  public func corrupt(_ digest: Digest, to bytes: [UInt8]) { blobs[digest] = bytes }

  fileprivate func insert(_ bytes: [UInt8]) throws(Problem) -> Digest {
    let digest = Digest(of: bytes)
    try faults.write { () throws(Problem) in blobs[digest] = bytes }
    return digest
  }
}

private actor InMemoryIngestSession: IngestSession {
  private let store: InMemoryBlobStore
  private let faults: FaultPlan
  private var bytes: [UInt8]? = []

  init(store: InMemoryBlobStore, faults: FaultPlan) {
    self.store = store
    self.faults = faults
  }

  func write(_ more: [UInt8]) throws(Problem) {
    guard let bytes else { throw Self.ended }
    try faults.write { () throws(Problem) in self.bytes = bytes + more }
  }

  func finish() async throws(Problem) -> Digest {
    guard let bytes else { throw Self.ended }
    self.bytes = nil
    return try await store.insert(bytes)
  }

  func abandon() { bytes = nil }

  private static let ended = Problem(
    .internal, "blob.session-ended", "expected an ingest session that is open, found one that has ended")
}

/// Sealed bundles in memory, with faults on request.
public actor InMemoryBundleStore: BundleStore {
  private let faults: FaultPlan
  private var bundles: [Digest: SealedBundle] = [:]

  /// An empty store; `faults` numbers what is published.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// A path of no file.
  public nonisolated func path(of bundle: Digest) -> String { "/in-memory/\(bundle.hexadecimal)" }

  /// Puts a bundle in its place.
  public func publish(_ bundle: SealedBundle) throws(Problem) -> String {
    try faults.write { () throws(Problem) in bundles[bundle.digest] = bundle }
    return path(of: bundle.digest)
  }

  /// Verifies the bundle's seal and every file of it.
  public func verify(_ digest: Digest, trusting keys: [SealVerificationKey]) throws(Problem) {
    guard let bundle = bundles[digest] else {
      throw Problem(.integrity, "bundle.missing", "expected the sealed bundle \(digest.short), found none")
    }
    _ = try SealedBundle(bundle.contents, seal: bundle.seal, trusting: keys)
  }

  /// All bundles, sorted.
  public func digests() -> [Digest] { bundles.keys.sorted() }

  /// The bundle that was published; nil where there is none.
  public func bundle(_ digest: Digest) -> SealedBundle? { bundles[digest] }

  /// Loses a bundle, as a disk may.
  public func lose(_ bundle: Digest) { bundles[bundle] = nil }
}
