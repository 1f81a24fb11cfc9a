import CConfinement
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Synchronization

/// The thread on which versions are asked what others answered, apart from all that somebody waits for.
///
/// What waits for it is bounded; what finds no room is not asked, and counted. It gives way to everything else, so that on a
/// busy machine fewer are asked and nobody waits longer. It ends with the process: what was not asked by then is not.
final class ShadowThread: Sendable {
  /// How many requests wait at most.
  static let places = 256
  /// How many bytes their bodies have together at most.
  static let bytes = 16 << 20

  private let waiting = Gauge()
  private let waitingBytes = Gauge()
  private let refused = Atomic<Int>(0)
  /// Made with the first question: most planes never ask any.
  private let pool = NIOLockedValueBox<NIOThreadPool?>(nil)

  /// How many requests found no room.
  var unasked: Int { refused.load(ordering: .relaxed) }

  /// Has something asked that holds a body of so many bytes, or not, where too many wait; never waits.
  func submit(bytes size: Int, _ question: @escaping @Sendable () -> Void) {
    guard waiting.take(1, limit: Self.places) else { return countRefused() }
    guard waitingBytes.take(size, limit: Self.bytes) else {
      waiting.release(1)
      return countRefused()
    }
    started().submit { [waiting, waitingBytes] state in
      defer {
        waiting.release(1)
        waitingBytes.release(size)
      }
      guard state == .active else { return }
      gatehouse_give_way()
      question()
    }
  }

  private func countRefused() { refused.wrappingAdd(1, ordering: .relaxed) }

  private func started() -> NIOThreadPool {
    pool.withLockedValue { pool in
      if let pool { return pool }
      let started = NIOThreadPool(numberOfThreads: 1)
      started.start()
      pool = started
      return started
    }
  }

  /// Ends the thread.
  ///
  /// Blocks; never call it on an event loop.
  func stop() { try? pool.withLockedValue { $0 }?.syncShutdownGracefully() }
}
