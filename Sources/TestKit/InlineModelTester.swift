public import Domain
public import Lifecycle
public import ModelTests

/// Runs tests of models where it stands, without engines, by a clock that stands still.
public struct InlineModelTester: ModelTester {
  /// Makes the tester.
  public init() {}

  /// Runs a job at once.
  public func run(_ job: TestJob) async throws(Problem) -> TestJob.Outcome {
    try job.run(by: nil) { .zero }
  }
}
