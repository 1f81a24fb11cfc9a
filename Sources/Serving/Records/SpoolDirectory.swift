import Domain
import Glibc

/// The directory of a spool: segments that are open (`NAME.open`), segments that are closed (`NAME.segment`), and the
/// salt of their digests.
struct SpoolDirectory: Sendable {
  /// How many bytes a salt has.
  private static let saltBytes = 32

  let path: String

  /// Makes the directory where it is not there, for this user alone.
  init(_ path: String) throws(Problem) {
    self.path = path
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw .system(.unavailable, "spool.failed", "making the spool's directory", subject: path)
    }
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Problem(
        .usage, "spool.no-directory", "expected a directory to spool to, found another thing", subject: path)
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw Problem(
        .integrity, "spool.writable-by-others",
        "expected a directory that this user owns and nobody else may write, found another", subject: path,
        hint: "chmod go-w it, and give it to the user that the data plane runs as")
    }
  }

  /// The salt of all digests that are made here: read, or made once.
  func salt() throws(Problem) -> [UInt8] {
    let file = "\(path)/salt"
    if unsafe access(file, F_OK) == 0 { return try readSalt(file) }
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<Self.saltBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    // Whole before it has its name: another process that finds it may use it at once, and of two that make one the
    // first wins.
    let unfinished = "\(file).\(getpid())"
    let raw = retryingInterrupts {
      unsafe open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard raw >= 0 else {
      throw .system(.unavailable, "spool.failed", "making the spool's salt", subject: file)
    }
    let descriptor = Descriptor(owning: raw)
    let written = unsafe salt.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) }
    guard written == salt.count, fsync(descriptor.rawValue) == 0 else {
      throw .system(.unavailable, "spool.failed", "writing the spool's salt", subject: file)
    }
    let isFirst = unsafe link(unfinished, file) == 0
    guard isFirst || errno == EEXIST else {
      throw .system(.unavailable, "spool.failed", "naming the spool's salt", subject: file)
    }
    _ = unsafe unlink(unfinished)
    try sync()
    return isFirst ? salt : try readSalt(file)
  }

  private func readSalt(_ file: String) throws(Problem) -> [UInt8] {
    let salt = try BoundedFile.read(path: file, limit: 4096, isTrusted: true)
    guard salt.count == Self.saltBytes else {
      throw Problem(
        .integrity, "spool.salt", "expected a salt of \(Self.saltBytes) bytes, found \(salt.count)",
        subject: file)
    }
    return salt
  }

  /// Makes the file of a segment, with its first line; its name reaches the disk with `sync`.
  func begin(_ name: String, header: [UInt8]) throws(Problem) -> OpenSegment {
    let file = "\(path)/\(name).open"
    let raw = retryingInterrupts {
      unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard raw >= 0 else {
      throw .system(.unavailable, "spool.failed", "making a segment of the spool", subject: file)
    }
    let segment = OpenSegment(name: name, descriptor: raw)
    do throws(Problem) {
      guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
        throw .system(.unavailable, "spool.failed", "locking a segment of the spool", subject: file)
      }
      // Whoever collects segments removes empty ones that nobody has locked for a minute.
      var status = stat()
      guard unsafe fstat(raw, &status) == 0, status.st_nlink == 1 else {
        throw Problem(
          .unavailable, "spool.failed", "expected the segment of the spool that was made, found it removed",
          subject: file)
      }
      try segment.append(header, count: 1)
    } catch {
      _ = unsafe unlink(file)
      throw error
    }
    return segment
  }

  /// Gives a segment the name of a closed one; where the disk does not let it, it stays as it is, for whoever fetches
  /// segments to find when this process has ended.
  func close(_ segment: OpenSegment) {
    guard !segment.isBroken, segment.sync(in: self) else { return }
    guard unsafe rename("\(path)/\(segment.name).open", "\(path)/\(segment.name).segment") == 0 else {
      return
    }
    try? sync()
  }

  /// The bytes of all segments that are here.
  func storedBytes() throws(Problem) -> Int {
    guard let directory = unsafe opendir(path) else {
      throw .system(.unavailable, "spool.failed", "listing the spool", subject: path)
    }
    defer { unsafe closedir(directory) }
    var bytes = 0
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard name.hasSuffix(".segment") || name.hasSuffix(".open") else { continue }
      var status = stat()
      if unsafe lstat("\(path)/\(name)", &status) == 0 { bytes += Int(status.st_size) }
    }
    return bytes
  }

  /// Has the names of what is here reach the disk.
  func sync() throws(Problem) {
    let raw = retryingInterrupts { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard raw >= 0 else { throw .system(.unavailable, "spool.failed", "opening the spool", subject: path) }
    let descriptor = Descriptor(owning: raw)
    guard fsync(descriptor.rawValue) == 0 else {
      throw .system(.unavailable, "spool.failed", "having the spool reach the disk", subject: path)
    }
  }
}
