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

  private static func nanoseconds(of clock: clockid_t) -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
