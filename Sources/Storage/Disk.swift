import Domain
import Encoding
import Glibc
import Provenance

/// The steps that make bytes durable.
///
/// Everything that Storage keeps in files goes through here.
struct Disk: Sendable {
  /// What can fail while bytes become durable.
  enum Step: String, Sendable {
    case create, write, truncate, sync, rename, link, remove, syncDirectory, commit, renew
  }
  /// When an interposed failure strikes: before its step had any effect, or after all of it.
  enum Moment: Sendable {
    case before, after
  }
  typealias Interposer = @Sendable (Step, Moment, _ path: String) throws(Problem) -> Void

  /// Called around each step.
  ///
  /// Tests make it throw, to see that every step may fail, done or not.
  private let interpose: Interposer?

  init(interpose: Interposer? = nil) {
    self.interpose = interpose
  }

  func perform<Result>(_ step: Step, _ path: String, _ body: () throws(Problem) -> Result) throws(Problem)
    -> Result
  {
    try reach(step, .before, path)
    let result = try body()
    try reach(step, .after, path)
    return result
  }

  func reach(_ step: Step, _ moment: Moment, _ path: String) throws(Problem) {
    try interpose?(step, moment, path)
  }

  /// Creates a file that must not be there yet.
  ///
  /// A link at its place is not followed.
  func create(_ path: String, mode: UInt32 = 0o600) throws(Problem) -> OpenFile {
    let descriptor = try perform(.create, path) { () throws(Problem) in
      try OpenFile.descriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
    }
    return OpenFile(descriptor: descriptor, path: path)
  }

  func write(_ bytes: [UInt8], to file: borrowing OpenFile) throws(Problem) {
    let (descriptor, path) = (file.descriptor, file.path)
    try perform(.write, path) { () throws(Problem) in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 {
          if errno == EINTR { continue }
          throw Problem.storage("write to the file", path, errno: errno)
        }
        rest = rest.dropFirst(written)
      }
    }
  }

  /// Cuts a file off after so many bytes.
  func truncate(_ file: borrowing OpenFile, after bytes: Int) throws(Problem) {
    let (descriptor, path) = (file.descriptor, file.path)
    try perform(.truncate, path) { () throws(Problem) in
      guard ftruncate(descriptor, off_t(bytes)) == 0 else {
        throw Problem.storage("cut the file off", path, errno: errno)
      }
    }
  }

  func sync(_ file: borrowing OpenFile) throws(Problem) {
    let (descriptor, path) = (file.descriptor, file.path)
    try perform(.sync, path) { () throws(Problem) in
      guard fsync(descriptor) == 0 else { throw Problem.storage("sync the file", path, errno: errno) }
    }
  }

  /// Makes the names in a directory durable.
  func syncDirectory(_ path: String) throws(Problem) {
    try perform(.syncDirectory, path) { () throws(Problem) in
      let directory = OpenFile(
        descriptor: try OpenFile.descriptor(path, O_RDONLY | O_DIRECTORY), path: path)
      guard fsync(directory.descriptor) == 0 else {
        throw Problem.storage("sync the directory", path, errno: errno)
      }
    }
  }

  func rename(_ old: String, to new: String) throws(Problem) {
    try perform(.rename, new) { () throws(Problem) in
      guard unsafe Glibc.rename(old, new) == 0 else {
        throw Problem.storage("rename a file to this", new, errno: errno)
      }
    }
  }

  /// Gives a file a second name, which must not be there yet; false where it is.
  func link(_ old: String, to new: String) throws(Problem) -> Bool {
    try perform(.link, new) { () throws(Problem) in
      if unsafe Glibc.link(old, new) == 0 { return true }
      guard errno == EEXIST else { throw Problem.storage("create the file", new, errno: errno) }
      return false
    }
  }

  /// Removes a file or an empty directory; one that is not there is fine.
  func remove(_ path: String) throws(Problem) {
    try perform(.remove, path) { () throws(Problem) in
      guard unsafe Glibc.remove(path) == 0 || errno == ENOENT else {
        throw Problem.storage("remove the file", path, errno: errno)
      }
    }
  }

  /// Has a file's time be now.
  func renew(_ path: String) throws(Problem) {
    try perform(.renew, path) { () throws(Problem) in
      guard unsafe utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw Problem.storage("set the time of the file", path, errno: errno)
      }
    }
  }

  /// Removes a directory with all that is in it.
  ///
  /// Links are removed, not followed.
  func removeTree(_ path: String) throws(Problem) {
    for entry in try DirectoryListing.entries(of: path) {
      let inner = "\(path)/\(entry.name)"
      if entry.kind == .directory { try removeTree(inner) } else { try remove(inner) }
    }
    try remove(path)
  }

  /// Creates a directory, for the owner alone unless `mode` says otherwise, and those above it that are missing.
  ///
  /// False where it was there: then its name is durable only if whoever made it has come to that.
  @discardableResult
  func createDirectory(_ path: String, mode: UInt32 = 0o700) throws(Problem) -> Bool {
    if unsafe mkdir(path, mode) == 0 {
      // Without this a crash could take away the directory with all that was made durable inside it.
      try syncDirectory(DiskPath.parent(of: path))
      return true
    }
    switch errno {
    case EEXIST:
      guard try DirectoryListing.kind(of: path) == .directory else {
        throw Problem.storage("create the directory", path, errno: ENOTDIR)
      }
      return false
    case ENOENT where !path.isEmpty && DiskPath.parent(of: path) != path:
      try createDirectory(DiskPath.parent(of: path), mode: mode)
      return try createDirectory(path, mode: mode)
    default: throw Problem.storage("create the directory", path, errno: errno)
    }
  }
}

