import Domain
import NIOConcurrencyHelpers

/// What became of the snapshots of the control plane that a data plane was told to apply.
final class ApplicationCounts: Sendable {
  struct Counts {
    /// Applied whole.
    var applied = 0
    /// Applied, but for deployments that did not come up.
    var partly = 0
    /// Nothing of them could be used.
    var failed = 0
    /// Versions that took the place of another, or came new.
    var swaps = 0
    /// When the last of them was applied.
    var last: Timestamp?
  }

  private let state = NIOLockedValueBox(Counts())

  var counts: Counts { state.withLockedValue { $0 } }

  func countApplication(swaps: Int, isWhole: Bool) {
    state.withLockedValue { counts in
      if isWhole { counts.applied += 1 } else { counts.partly += 1 }
      counts.swaps += swaps
      counts.last = Clock.now()
    }
  }

  func countFailure() { state.withLockedValue { $0.failed += 1 } }
}
