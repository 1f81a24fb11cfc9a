import NIOConcurrencyHelpers
import NIOPosix

/// Threads for models that an engine runs, apart from those of the others: they wait for another process most of the
/// time, and one that is slow must not hold up what computes here.
///
/// None is started before one is needed.
final class EngineThreads: Sendable {
  /// How many requests can wait for engines at one time; those beyond wait in line, as `PlaneLimits` lets them.
  private static let count = 32

  private let pool = NIOLockedValueBox<NIOThreadPool?>(nil)

  /// The threads, running.
  var running: NIOThreadPool {
    pool.withLockedValue { pool in
      if let pool { return pool }
      let started = NIOThreadPool(numberOfThreads: Self.count)
      started.start()
      pool = started
      return started
    }
  }

  /// Ends them; blocks until they have.
  func stop() {
    let running = pool.withLockedValue { $0 }
    try? running?.syncShutdownGracefully()
  }
}