/// A file that is open; closed when the value goes.
struct OpenFile: ~Copyable {
  let descriptor: Int32
  let path: String

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Opens with `O_CLOEXEC`: no child process may hold our files open.
  static func descriptor(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(Problem) -> Int32 {
    while true {
      let descriptor = unsafe open(path, flags | O_CLOEXEC, mode)
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw Problem.storage("open the file", path, errno: errno) }
    }
  }

  /// Opens a regular file for reading; nil where nothing has that name.
  ///
  /// Links are not followed.
  static func reading(_ path: String) throws(Problem) -> OpenFile? {
    // Not to wait for a writer, should it be a pipe.
    let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT { return nil }
      throw Problem.storage("open the file", path, errno: errno)
    }
    let file = OpenFile(descriptor: descriptor, path: path)
    guard try file.status().st_mode & S_IFMT == S_IFREG else {
      throw Problem.storage("open a regular file", path, errno: EINVAL)
    }
    return file
  }

  func status() throws(Problem) -> stat {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw Problem.storage("look at the file", path, errno: errno)
    }
    return status
  }

  /// Reads on to the end, a piece at a time.
  func forEachPiece(_ body: (ArraySlice<UInt8>) throws(Problem) -> Void) throws(Problem) {
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return }
      if count < 0 {
        if errno == EINTR { continue }
        throw Problem.storage("read the file", path, errno: errno)
      }
      try body(buffer[..<count])
    }
  }

  /// Reads on to the end and says what that hashes to.
  func digest() throws(Problem) -> Digest {
    var hasher = DigestHasher()
    try forEachPiece { hasher.update($0) }
    return hasher.digest
  }

  /// Reads all of it; nil where it is longer than `limit` bytes.
  func bytes(limit: Int) throws(Problem) -> [UInt8]? {
    let size = Int(try status().st_size)
    guard size <= limit else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var isWithinLimit = true
    try forEachPiece { piece in
      // It may have grown since we looked.
      isWithinLimit = isWithinLimit && bytes.count + piece.count <= limit
      if isWithinLimit { bytes += piece }
    }
    return isWithinLimit ? bytes : nil
  }
}

/// Paths as text.
enum DiskPath {
  /// The path of the directory that the file at `path` is in.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name of the file at `path` in its directory.
  static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// A name that no other file has: of 16 random digits, with the ending of unfinished files.
  static func unfinished() -> String {
    "\(Hexadecimal.encode(UInt64.random(in: .min ... .max).littleEndianBytes))\(unfinishedSuffix)"
  }

  /// What the names of files end in that a crash may leave half written.
  static let unfinishedSuffix = ".part"
}
