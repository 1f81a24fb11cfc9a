import Domain
import Glibc

/// Reads regular files whole, up to a bound, through no symbolic link.
enum BoundedFile {
  /// Reads the file `name` of an open directory; `subject` names it in errors.
  static func read(
    _ name: String, in directory: borrowing Descriptor, limit: Int, subject: String
  ) throws(Problem) -> [UInt8] {
    // Non-blocking, so that opening a FIFO does not wait for a writer that never comes.
    let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let parent = directory.rawValue
    let raw = retryingInterrupts { unsafe openat(parent, name, flags) }
    return try read(opened: raw, limit: limit, subject: subject)
  }

  /// Reads the file at a path; only the last component may not be a link.
  ///
  /// With `followsLinks`, that one too: for what is signed.
  ///
  /// With `isTrusted`, what the file says is believed: it must be this user's or root's, and nobody else may
  /// be able to write it. With `isSecret`, only its owner and its group may be able to read it.
  static func read(
    path: String, limit: Int, isTrusted: Bool = false, isSecret: Bool = false, followsLinks: Bool = false
  ) throws(Problem) -> [UInt8] {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
    let raw = OpenPlaces.open(path, flags)
    return try read(opened: raw, limit: limit, isTrusted: isTrusted, isSecret: isSecret, subject: path)
  }

  /// Reads a file of the kernel's, which says nothing of its size: its first 4096 bytes.
  static func pseudo(_ path: String) throws(Problem) -> [UInt8] {
    let raw = OpenPlaces.open(path, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else {
      throw .system(.unavailable, "file.unreadable", "opening the file", subject: path)
    }
    let descriptor = Descriptor(owning: raw)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = retryingInterrupts {
      unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor.rawValue, $0.baseAddress, $0.count) }
    }
    return Array(bytes.prefix(max(0, count)))
  }

  private static func read(
    opened raw: CInt, limit: Int, isTrusted: Bool = false, isSecret: Bool = false, subject: String
  ) throws(Problem) -> [UInt8] {
    guard raw >= 0 else {
      let errorNumber = errno
      if errorNumber == ELOOP { throw notRegular("a symbolic link", subject) }
      throw .system(
        errorNumber == ENOENT ? .notFound : .unavailable, "file.unreadable", "opening the file",
        subject: subject, errorNumber: errorNumber)
    }
    let descriptor = Descriptor(owning: raw)
    var status = stat()
    guard unsafe fstat(descriptor.rawValue, &status) == 0 else {
      throw .system(.unavailable, "file.unreadable", "asking for the file's size", subject: subject)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw notRegular(status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a special file", subject)
    }
    if isTrusted, status.st_mode & 0o022 != 0 || (status.st_uid != geteuid() && status.st_uid != 0) {
      throw Problem(
        .integrity, "file.writable-by-others",
        "expected a file that only this user or root may write, found one that others may", subject: subject,
        hint: "chmod go-w it, and give it to the user that the data plane runs as")
    }
    if isSecret, status.st_mode & 0o004 != 0 {
      throw Problem(
        .integrity, "file.readable-by-others",
        "expected a secret that only its owner and group may read, found one that everybody may",
        subject: subject, hint: "chmod o-r it")
    }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw Problem(
        .tooLarge, "file.too-large", "expected a file of at most \(limit) bytes, found \(size)",
        subject: subject)
    }
    // One byte more than its size, to see that it ends there.
    var bytes = [UInt8](repeating: 0, count: size + 1)
    var count = 0
    while count < bytes.count {
      let read = retryingInterrupts {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe Glibc.read(
            descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
        }
      }
      guard read >= 0 else {
        throw .system(.unavailable, "file.unreadable", "reading the file", subject: subject)
      }
      if read == 0 { break }
      count += read
    }
    guard count == size else {
      throw Problem(
        .integrity, "file.changed", "expected \(size) bytes, found that the file changed while it was read",
        subject: subject)
    }
    bytes.removeLast()
    return bytes
  }

  private static func notRegular(_ found: String, _ subject: String) -> Problem {
    Problem(.integrity, "file.not-regular", "expected a regular file, found \(found)", subject: subject)
  }
}
