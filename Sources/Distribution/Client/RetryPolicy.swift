import Domain

/// How often something that failed for want of an answer is tried again, and how long is waited before.
public struct RetryPolicy: Sendable {
  /// How often it is tried in all, without getting any further.
  var attempts: Int
  /// How long is waited at most before the second time; doubled for each one more.
  var pause: Duration
  /// The longest wait, whatever the registry asks for.
  var longest: Duration
  /// How long it may take in all without getting any further.
  var total: Duration

  /// Tries six times within five minutes: after at most 0.5, 1, 2, 4 and 8 seconds, or as the registry asks, up to a minute.
  public static let standard = RetryPolicy(
    attempts: 6, pause: .milliseconds(500), longest: .seconds(60), total: .seconds(300))

  /// Tries once.
  public static let once = RetryPolicy(attempts: 1, pause: .zero, longest: .zero, total: .seconds(300))

  /// Tries so often, with hardly a pause; for those who are in a hurry and on the same machine.
  public static func hasty(_ attempts: Int) -> RetryPolicy {
    RetryPolicy(
      attempts: attempts, pause: .milliseconds(2), longest: .milliseconds(20), total: .seconds(3600))
  }

  /// How long to wait after so many failures, from 1; nil to give up.
  ///
  /// `chance`, from 0 to 1, spreads those who failed together. `asked` is what the registry asks for: that is waited at
  /// least, and where it is longer than the longest wait, nothing is gained by trying sooner.
  func wait(after failures: Int, spent: Duration, asked: Duration?, chance: Double) -> Duration? {
    guard failures < attempts, spent < total, asked ?? .zero <= longest else { return nil }
    let grown = min(pause * (1 << min(failures - 1, 16)), longest)
    return (asked ?? .zero) + grown * min(max(chance, 0), 1)
  }
}

/// A failure, and whether it may go away by itself.
struct Failure: Error {
  let problem: Problem
  /// Nothing was wrong with what was asked.
  let isTransient: Bool

  init(_ problem: Problem, isTransient: Bool = false) {
    self.problem = problem
    self.isTransient = isTransient
  }
}

/// One thing that is tried until it is done or given up.
struct Retries {
  private let policy: RetryPolicy
  private let clock = ContinuousClock()
  private var began: ContinuousClock.Instant
  private var failures = 0

  init(_ policy: RetryPolicy) {
    self.policy = policy
    began = clock.now
  }

  /// Got further than before: what failed until now counts no more.
  mutating func advance() {
    failures = 0
    began = clock.now
  }

  /// Waits until it may be tried again; throws the failure's problem where it is of no use.
  mutating func wait(after failure: Failure) async throws(Problem) {
    failures += 1
    guard failure.isTransient,
      let pause = policy.wait(
        after: failures, spent: clock.now - began, asked: failure.problem.retryAfter.map { .seconds($0) },
        chance: .random(in: 0...1))
    else { throw told(failure) }
    do { try await Task.sleep(for: pause) } catch { throw told(failure) }
  }

  private func told(_ failure: Failure) -> Problem {
    var problem = failure.problem
    if failure.isTransient, failures > 1, problem.hint == nil {
      problem.hint = "tried \(failures) times; try again later"
    }
    return problem
  }
}
