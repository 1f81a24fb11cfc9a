public import Domain
import Glibc

/// Keeps a second control plane away from a data directory, until the value goes or the process ends.
///
/// An advisory lock (`flock`) that the kernel releases however the process ends. It is not handed on to child
/// processes, which may outlive this one.
public final class DirectoryLock: Sendable {
  private let file: OpenFile

  /// Takes the lock at `path`; throws `data.locked` with the process that holds it.
  public init(path: String) throws(Problem) {
    let descriptor = try OpenFile.descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    file = OpenFile(descriptor: descriptor, path: path)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw Problem.storage("lock the file", path, errno: errno) }
      let holder = try file.bytes(limit: 32).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
      throw Problem(
        .unavailable, "data.locked",
        "expected a data directory that no other process uses, found it locked by "
          + (holder.map { "process \($0)" } ?? "another process"),
        subject: DiskPath.parent(of: path), hint: "stop that process, or choose another --data directory")
    }
    // For people only; the lock itself is the kernel's.
    let holder = Array(String(getpid()).utf8)
    guard ftruncate(descriptor, 0) == 0,
      unsafe holder.withUnsafeBytes({ unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) })
        == holder.count
    else { throw Problem.storage("write to the file", path, errno: errno) }
  }
}
