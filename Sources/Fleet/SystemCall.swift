import Domain
import Glibc

extension Problem {
  /// A system call that failed, with what it was for.
  static func systemCall(_ call: String, _ purpose: String, errno code: Int32 = errno) -> Problem {
    Problem(
      .unavailable, "system.\(call)",
      "expected to \(purpose), found: \(unsafe String(cString: strerror(code)))")
  }
}

/// An open file descriptor that is closed with its last owner.
final class OwnedDescriptor: Sendable {
  /// The number that the kernel knows it by.
  let number: Int32

  /// Takes over a descriptor.
  init(_ number: Int32) { self.number = number }

  deinit { close(number) }
}
