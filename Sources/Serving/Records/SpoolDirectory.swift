import Domain
import Glibc

/// The directory of a spool: segments that are open (`NAME.open`), segments that are closed (`NAME.segment`), and the
/// salt of their digests.
struct SpoolDirectory: Sendable {
  /// How many bytes a salt has.
  private static let saltBytes = 32

  let path: String
  /// Everything in it is reached from here: a process that gave up its rights may not pass the directories above.
  private let handle: Handle

  private final class Handle: Sendable {
    let descriptor: CInt
    init(owning descriptor: CInt) { self.descriptor = descriptor }
    deinit { _ = Glibc.close(descriptor) }
  }

  var descriptor: CInt { handle.descriptor }

  /// Makes the directory where it is not there, for this user alone, or for `account` where that is another.
  static func make(_ path: String, for account: PlaneAccount? = nil) throws(Problem) {
    guard unsafe mkdir(path, 0o700) == 0 else {
      guard errno == EEXIST else {
        throw .system(.unavailable, "spool.failed", "making the spool's directory", subject: path)
      }
      return
    }
    guard let account, account.user != geteuid() else { return }
    guard unsafe lchown(path, account.user, account.group) == 0 else {
      throw .system(.unavailable, "spool.failed", "giving the spool to its user", subject: path)
    }
  }

  /// Opens the directory; makes it where it is not there, for this user alone.
  init(_ path: String) throws(Problem) {
    self.path = path
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var raw = OpenPlaces.open(path, flags)
    if raw < 0, errno == ENOENT {
      try Self.make(path)
      raw = OpenPlaces.open(path, flags)
    }
    guard raw >= 0 else {
      guard errno == ENOTDIR || errno == ELOOP else {
        throw .system(.unavailable, "spool.failed", "opening the spool's directory", subject: path)
      }
      throw Problem(
        .usage, "spool.no-directory", "expected a directory to spool to, found another thing", subject: path)
    }
    handle = Handle(owning: raw)
    var status = stat()
    guard unsafe fstat(raw, &status) == 0 else {
      throw .system(.unavailable, "spool.failed", "looking at the spool's directory", subject: path)
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
    let file = "salt"
    if unsafe faccessat(descriptor, file, F_OK, 0) == 0 { return try readSalt(file) }
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<Self.saltBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    // Whole before it has its name: another process that finds it may use it at once, and of two that make one the
    // first wins.
    let unfinished = "\(file).\(getpid())"
    let raw = retryingInterrupts {
      unsafe openat(descriptor, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard raw >= 0 else {
      throw .system(.unavailable, "spool.failed", "making the spool's salt", subject: path)
    }
    let opened = Descriptor(owning: raw)
    let written = unsafe salt.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) }
    guard written == salt.count, fsync(opened.rawValue) == 0 else {
      throw .system(.unavailable, "spool.failed", "writing the spool's salt", subject: path)
    }
    let isFirst = unsafe linkat(descriptor, unfinished, descriptor, file, 0) == 0
    guard isFirst || errno == EEXIST else {
      throw .system(.unavailable, "spool.failed", "naming the spool's salt", subject: path)
    }
    _ = unsafe unlinkat(descriptor, unfinished, 0)
    try sync()
    return isFirst ? salt : try readSalt(file)
  }

  private func readSalt(_ name: String) throws(Problem) -> [UInt8] {
    let file = "\(path)/\(name)"
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
    let file = "\(name).open"
    let raw = retryingInterrupts {
      unsafe openat(descriptor, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
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
      _ = unsafe unlinkat(descriptor, file, 0)
      throw error
    }
    return segment
  }

  /// Gives a segment the name of a closed one; where the disk does not let it, it stays as it is, for whoever fetches
  /// segments to find when this process has ended.
  func close(_ segment: OpenSegment) {
    guard !segment.isBroken, segment.sync(in: self) else { return }
    let renamed = unsafe renameat(
      descriptor, "\(segment.name).open", descriptor, "\(segment.name).segment")
    guard renamed == 0 else { return }
    try? sync()
  }

  /// The bytes of all segments that are here.
  func storedBytes() throws(Problem) -> Int {
    // A listing of its own: one that is shared would go on where another has come to.
    let raw = retryingInterrupts { unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard raw >= 0, let directory = unsafe fdopendir(raw) else {
      if raw >= 0 { _ = Glibc.close(raw) }
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
      if unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { bytes += Int(status.st_size) }
    }
    return bytes
  }

  /// Has the names of what is here reach the disk.
  func sync() throws(Problem) {
    guard fsync(descriptor) == 0 else {
      throw .system(.unavailable, "spool.failed", "having the spool reach the disk", subject: path)
    }
  }
}
