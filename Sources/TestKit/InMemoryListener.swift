public import Domain
public import Lifecycle
import Synchronization

/// A listener that answers as it is told to.
public final class InMemoryListener: ListenerProbe {
  // What it is told last.
  private let answers = Mutex<@Sendable () -> Bool>({ true })

  /// Answers.
  public init() {}

  /// Has it answer where this says so, each time it is asked.
  public func answer(where condition: @escaping @Sendable () -> Bool) { answers.withLock { $0 = condition } }

  /// Throws `listener.silent` where it is told not to answer.
  public func ask(_ baseURL: String) async throws(Problem) {
    guard answers.withLock({ $0 })() else {
      throw Problem(
        .unavailable, Problem.listenerSilentCode, "expected an answer at \(baseURL), found none")
    }
  }
}
