import Domain
import Glibc

/// The clocks of the machine.
enum Clock {
  /// Nanoseconds of a clock that only goes forward, from some moment on.
  static func monotonic() -> Int { nanoseconds(of: CLOCK_MONOTONIC) }

  /// The moment now.
  static func now() -> Timestamp { Timestamp(milliseconds: Int64(milliseconds())) }

  /// Milliseconds since 1970.
  static func milliseconds() -> Int { nanoseconds(of: CLOCK_REALTIME) / 1_000_000 }

  /// Nanoseconds of processor time that this thread has had; asking takes a system call.
  static func threadTime() -> Int { nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) }

  /// What has to be added to `monotonic()` to have nanoseconds since 1970, as the clocks stand now.
  static func offset() -> Int { nanoseconds(of: CLOCK_REALTIME) - monotonic() }

  private static func nanoseconds(of clock: clockid_t) -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

extension Duration {
  /// The whole nanoseconds of a duration of less than 292 years.
  var nanoseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }
}
