import Domain
import Monitoring
import NIOConcurrencyHelpers

/// Where the event loops of a plane put windows that are over, for `WatchKeeper` to take.
///
/// Bounded by the memory of the windows; beyond it the oldest go, which their model counts.
final class WatchShelf: Sendable {
  private static let memoryLimit = 32 << 20

  private struct Waiting {
    var windows: [(watch: ModelWatch, window: EventWindow, memory: Int)] = []
    var memory = 0
  }

  /// How long a window is, in milliseconds.
  let length: Int64
  /// The share of an event loop's time that goes into watching at most.
  let share: Double
  private let waiting = NIOLockedValueBox(Waiting())

  init(_ limits: PlaneLimits) {
    length = Int64(limits.watchWindow.nanoseconds / 1_000_000)
    share = limits.watchShare
  }

  func put(_ window: EventWindow, of watch: ModelWatch) {
    let memory = window.profile.memory
    waiting.withLockedValue { waiting in
      waiting.windows.append((watch, window, memory))
      waiting.memory += memory
      while waiting.memory > Self.memoryLimit, waiting.windows.count > 1 {
        let oldest = waiting.windows.removeFirst()
        waiting.memory -= oldest.memory
        oldest.watch.countDropped(1)
      }
    }
  }

  /// All that is there, in the order in which it came.
  func takeAll() -> [(watch: ModelWatch, window: EventWindow)] {
    waiting.withLockedValue { waiting in
      defer { waiting = Waiting() }
      return waiting.windows.map { ($0.watch, $0.window) }
    }
  }
}
