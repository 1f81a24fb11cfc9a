import Domain
import Glibc
import NIOConcurrencyHelpers

/// Windows as files beside the segments of access records: `INSTANCE-NUMBER.window`, each whole when it has its name.
///
/// Bounded; where there would be more bytes than that, the oldest file goes.
final class WindowSpool: Sendable {
  /// The most bytes of windows that wait to be fetched, of all processes.
  static let byteLimit = 256 << 20

  private let directory: SpoolDirectory
  private let instance: String
  private let byteLimit: Int
  private let number = NIOLockedValueBox(0)

  init(_ directory: SpoolDirectory, instance: String, byteLimit: Int = byteLimit) {
    self.directory = directory
    self.instance = instance
    self.byteLimit = byteLimit
  }

  /// Writes one more; how many others had to go for it.
  ///
  /// A crash leaves it whole, or under a name that says that it is not; nothing that was written before is touched.
  func write(_ bytes: [UInt8]) throws(Problem) -> Int {
    let number = number.withLockedValue { number in
      number += 1
      return number
    }
    let digits = String(number)
    let name = "\(instance)-\(String(repeating: "0", count: max(0, 12 - digits.utf8.count)))\(digits).window"
    try directory.write(bytes, as: name)
    return directory.removeWindows(beyond: byteLimit, but: name)
  }
}

extension SpoolDirectory {
  /// Writes a file that has its name once it is whole and on the disk.
  fileprivate func write(_ bytes: [UInt8], as name: String) throws(Problem) {
    let unfinished = "\(name).part"
    let raw = retryingInterrupts {
      unsafe openat(descriptor, unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard raw >= 0 else {
      throw .system(.unavailable, "spool.failed", "making a file for a window", subject: path)
    }
    let file = Descriptor(owning: raw)
    var written = 0
    while written < bytes.count {
      let count = retryingInterrupts {
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe Glibc.write(raw, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
        }
      }
      guard count > 0 else { break }
      written += count
    }
    guard written == bytes.count, fsync(file.rawValue) == 0,
      unsafe renameat(descriptor, unfinished, descriptor, name) == 0
    else {
      let problem = Problem.system(.unavailable, "spool.failed", "writing a window", subject: path)
      _ = unsafe unlinkat(descriptor, unfinished, 0)
      throw problem
    }
    try sync()
  }

  /// Removes windows, the oldest first, until the rest has at most so many bytes; how many.
  fileprivate func removeWindows(beyond limit: Int, but kept: String) -> Int {
    let raw = retryingInterrupts { unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard raw >= 0, let listing = unsafe fdopendir(raw) else {
      if raw >= 0 { _ = Glibc.close(raw) }
      return 0
    }
    defer { unsafe closedir(listing) }
    var (found, bytes): ([(name: String, bytes: Int, time: Int)], Int) = ([], 0)
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      var status = stat()
      guard name.hasSuffix(".window"), unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      else { continue }
      bytes += Int(status.st_size)
      found.append((name, Int(status.st_size), status.st_mtim.tv_sec))
    }
    guard bytes > limit else { return 0 }
    var removed = 0
    for file in found.sorted(by: { ($0.time, $0.name) < ($1.time, $1.name) }) where file.name != kept {
      guard bytes > limit else { break }
      guard unsafe unlinkat(descriptor, file.name, 0) == 0 else { continue }
      bytes -= file.bytes
      removed += 1
    }
    return removed
  }
}
