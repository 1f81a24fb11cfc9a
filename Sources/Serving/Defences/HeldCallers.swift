import NIOConcurrencyHelpers
import Synchronization

/// The callers of a deployment who are answered no more for a while, since there was an alarm about them.
///
/// Bounded: of more callers than there is room for the one goes whose time is over first. In memory alone: a process that
/// takes another's place begins without, and with no evidence.
final class HeldCallers: Sendable {
  /// For how long a caller is held back, in nanoseconds: an hour.
  static let length = 3_600_000_000_000
  /// How many are held back at most.
  static let limit = 1000

  private let ends = NIOLockedValueBox<[String: Int]>([:])
  /// Whether there is anybody: what nearly every request finds without a lock; it is set under that.
  private let isUsed = Atomic<Bool>(false)

  /// Holds one back from now on; both moments are of the clock that only goes forward.
  func hold(_ caller: String, at now: Int) {
    ends.withLockedValue { ends in
      ends[caller] = now + Self.length
      if ends.count > Self.limit {
        ends = ends.filter { $0.value > now }
        if ends.count > Self.limit, let first = ends.min(by: { $0.value < $1.value }) {
          ends[first.key] = nil
        }
      }
      isUsed.store(true, ordering: .relaxed)
    }
  }

  /// For how many seconds more a caller is held back, at least one; nil where it is not.
  func seconds(_ caller: String, at now: Int) -> Int? {
    guard isUsed.load(ordering: .relaxed) else { return nil }
    return ends.withLockedValue { ends in
      guard let end = ends[caller] else { return nil }
      guard end > now else {
        ends[caller] = nil
        return nil
      }
      return (end - now + 999_999_999) / 1_000_000_000
    }
  }

  /// Lets all of them go.
  func release() {
    ends.withLockedValue { ends in
      ends = [:]
      isUsed.store(false, ordering: .relaxed)
    }
  }
}
