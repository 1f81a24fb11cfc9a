import Domain
import Synchronization

/// Lets one do something that takes a while, and sends others away meanwhile.
final class OneAtATime: Sendable {
  private let isTaken = Mutex(false)

  /// Whether somebody is at it.
  var isUnderWay: Bool { isTaken.withLock { $0 } }

  /// Does it; throws `problem` where somebody is at it.
  func perform<Result>(
    orThrow problem: Problem, _ work: () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    let isFree = isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
    guard isFree else { throw problem }
    defer { isTaken.withLock { $0 = false } }
    return try await work()
  }
}
