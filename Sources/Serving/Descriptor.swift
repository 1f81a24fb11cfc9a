import Domain
import Glibc

/// An open file descriptor that is closed when its owner lets go of it.
struct Descriptor: ~Copyable {
  let rawValue: CInt

  /// Takes over a descriptor.
  init(owning rawValue: CInt) {
    self.rawValue = rawValue
  }

  /// Gives the descriptor away; it is not closed here any more.
  consuming func release() -> CInt {
    let rawValue = rawValue
    discard self
    return rawValue
  }

  deinit { _ = close(rawValue) }
}

extension Problem {
  /// A system call that failed: what was attempted, on what, and the system's own words.
  static func system(
    _ category: Category, _ code: String, _ attempt: String, subject: String? = nil,
    errorNumber: CInt = errno
  ) -> Problem {
    Problem(
      category, code, "\(attempt) failed", subject: subject,
      cause: unsafe String(cString: strerror(errorNumber)))
  }
}

/// Repeats a system call that a signal cut short.
func retryingInterrupts<Value: SignedInteger>(_ call: () -> Value) -> Value {
  while true {
    let value = call()
    if value >= 0 || errno != EINTR { return value }
  }
}
