import Dispatch
import Domain
import Engines
import Inference
import Lifecycle
import ModelTests
import Synchronization

/// Runs tests of models on a thread of their own, one job after another: what answers requests goes on beside them.
actor ModelTestThread: ModelTester {
  /// More jobs than this wait for no turn: each may take two minutes.
  private static let queueLimit = 4

  private final class Executor: SerialExecutor {
    private let queue = DispatchQueue(label: "gatehouse.model-tests", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
  }

  private let executor = Executor()
  private nonisolated let waiting = Mutex(0)
  private let engine = ONNXRuntimeEngine.installed()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  nonisolated func run(_ job: TestJob) async throws(Problem) -> TestJob.Outcome {
    let isTaken = waiting.withLock { waiting in
      guard waiting < Self.queueLimit else { return false }
      waiting += 1
      return true
    }
    guard isTaken else {
      throw Problem(
        .unavailable, "model-tests.busy",
        "expected room for another run of tests, found that \(Self.queueLimit) wait already",
        hint: "try again in a minute")
    }
    defer { waiting.withLock { $0 -= 1 } }
    return try await work(on: job)
  }

  private func work(on job: TestJob) throws(Problem) -> TestJob.Outcome {
    let begun = ContinuousClock.now
    return try job.run(by: engine) { begun.duration(to: .now) }
  }
}
