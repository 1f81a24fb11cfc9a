import NIOConcurrencyHelpers
import NIOPosix

/// Does something again and again for as long as a plane runs, on a thread of its own.
final class RecurringThread: Sendable {
  private let pool = NIOThreadPool(numberOfThreads: 1)
  /// 1 when the plane ends.
  private let ending = ConditionLock(value: 0)

  /// Begins, after the first pause; `pause` says how long each is, in seconds.
  func start(
    every pause: @escaping @Sendable @autoclosure () -> Double, _ work: @escaping @Sendable () -> Void
  ) {
    pool.start()
    pool.submit { [ending] state in
      guard state == .active else { return }
      while !ending.lock(whenValue: 1, timeoutSeconds: pause()) { work() }
      ending.unlock()
    }
  }

  /// Does it no more, and waits for the end of what it is at.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    ending.lock()
    ending.unlock(withValue: 1)
    pool.finishWork()
  }

  /// Ends the thread, after `finish`.
  func end() { try? pool.syncShutdownGracefully() }
}
