public import Domain
public import ModelTests

/// Who runs tests of models, which take the processor for as long as they like: up to two minutes.
public protocol ModelTester: Sendable {
  /// Runs a job, where nothing else waits for the thread; throws as `TestJob.run` does.
  func run(_ job: TestJob) async throws(Problem) -> TestJob.Outcome
}

/// Runs no tests.
public struct NoModelTester: ModelTester {
  /// Makes the tester that runs none.
  public init() {}

  /// Throws `model-tests.unavailable`.
  public func run(_ job: TestJob) async throws(Problem) -> TestJob.Outcome {
    throw Problem(
      .unavailable, "model-tests.unavailable", "expected somebody who runs tests of models, found nobody")
  }
}
