public import Domain
import Encoding

/// Blobs on their way into repositories, and those that have come and wait for a manifest that names them.
///
/// All of it is in memory: after a restart a client uploads again. An upload has one writer at a time; what it has
/// written stays when its connection breaks, so that it can go on from there.
public actor BlobUploads {
  /// What is taken at most.
  public struct Limits: Sendable {
    /// How many uploads there are at a time.
    public var count = 64
    /// How many bytes a blob has.
    public var bytes = 5 << 30
    /// After how long without a byte an upload is dropped.
    public var idle: Duration = .seconds(600)
    /// How many blobs wait for a manifest.
    public var waiting = 10_000
    /// After how long a blob waits no more.
    public var patience: Duration = .seconds(86_400)

    /// The usual limits.
    public init() {}
  }

  private struct Upload {
    let repository: RepositoryName
    let session: any IngestSession
    var offset = 0
    /// Whether somebody writes to it: nobody else may, and it is not dropped.
    var isBusy = false
    var lastUsed: Duration
  }

  private struct Link: Hashable {
    let repository: RepositoryName
    let digest: Digest
  }

  /// What is taken at most.
  public nonisolated let limits: Limits
  private let blobs: any BlobStore
  private let entropy: any Entropy
  private let time: any TimeSource
  private var uploads: [String: Upload] = [:]
  private var waiting: [Link: Duration] = [:]

  init(into blobs: any BlobStore, entropy: any Entropy, time: any TimeSource, limits: Limits = Limits()) {
    self.blobs = blobs
    self.entropy = entropy
    self.time = time
    self.limits = limits
  }

  /// Begins an upload and says by what it is known; throws `upload.too-many`.
  public func begin(in repository: RepositoryName) async throws(Problem) -> String {
    await dropIdle()
    guard uploads.count < limits.count else {
      throw Problem(
        .tooMany, "upload.too-many", "expected at most \(limits.count) uploads at a time, found one more",
        hint: "try again when others are done", retryAfter: 10)
    }
    let id = Hexadecimal.encode(entropy.bytes(16))
    let session = try await blobs.beginIngest()
    uploads[id] = Upload(repository: repository, session: session, lastUsed: time.uptime())
    return id
  }

  /// How many bytes an upload has.
  public func offset(of id: String, in repository: RepositoryName) throws(Problem) -> Int {
    try upload(id, in: repository).offset
  }

  /// Takes an upload to write to it, from where it stands; nobody else can until `release`.
  ///
  /// Throws `upload.unknown`, `upload.busy`, and `upload.range` where `start` is another place than that.
  public func take(_ id: String, in repository: RepositoryName, from start: Int? = nil) throws(Problem) -> Int
  {
    var upload = try upload(id, in: repository)
    guard !upload.isBusy else { throw Self.busy }
    guard start == nil || start == upload.offset else {
      throw Problem(
        .badInput, "upload.range",
        "expected bytes from \(upload.offset) on, found some from \(start ?? 0) on",
        hint: "ask for the upload's state, and go on from there")
    }
    upload.isBusy = true
    uploads[id] = upload
    return upload.offset
  }

  /// Appends bytes to an upload that was taken.
  ///
  /// Throws `upload.too-large`, and what the store says. In both cases the upload is gone: nobody knows how many of the
  /// bytes were written.
  public func write(_ bytes: [UInt8], to id: String) async throws(Problem) {
    guard let upload = uploads[id], upload.isBusy else { throw Self.unknown }
    do throws(Problem) {
      try requireRoom(for: upload.offset + bytes.count)
      try await upload.session.write(bytes)
    } catch {
      uploads[id] = nil
      await upload.session.abandon()
      throw error
    }
    uploads[id]?.offset += bytes.count
    uploads[id]?.lastUsed = time.uptime()
  }

  /// Throws `upload.too-large` for more bytes than a blob may have.
  public nonisolated func requireRoom(for bytes: Int) throws(Problem) {
    guard bytes <= limits.bytes else {
      throw Problem(
        .tooLarge, "upload.too-large", "expected a blob of at most \(limits.bytes) bytes, found more")
    }
  }

  /// Lets others write to an upload again.
  public func release(_ id: String) {
    uploads[id]?.isBusy = false
    uploads[id]?.lastUsed = time.uptime()
  }

  /// Ends an upload that was taken: its bytes are a blob that the repository shows until a manifest names it.
  ///
  /// Throws `blob.digest-mismatch`, and what the store says; the upload is gone either way. A crash before this returns
  /// leaves nothing, or a whole blob that nothing names.
  public func finish(_ id: String, as digest: Digest) async throws(Problem) {
    guard let upload = uploads[id], upload.isBusy else { throw Self.unknown }
    uploads[id] = nil
    _ = try await upload.session.finish(as: digest)
    keepWaiting(digest, in: upload.repository)
  }

  /// Drops an upload.
  public func cancel(_ id: String, in repository: RepositoryName) async throws(Problem) {
    let upload = try upload(id, in: repository)
    guard !upload.isBusy else { throw Self.busy }
    uploads[id] = nil
    await upload.session.abandon()
  }

  /// Drops the uploads that nobody has written to for too long; says how many.
  @discardableResult
  public func dropIdle() async -> Int {
    let now = time.uptime()
    let idle = uploads.filter { !$0.value.isBusy && now - $0.value.lastUsed > limits.idle }
    for id in idle.keys { uploads[id] = nil }
    for upload in idle.values { await upload.session.abandon() }
    return idle.count
  }

  private func upload(_ id: String, in repository: RepositoryName) throws(Problem) -> Upload {
    guard let upload = uploads[id], upload.repository == repository else { throw Self.unknown }
    return upload
  }

  private static let busy = Problem(
    .conflict, "upload.busy", "expected an upload that nobody writes to, found one that somebody does",
    hint: "try again when the other request has ended")

  private static let unknown = Problem(
    .notFound, "upload.unknown", "expected an upload that has begun and not ended, found none",
    hint:
      "begin again: an upload ends with the platform, after an error of the disk, and after a while unused")
}

// Blobs that wait for a manifest.

extension BlobUploads {
  /// Shows a blob in a repository until a manifest of it names it, or for a day.
  ///
  /// Where too many wait, the one that has waited longest does no more.
  func keepWaiting(_ digest: Digest, in repository: RepositoryName) {
    waiting[Link(repository: repository, digest: digest)] = time.uptime()
    guard waiting.count > limits.waiting, let oldest = waiting.min(by: { $0.value < $1.value }) else {
      return
    }
    waiting[oldest.key] = nil
  }

  /// Whether a blob waits for a manifest of a repository.
  func isWaiting(_ digest: Digest, in repository: RepositoryName) -> Bool {
    guard let since = waiting[Link(repository: repository, digest: digest)] else { return false }
    return time.uptime() - since <= limits.patience
  }

  /// Has blobs wait no more: a manifest names them, or somebody does not want them.
  func settle(_ digests: some Sequence<Digest>, in repository: RepositoryName) {
    for digest in digests { waiting[Link(repository: repository, digest: digest)] = nil }
  }

  /// All blobs that wait, in whatever repository.
  func waitingBlobs() -> Set<Digest> {
    let now = time.uptime()
    waiting = waiting.filter { now - $0.value <= limits.patience }
    return Set(waiting.keys.map(\.digest))
  }
}
