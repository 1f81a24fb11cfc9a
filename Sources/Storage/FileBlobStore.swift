public import Domain
public import Lifecycle
import Provenance

/// Blobs as files: `sha256/ab/abcd…`, beside a directory for what is still coming in.
///
/// All files are for their owner alone, but for those of an image layout, which has no directories `ab` either.
public actor FileBlobStore: BlobStore {
  nonisolated let place: BlobPlace
  /// Nil where the store was opened to be read alone.
  private let ingestDirectory: String?
  let disk: Disk
  /// The directories of blobs whose own names are known to be durable.
  private var durableShards: Set<String> = []
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Opens the store in `directory`, with `ingestDirectory` on the same volume for unfinished blobs; makes
  /// what is missing and removes what a crash left unfinished.
  public init(directory: String, ingestDirectory: String) throws(Problem) {
    try self.init(directory: directory, ingestDirectory: ingestDirectory, disk: Disk())
  }

  /// Opens the blobs of an OCI image layout in `directory`: `sha256/abcd…`, for everybody to read.
  ///
  /// Unfinished ones stand among them, by names that are no digests: a layout has room for nothing else.
  public init(layout directory: String) throws(Problem) {
    let place = BlobPlace(layout: directory)
    try self.init(place, place.directory, Disk())
  }

  init(directory: String, ingestDirectory: String, disk: Disk) throws(Problem) {
    try self.init(BlobPlace(store: directory), ingestDirectory, disk)
  }

  private init(_ place: BlobPlace, _ ingestDirectory: String, _ disk: Disk) throws(Problem) {
    self.place = place
    self.ingestDirectory = ingestDirectory
    self.disk = disk
    try disk.createDirectory(place.directory, mode: place.directoryMode)
    if ingestDirectory != place.directory { try disk.createDirectory(ingestDirectory) }
    try disk.removeUnfinished(in: ingestDirectory)
  }

  /// Opens the store in `directory` to be read alone, beside the process that writes it; changes nothing.
  public init(reading directory: String) {
    self.init(reading: BlobPlace(store: directory))
  }

  /// Opens the blobs of an OCI image layout to be read alone; changes nothing.
  public init(readingLayout directory: String) {
    self.init(reading: BlobPlace(layout: directory))
  }

  private init(reading place: BlobPlace) {
    self.place = place
    ingestDirectory = nil
    disk = Disk()
  }

  /// Starts to take in bytes whose digest is not known yet.
  public func beginIngest() throws(Problem) -> any IngestSession {
    guard let ingestDirectory else {
      throw Problem(
        .conflict, "blob.read-only", "expected a store that was opened to write, found one opened to read",
        subject: place.directory)
    }
    let path = "\(ingestDirectory)/\(DiskPath.unfinished())"
    return FileIngestSession(file: try disk.create(path, mode: place.mode), disk: disk, store: self)
  }

  /// Makes the directory that a blob is to stand in, if it is missing; it is durable then, whoever made it.
  ///
  /// On this queue: another who found it there meanwhile would tell of a blob that a loss of power takes away with it. One
  /// that is there at first may be what a crash, or a failure, left before its name was durable.
  fileprivate func prepareShard(_ shard: String) throws(Problem) {
    guard !durableShards.contains(shard) else { return }
    if try !disk.createDirectory(shard, mode: place.directoryMode) {
      try disk.syncDirectory(DiskPath.parent(of: shard))
    }
    durableShards.insert(shard)
  }

  /// Gives an unfinished file, whose bytes are durable, the name of a blob, in the place of one that is there.
  ///
  /// It comes just now, however long ago its last byte was written: nobody removes it for want of a name before there was
  /// time to give it one. One step on this queue, as `remove` is: whatever is removed was not put there since it was looked at.
  fileprivate func publish(_ path: String, as blob: String) throws(Problem) {
    try disk.renew(path)
    try disk.rename(path, to: blob)
  }

  /// Whether the blob is there.
  public func contains(_ digest: Digest) throws(Problem) -> Bool {
    try DirectoryListing.kind(of: place.path(of: digest)) == .file
  }

  /// The bytes of a blob, hashed again on the way.
  ///
  /// On a thread of its own: a large one holds up nobody else.
  public nonisolated func read(_ digest: Digest, limit: Int) async throws(Problem) -> [UInt8] {
    try await WholeBlobReader().read(digest, at: place.path(of: digest), limit: limit)
  }

  /// All blobs, sorted.
  public func digests() throws(Problem) -> [Digest] {
    var digests: [Digest] = []
    for shard in try place.shards() {
      for entry in try DirectoryListing.entries(of: shard) {
        if let digest = Digest(hexadecimal: entry.name), place.shard(of: digest) == shard {
          digests.append(digest)
        }
      }
    }
    return digests.sorted()
  }
}

