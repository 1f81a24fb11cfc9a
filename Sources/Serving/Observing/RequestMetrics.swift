import Domain
import NIOConcurrencyHelpers

/// How many requests were answered how, and how long they took, for one model or for what no model answered.
final class RequestMetrics: Sendable {
  /// What is counted together: what was asked for, and the status of the answer.
  struct Kind: Hashable, Comparable {
    let request: String
    let status: Int

    static func < (left: Kind, right: Kind) -> Bool {
      (left.request, left.status) < (right.request, right.status)
    }
  }

  /// What was counted up to a moment.
  struct Counts {
    var requests: [Kind: Int] = [:]
    var rows = 0
    /// How many requests took no longer than each of `bounds`, and longer than the one before; the last are those that
    /// took longer than any.
    var durations = [Int](repeating: 0, count: RequestMetrics.bounds.count + 1)
    var nanoseconds = 0
  }

  /// The bounds of durations, in nanoseconds: from 10 µs to 10 s, three a decade.
  static let bounds: [Int] = [
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    25_000_000,
    50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
    10_000_000_000,
  ]

  private let state = NIOLockedValueBox(Counts())

  var counts: Counts { state.withLockedValue { $0 } }

  /// Counts a request that is answered.
  func count(_ record: AccessRecord) {
    let kind = Kind(request: record.request ?? "other", status: record.status)
    let place = Self.bounds.firstIndex { record.nanoseconds <= $0 } ?? Self.bounds.count
    state.withLockedValue { counts in
      counts.requests[kind, default: 0] += 1
      counts.rows += record.rows
      counts.durations[place] += 1
      counts.nanoseconds += record.nanoseconds
    }
  }
}

/// The slowest requests of a plane and those that failed last, for whoever looks for a cause.
final class RecentRequests: Sendable {
  /// How many of either are kept.
  private static let most = 32

  private struct Kept {
    /// Slowest first.
    var slowest: [AccessRecord] = []
    /// Newest last.
    var failed: [AccessRecord] = []
  }

  private let kept = NIOLockedValueBox(Kept())

  /// Slowest first, and those that were refused or failed, newest first.
  var lists: (slowest: [AccessRecord], failed: [AccessRecord]) {
    kept.withLockedValue { ($0.slowest, $0.failed.reversed()) }
  }

  /// Keeps a request that is answered, where it is among those.
  func note(_ record: AccessRecord) {
    kept.withLockedValue { kept in
      if record.status != 200 {
        if kept.failed.count == Self.most { kept.failed.removeFirst() }
        kept.failed.append(record)
      }
      guard kept.slowest.count < Self.most || record.nanoseconds > kept.slowest[Self.most - 1].nanoseconds
      else {
        return
      }
      let place = kept.slowest.firstIndex { $0.nanoseconds < record.nanoseconds } ?? kept.slowest.count
      kept.slowest.insert(record, at: place)
      if kept.slowest.count > Self.most { kept.slowest.removeLast() }
    }
  }
}
