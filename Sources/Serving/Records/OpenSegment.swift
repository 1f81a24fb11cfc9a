import Domain
import Glibc
import Synchronization

/// A segment of the spool that records are appended to.
///
/// Locked (`flock`) as long as it is open, so that whoever finds it knows whether somebody still writes to it: the
/// kernel gives the lock back when the process ends, however it ends. `append` and the counts are for whoever holds
/// the spool's lock; `sync` may run beside them.
final class OpenSegment: @unchecked Sendable {
  let name: String
  private let descriptor: CInt
  private let begun = Clock.monotonic()
  private(set) var byteCount = 0
  private(set) var lineCount = 0
  /// Whether the end of the file may be other than what was meant.
  private(set) var isBroken = false
  private let isDirty = Atomic<Bool>(false)
  private let hasDurableName = Atomic<Bool>(false)

  /// Takes over the descriptor of a new file.
  init(name: String, descriptor: CInt) {
    self.name = name
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  var age: Duration { .nanoseconds(Clock.monotonic() - begun) }

  /// Writes whole lines; where that fails, none of them is there.
  func append(_ lines: [UInt8], count: Int) throws(Problem) {
    guard !isBroken else {
      throw Problem(.unavailable, "spool.failed", "expected a segment to write to, found one that failed")
    }
    var written = 0
    while written < lines.count {
      let result = retryingInterrupts {
        unsafe lines.withUnsafeBytes { bytes in
          unsafe pwrite(
            descriptor, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written,
            off_t(byteCount + written))
        }
      }
      guard result > 0 else {
        let errorNumber = errno
        // What was written of them is taken back; where even that fails, nothing is appended behind it.
        isBroken = ftruncate(descriptor, off_t(byteCount)) != 0
        throw .system(
          .unavailable, errorNumber == ENOSPC || errorNumber == EDQUOT ? "spool.disk-full" : "spool.failed",
          "writing access records", subject: name, errorNumber: errorNumber)
      }
      written += result
    }
    byteCount += lines.count
    lineCount += count
    isDirty.store(true, ordering: .releasing)
  }

  /// Has what was written reach the disk, and the file's name in its directory; says whether it did.
  @discardableResult
  func sync(in directory: SpoolDirectory) -> Bool {
    if !hasDurableName.load(ordering: .acquiring) {
      guard (try? directory.sync()) != nil else { return false }
      hasDurableName.store(true, ordering: .releasing)
    }
    guard isDirty.exchange(false, ordering: .acquiringAndReleasing) else { return true }
    guard retryingInterrupts({ fdatasync(descriptor) }) == 0 else {
      isDirty.store(true, ordering: .releasing)
      return false
    }
    return true
  }
}
