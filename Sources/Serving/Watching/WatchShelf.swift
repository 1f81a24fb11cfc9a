import Domain
import Monitoring
import NIOConcurrencyHelpers

/// Where the event loops of a plane put windows that are over, for `WatchKeeper` to take.
///
/// Bounded for each version on each event loop, so that no version takes another's room, and by the memory of all, where those of
/// the version that takes most go first. The oldest go, which their model counts.
final class WatchShelf: Sendable {
  /// How many windows of a version wait from one event loop: the keeper looks every second, and a loop that ends has three.
  static let windowLimit = 4
  private static let memoryLimit = 32 << 20

  private struct Waiting {
    var windows: [(watch: ModelWatch, loop: ObjectIdentifier, window: EventWindow, memory: Int)] = []
    var memory = 0

    mutating func drop(_ place: Int) {
      let dropped = windows.remove(at: place)
      memory -= dropped.memory
      dropped.watch.countDropped(1)
    }

    /// The place of the oldest window of the version whose windows take most.
    var largest: Int? {
      var sums: [ObjectIdentifier: Int] = [:]
      for one in windows { sums[ObjectIdentifier(one.watch), default: 0] += one.memory }
      let most = sums.values.max()
      return windows.firstIndex { sums[ObjectIdentifier($0.watch)] == most }
    }
  }

  /// How long a window is, in milliseconds.
  let length: Int64
  /// The share of an event loop's time that goes into watching at most.
  let share: Double
  private let memoryLimit: Int
  private let waiting = NIOLockedValueBox(Waiting())

  init(_ limits: PlaneLimits, memoryLimit: Int = memoryLimit) {
    length = Int64(limits.watchWindow.nanoseconds / 1_000_000)
    share = limits.watchShare
    self.memoryLimit = memoryLimit
  }

  /// Puts down a window that is over on an event loop, which is told by an object of its own.
  func put(_ window: EventWindow, of watch: ModelWatch, from loop: ObjectIdentifier) {
    let memory = window.profile.memory
    waiting.withLockedValue { waiting in
      waiting.windows.append((watch, loop, window, memory))
      waiting.memory += memory
      let same = waiting.windows.indices.filter {
        waiting.windows[$0].watch === watch && waiting.windows[$0].loop == loop
      }
      if same.count > Self.windowLimit, let oldest = same.first { waiting.drop(oldest) }
      while waiting.memory > memoryLimit, waiting.windows.count > 1, let place = waiting.largest {
        waiting.drop(place)
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
