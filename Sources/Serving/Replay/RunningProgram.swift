public import Domain
import Glibc
import Provenance
import Synchronization

/// The bytes of the program that runs, open since before the process gave up opening files.
public final class RunningProgram: Sendable {
  /// Below 0 where it could not be opened.
  private let descriptor: CInt
  /// Worked out when somebody asks: most processes are never asked.
  private let known = Mutex<Digest?>(nil)

  /// Opens the file that this process was started from, whatever its name is now.
  public init() {
    descriptor = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
  }

  deinit { _ = close(descriptor) }

  /// The digest of its bytes; throws `program.unreadable`.
  public func digest() throws(Problem) -> Digest {
    try known.withLock { (known) throws(Problem) in
      if let known { return known }
      let digest = try read()
      known = digest
      return digest
    }
  }

  private func read() throws(Problem) -> Digest {
    guard descriptor >= 0 else {
      throw Problem(
        .unavailable, "program.unreadable", "expected the file of the program that runs, found no way to it")
    }
    var hasher = DigestHasher()
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while true {
      let count = retryingInterrupts {
        unsafe piece.withUnsafeMutableBytes {
          unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
        }
      }
      guard count >= 0 else {
        throw .system(.unavailable, "program.unreadable", "reading the program that runs")
      }
      if count == 0 { return hasher.digest }
      hasher.update(piece[..<count])
      offset += count
    }
  }
}