/// Where blobs stand.
struct BlobPlace {
  let directory: String
  /// Whether those whose digests begin with the same two digits have a directory of their own.
  let isSharded: Bool
  let mode: UInt32

  /// The place of a store of our own.
  init(store directory: String) {
    self.directory = "\(directory)/sha256"
    (isSharded, mode) = (true, 0o600)
  }

  /// The place that an image layout has for them.
  init(layout directory: String) {
    self.directory = "\(directory)/sha256"
    (isSharded, mode) = (false, 0o644)
  }

  /// As whoever may read a blob needs it.
  var directoryMode: UInt32 { mode | (mode >> 2 & 0o111) }

  func shard(of digest: Digest) -> String {
    isSharded ? "\(directory)/\(digest.hexadecimal.prefix(2))" : directory
  }

  func path(of digest: Digest) -> String { "\(shard(of: digest))/\(digest.hexadecimal)" }

  /// The directories that blobs stand in.
  func shards() throws(Problem) -> [String] {
    guard isSharded else { return [directory] }
    return try DirectoryListing.entries(of: directory).filter { $0.kind == .directory }.map {
      "\(directory)/\($0.name)"
    }
  }
}

/// A blob on its way into a `FileBlobStore`, in an unfinished file.
private actor FileIngestSession: IngestSession {
  private var file: OpenFile?
  private let path: String
  private let disk: Disk
  private let store: FileBlobStore
  // Of its own: writing, hashing and syncing a large blob holds up nobody else. Only naming it is the store's to do.
  private let executor = DiskExecutor()
  private var hasher = DigestHasher()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(file: consuming OpenFile, disk: Disk, store: FileBlobStore) {
    path = file.path
    self.file = consume file
    self.disk = disk
    self.store = store
  }

  func write(_ bytes: [UInt8]) throws(Problem) {
    switch file {
    case .some(let open): try disk.write(bytes, to: open)
    case .none: throw Self.ended
    }
    hasher.update(bytes)
  }

  func finish(as expected: Digest?) async throws(Problem) -> Digest {
    guard let open = file.take() else { throw Self.ended }
    do throws(Problem) {
      let digest = hasher.digest
      // Before the bytes have any name: what was not asked for is never there.
      guard expected == nil || digest == expected else { throw Self.mismatch(expected ?? digest, digest) }
      let shard = store.place.shard(of: digest)
      // The bytes are durable before they have the name that vouches for them. A crash up to the rename
      // leaves an unfinished file, which the next start removes.
      try disk.sync(open)
      try await store.prepareShard(shard)
      // In the place of a blob that is there, which may not be what it was: hashing that to find out costs more than the
      // rename, and who reads it still reads on. A crash leaves the one or the other.
      try await store.publish(path, as: store.place.path(of: digest))
      // A crash before this may lose the name again, not the truth of it: no one was told the digest yet.
      try disk.syncDirectory(shard)
      return digest
    } catch {
      try? disk.remove(path)
      throw error
    }
  }

  func abandon() {
    guard file.take() != nil else { return }
    // A file that cannot be removed now is removed at the next start.
    try? disk.remove(path)
  }

  private static let ended = Problem(
    .internal, "blob.session-ended", "expected an ingest session that is open, found one that has ended")
}
