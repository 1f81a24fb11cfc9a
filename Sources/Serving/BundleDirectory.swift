import Domain
import Glibc
import Provenance

/// How much of a bundle's directory is read at most.
public struct BundleLimits: Sendable {
  /// Files in the directory and below.
  public var files = 256
  /// Bytes of all files together.
  public var bytes = 4 << 30
  /// Directories inside one another.
  public var depth = 8

  /// Limits far beyond an honest bundle.
  public init() {}
}

/// Reads every file of a bundle's directory, once.
///
/// Regular files and directories only: a link or a special file in a bundle is refused, not skipped, because
/// what is skipped here would be served by another reader.
struct BundleDirectory {
  private let limits: BundleLimits
  private var remainingBytes: Int
  private(set) var files: [BundleFile] = []

  /// Reads the directory at `path`.
  static func read(path: String, limits: BundleLimits) throws(Problem) -> [BundleFile] {
    let raw = OpenPlaces.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else {
      let errorNumber = errno
      throw .system(
        errorNumber == ENOENT || errorNumber == ENOTDIR ? .notFound : .unavailable, "bundle.unreadable",
        "opening the bundle's directory", subject: path, errorNumber: errorNumber)
    }
    var directory = BundleDirectory(limits: limits)
    try directory.read(Descriptor(owning: raw), at: "", depth: 1)
    return directory.files
  }

  private init(limits: BundleLimits) {
    self.limits = limits
    self.remainingBytes = limits.bytes
  }

  private mutating func read(_ directory: consuming Descriptor, at path: String, depth: Int) throws(Problem) {
    guard depth <= limits.depth else {
      throw Problem(
        .tooLarge, "bundle.too-deep", "expected at most \(limits.depth) directories in one another",
        subject: path)
    }
    for name in try names(in: directory, path: path) {
      let place = path.isEmpty ? name : "\(path)/\(name)"
      guard files.count < limits.files else {
        throw Problem(
          .tooLarge, "bundle.too-many-files", "expected a bundle of at most \(limits.files) files, found more"
        )
      }
      if try isDirectory(name, in: directory, place: place) {
        let parent = directory.rawValue
        let raw = retryingInterrupts {
          unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard raw >= 0 else {
          throw .system(
            .unavailable, "bundle.unreadable", "opening a directory of the bundle", subject: place)
        }
        try read(Descriptor(owning: raw), at: place, depth: depth + 1)
      } else {
        let bytes = try BoundedFile.read(name, in: directory, limit: remainingBytes, subject: place)
        remainingBytes -= bytes.count
        files.append(BundleFile(path: place, bytes: bytes))
      }
    }
  }

  private func isDirectory(_ name: String, in directory: borrowing Descriptor, place: String) throws(Problem)
    -> Bool
  {
    var status = stat()
    guard unsafe fstatat(directory.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      throw .system(.unavailable, "bundle.unreadable", "looking at a file of the bundle", subject: place)
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a directory, sorted, without `.` and `..`.
  private func names(in directory: borrowing Descriptor, path: String) throws(Problem) -> [String] {
    // fdopendir takes its descriptor over; ours is still needed for openat.
    let copy = fcntl(directory.rawValue, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      if copy >= 0 { _ = close(copy) }
      throw .system(.unavailable, "bundle.unreadable", "listing the bundle's directory", subject: path)
    }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { characters in
          unsafe String(validatingCString: characters)
        }
      }
      guard let name else {
        throw Problem(
          .integrity, "bundle.malformed-path", "expected only names in UTF-8, found one that is not",
          subject: path)
      }
      if name == "." || name == ".." { continue }
      guard names.count <= limits.files else { break }
      names.append(name)
    }
    guard errno == 0 || names.count > limits.files else {
      throw .system(.unavailable, "bundle.unreadable", "listing the bundle's directory", subject: path)
    }
    return names.sorted()
  }
}
