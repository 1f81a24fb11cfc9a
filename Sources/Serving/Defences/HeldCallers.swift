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

  private struct State {
    var ends: [String: Int] = [:]
    var releases = 0
  }

  // Who is held back, and how often all were let go, change together.
  private let state = NIOLockedValueBox(State())
  /// Whether there is anybody: what nearly every request finds without a lock; it is set under that.
  private let isUsed = Atomic<Bool>(false)

  /// How often all of them were let go.
  var releases: Int { state.withLockedValue { $0.releases } }

  /// Holds one back from now on; both moments are of the clock that only goes forward.
  ///
  /// `releases` is how often all had been let go when the setting came into force that wants it: what comes of one that was lifted
  /// since holds nobody back.
  func hold(_ caller: String, at now: Int, since releases: Int) {
    state.withLockedValue { state in
      guard state.releases == releases else { return }
      state.ends[caller] = now + Self.length
      if state.ends.count > Self.limit {
        state.ends = state.ends.filter { $0.value > now }
        if state.ends.count > Self.limit, let first = state.ends.min(by: { $0.value < $1.value }) {
          state.ends[first.key] = nil
        }
      }
      isUsed.store(true, ordering: .relaxed)
    }
  }

  /// For how many seconds more a caller is held back, at least one; nil where it is not.
  func seconds(_ caller: String, at now: Int) -> Int? {
    guard isUsed.load(ordering: .relaxed) else { return nil }
    return state.withLockedValue { state in
      guard let end = state.ends[caller] else { return nil }
      guard end > now else {
        state.ends[caller] = nil
        return nil
      }
      return (end - now + 999_999_999) / 1_000_000_000
    }
  }

  /// Lets all of them go.
  func release() {
    state.withLockedValue { state in
      state.ends = [:]
      state.releases &+= 1
      isUsed.store(false, ordering: .relaxed)
    }
  }
}
