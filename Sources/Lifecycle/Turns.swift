import Domain
import Synchronization

/// Lets one after the other do something that takes a while, in the order in which they came.
final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  // Who goes hands over to who waits in one step, so that nobody comes in between.
  private let state = Mutex(State())

  /// Waits for a turn and has it until the work is done.
  func perform<Result>(_ work: () async throws(Problem) -> Result) async throws(Problem) -> Result {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.isTaken else {
          state.isTaken = true
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
    defer { handOver() }
    return try await work()
  }

  private func handOver() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
