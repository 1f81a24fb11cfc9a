public import Domain
public import Lifecycle
import Provenance

/// Blobs as files: `sha256/ab/abcd…`, beside a directory for what is still coming in.
///
/// All files are for their owner alone.
public actor FileBlobStore: BlobStore {
  private let directory: String
  /// Nil where the store was opened to be read alone.
  private let ingestDirectory: String?
  private let disk: Disk
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Opens the store in `directory`, with `ingestDirectory` on the same volume for unfinished blobs; makes
  /// what is missing and removes what a crash left unfinished.
  public init(directory: String, ingestDirectory: String) throws(Problem) {
    try self.init(directory: directory, ingestDirectory: ingestDirectory, disk: Disk())
  }

  init(directory: String, ingestDirectory: String, disk: Disk) throws(Problem) {
    self.directory = "\(directory)/sha256"
    self.ingestDirectory = ingestDirectory
    self.disk = disk
    try disk.createDirectory(self.directory)
    try disk.createDirectory(ingestDirectory)
    try disk.removeUnfinished(in: ingestDirectory)
  }

  /// Opens the store in `directory` to be read alone, beside the process that writes it; changes nothing.
  public init(reading directory: String) {
    self.directory = "\(directory)/sha256"
    self.ingestDirectory = nil
    self.disk = Disk()
  }

  /// Starts to take in bytes whose digest is not known yet.
  public func beginIngest() throws(Problem) -> any IngestSession {
    guard let ingestDirectory else {
      throw Problem(
        .conflict, "blob.read-only", "expected a store that was opened to write, found one opened to read",
        subject: directory)
    }
    let path = "\(ingestDirectory)/\(DiskPath.unfinished())"
    return FileIngestSession(
      file: try disk.create(path), disk: disk, directory: directory, executor: executor)
  }

  /// Whether the blob is there.
  public func contains(_ digest: Digest) throws(Problem) -> Bool {
    try DirectoryListing.kind(of: BlobPath.path(of: digest, in: directory)) == .file
  }

  /// The bytes of a blob, hashed again on the way.
  public func read(_ digest: Digest, limit: Int) throws(Problem) -> [UInt8] {
    let path = BlobPath.path(of: digest, in: directory)
    guard let file = try OpenFile.reading(path) else {
      throw Problem(
        .notFound, "blob.missing", "expected the blob \(digest.short), found none", subject: path)
    }
    guard let bytes = try file.bytes(limit: limit) else {
      throw Problem(
        .tooLarge, "blob.too-large",
        "expected the blob \(digest.short) to have at most \(limit) bytes, found more", subject: path)
    }
    let found = Digest(of: bytes)
    guard found == digest else {
      throw Problem(
        .integrity, "blob.corrupt",
        "expected bytes that hash to \(digest.short), found bytes that hash to \(found.short)",
        subject: path, hint: "restore the file from a backup, or push the artifact again")
    }
    return bytes
  }

  /// All blobs, sorted.
  public func digests() throws(Problem) -> [Digest] {
    var digests: [Digest] = []
    for shard in try DirectoryListing.entries(of: directory) where shard.kind == .directory {
      for entry in try DirectoryListing.entries(of: "\(directory)/\(shard.name)") {
        if let digest = Digest(hexadecimal: entry.name), entry.name.hasPrefix(shard.name) {
          digests.append(digest)
        }
      }
    }
    return digests.sorted()
  }
}

private enum BlobPath {
  static func shard(of digest: Digest, in directory: String) -> String {
    "\(directory)/\(digest.hexadecimal.prefix(2))"
  }

  static func path(of digest: Digest, in directory: String) -> String {
    "\(shard(of: digest, in: directory))/\(digest.hexadecimal)"
  }
}

/// A blob on its way into a `FileBlobStore`, in an unfinished file.
private actor FileIngestSession: IngestSession {
  private var file: OpenFile?
  private let path: String
  private let disk: Disk
  private let directory: String
  private let executor: DiskExecutor
  private var hasher = DigestHasher()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(file: consuming OpenFile, disk: Disk, directory: String, executor: DiskExecutor) {
    path = file.path
    self.file = consume file
    self.disk = disk
    self.directory = directory
    self.executor = executor
  }

  func write(_ bytes: [UInt8]) throws(Problem) {
    switch file {
    case .some(let open): try disk.write(bytes, to: open)
    case .none: throw Self.ended
    }
    hasher.update(bytes)
  }

  func finish() throws(Problem) -> Digest {
    guard let open = file.take() else { throw Self.ended }
    do throws(Problem) {
      let digest = hasher.digest
      let shard = BlobPath.shard(of: digest, in: directory)
      let blob = BlobPath.path(of: digest, in: directory)
      // The bytes are durable before they have the name that vouches for them. A crash up to the rename
      // leaves an unfinished file, which the next start removes.
      try disk.sync(open)
      try disk.createDirectory(shard)
      if try isWhole(blob, digest) {
        try disk.remove(path)
      } else {
        try disk.rename(path, to: blob)
      }
      // A crash before this may lose the name again, not the truth of it: no one was told the digest yet.
      // Done for a blob that was there, too: whoever put it there may not have come so far.
      try disk.syncDirectory(shard)
      return digest
    } catch {
      try? disk.remove(path)
      throw error
    }
  }

  /// Whether the blob is there and hashes to its name; one that does not is replaced by the good bytes.
  private func isWhole(_ blob: String, _ digest: Digest) throws(Problem) -> Bool {
    guard let file = try OpenFile.reading(blob) else { return false }
    var hasher = DigestHasher()
    try file.forEachPiece { hasher.update($0) }
    return hasher.digest == digest
  }

  func abandon() {
    guard file.take() != nil else { return }
    // A file that cannot be removed now is removed at the next start.
    try? disk.remove(path)
  }

  private static let ended = Problem(
    .internal, "blob.session-ended", "expected an ingest session that is open, found one that has ended")
}
