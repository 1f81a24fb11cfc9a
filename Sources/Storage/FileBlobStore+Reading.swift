public import Domain
import Glibc
public import Lifecycle
import Provenance

// Blobs in pieces, and their end.

extension FileBlobStore {
  /// How large a blob is and when it came, by its file.
  public func status(of digest: Digest) throws(Problem) -> BlobStatus? {
    try OpenFile.reading(place.path(of: digest))?.blobStatus()
  }

  /// Opens a blob to be read in pieces.
  public func open(_ digest: Digest) throws(Problem) -> (any BlobReader)? {
    guard let file = try OpenFile.reading(place.path(of: digest)) else { return nil }
    let size = try file.blobStatus().size
    return FileBlobReader(file: file, size: size)
  }

  /// Takes a blob for one that comes just now; false where there is none.
  ///
  /// That is not made durable: a loss of power takes back a time, and no blob.
  public func renew(_ digest: Digest) throws(Problem) -> Bool {
    let path = place.path(of: digest)
    guard try DirectoryListing.kind(of: path) == .file else { return false }
    try disk.renew(path)
    return true
  }

  /// Removes a blob unless it came at this moment or later.
  ///
  /// One step on the queue on which every blob gets its name, too: a blob that comes again is found renewed here, or is put
  /// in its place again after this. A loss of power may bring it back, whole: the directory is not synced for it.
  public func remove(_ digest: Digest, cameBefore moment: Timestamp) throws(Problem) -> Int? {
    let path = place.path(of: digest)
    guard let status = try OpenFile.reading(path)?.blobStatus(), status.cameAt < moment else { return nil }
    try disk.remove(path)
    return status.size
  }
}

extension OpenFile {
  /// The size and the time of a file that is a blob.
  fileprivate func blobStatus() throws(Problem) -> BlobStatus {
    let status = try status()
    let time = status.st_mtim
    return BlobStatus(
      size: Int(status.st_size),
      cameAt: Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000))
  }
}

/// A blob's file, open for as long as somebody reads.
private actor FileBlobReader: BlobReader {
  nonisolated let size: Int
  private let file: OpenFile
  // Of its own: one that reads a large blob from a slow disk does not hold up those who write.
  private let executor = DiskExecutor()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(file: consuming OpenFile, size: Int) {
    self.file = consume file
    self.size = size
  }

  func bytes(from offset: Int, count: Int) throws(Problem) -> [UInt8] {
    let wanted = min(max(0, count), max(0, size - offset))
    guard offset >= 0, wanted > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: wanted)
    var filled = 0
    while filled < wanted {
      let descriptor = file.descriptor
      let read = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), wanted - filled, off_t(offset + filled))
      }
      if read < 0 {
        if errno == EINTR { continue }
        throw Problem.storage("read the file", file.path, errno: errno)
      }
      guard read > 0 else { break }
      filled += read
    }
    bytes.removeLast(wanted - filled)
    return bytes
  }
}

/// Reads a blob at once, on a thread of its own.
actor WholeBlobReader {
  private let executor = DiskExecutor()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  func read(_ digest: Digest, at path: String, limit: Int) throws(Problem) -> [UInt8] {
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
}
