import Dispatch
import Domain
import Engines
import Inference
import Lifecycle
import ModelTests

/// Runs tests of models on a thread of their own, one job after another: what answers requests goes on beside them.
actor ModelTestThread: ModelTester {
  private final class Executor: SerialExecutor {
    private let queue = DispatchQueue(label: "gatehouse.model-tests", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
  }

  private let executor = Executor()
  private let engine = ONNXRuntimeEngine.installed()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// At most two wait for it at a time: one of a push, for pushes have turns, and one of a version that is tested again.
  func run(_ job: TestJob) throws(Problem) -> TestJob.Outcome {
    let begun = ContinuousClock.now
    return try job.run(by: engine) { begun.duration(to: .now) }
  }
}
