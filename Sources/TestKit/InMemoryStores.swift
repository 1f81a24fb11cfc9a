public import Domain
public import Lifecycle
public import Provenance

/// Blobs in memory, with faults on request.
public actor InMemoryBlobStore: BlobStore {
  private let faults: FaultPlan
  private let time: any TimeSource
  private var blobs: [Digest: [UInt8]] = [:]
  private var cameAt: [Digest: Timestamp] = [:]
  private var abandoned = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// An empty store; `faults` numbers the writes and the ends of its ingest sessions, and what is renewed and removed.
  public init(faults: FaultPlan = FaultPlan(), time: any TimeSource = ManualTime()) {
    self.faults = faults
    self.time = time
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

  /// Changes the bytes of a blob behind the store's back, as a failing disk would.
  public func corrupt(_ digest: Digest, to bytes: [UInt8]) { blobs[digest] = bytes }

  /// Loses a blob, as a disk may.
  public func lose(_ digest: Digest) { (blobs[digest], cameAt[digest]) = (nil, nil) }

  /// How large a blob is and when it came; nil where there is none.
  public func status(of digest: Digest) -> BlobStatus? {
    guard let bytes = blobs[digest], let moment = cameAt[digest] else { return nil }
    return BlobStatus(size: bytes.count, cameAt: moment)
  }

  /// Opens a blob to be read in pieces; nil where there is none.
  public func open(_ digest: Digest) -> (any BlobReader)? { blobs[digest].map { InMemoryBlob(all: $0) } }

  /// Takes a blob for one that comes just now; false where there is none.
  public func renew(_ digest: Digest) throws(Problem) -> Bool {
    guard blobs[digest] != nil else { return false }
    try faults.write { () throws(Problem) in cameAt[digest] = time.now() }
    return true
  }

  /// Removes a blob unless it came at this moment or later: how many bytes it had.
  public func remove(_ digest: Digest, cameBefore moment: Timestamp) throws(Problem) -> Int? {
    guard let bytes = blobs[digest], let came = cameAt[digest], came < moment else { return nil }
    try faults.write { () throws(Problem) in (blobs[digest], cameAt[digest]) = (nil, nil) }
    return bytes.count
  }

  /// Waits until an ingest session was abandoned, if none was yet.
  public func waitForAbandonedSession() async {
    guard abandoned == 0 else { return }
    await withCheckedContinuation { waiting.append($0) }
  }

  fileprivate func noteAbandoned() {
    abandoned += 1
    for continuation in waiting { continuation.resume() }
    waiting = []
  }

  fileprivate func insert(_ bytes: [UInt8], as expected: Digest?) throws(Problem) -> Digest {
    let digest = Digest(of: bytes)
    guard expected == nil || digest == expected else {
      throw InMemoryIngestSession.mismatch(expected ?? digest, digest)
    }
    try faults.write { () throws(Problem) in (blobs[digest], cameAt[digest]) = (bytes, time.now()) }
    return digest
  }
}

private struct InMemoryBlob: BlobReader {
  let all: [UInt8]

  var size: Int { all.count }

  func bytes(from offset: Int, count: Int) -> [UInt8] {
    Array(all.dropFirst(max(0, offset)).prefix(max(0, count)))
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

  func finish(as expected: Digest?) async throws(Problem) -> Digest {
    guard let bytes else { throw Self.ended }
    self.bytes = nil
    return try await store.insert(bytes, as: expected)
  }

  func abandon() async {
    bytes = nil
    await store.noteAbandoned()
  }

  private static let ended = Problem(
    .internal, "blob.session-ended", "expected an ingest session that is open, found one that has ended")
}

/// Sealed bundles in memory, with faults on request.
public actor InMemoryBundleStore: BundleStore {
  private let faults: FaultPlan
  private var bundles: [Digest: SealedBundle] = [:]
  private var failures: [Digest: Problem] = [:]

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
    _ = try sealed(digest, trusting: keys)
  }

  private func known(_ digest: Digest) throws(Problem) -> SealedBundle {
    if let problem = failures[digest] { throw problem }
    guard let bundle = bundles[digest] else {
      throw Problem(.integrity, "bundle.missing", "expected the sealed bundle \(digest.short), found none")
    }
    return bundle
  }

  /// The bytes of a bundle's seal, unverified.
  public func seal(of bundle: Digest) throws(Problem) -> [UInt8] { try known(bundle).seal }

  /// The whole bundle, its seal verified.
  public func sealed(_ bundle: Digest, trusting keys: [SealVerificationKey]) throws(Problem) -> SealedBundle {
    let bundle = try known(bundle)
    return try SealedBundle(bundle.contents, seal: bundle.seal, trusting: keys)
  }

  /// All bundles, sorted.
  public func digests() -> [Digest] { bundles.keys.sorted() }

  /// The bundle that was published; nil where there is none.
  public func bundle(_ digest: Digest) -> SealedBundle? { bundles[digest] }

  /// Fails to read a bundle, as a disk may for a while; nil reads it again.
  public func fail(_ bundle: Digest, with problem: Problem?) { failures[bundle] = problem }

  /// Loses a bundle, as a disk may.
  public func lose(_ bundle: Digest) { bundles[bundle] = nil }
}
