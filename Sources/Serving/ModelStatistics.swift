import Encoding
import Synchronization

/// What a model of a version was asked and how long it took, counted since it was loaded.
///
/// The counts are read one after another, so that one taken while requests end may be ahead of another by those.
final class ModelStatistics: Sendable {
  /// The parts of a request's time, in nanoseconds.
  struct Times: Equatable {
    /// Waiting for a thread.
    var queue = 0
    /// Reading the body.
    var input = 0
    /// Predicting.
    var inference = 0
    /// Writing the answer.
    var output = 0
  }

  private let successes = Atomic<Int>(0)
  private let rows = Atomic<Int>(0)
  private let executions = Atomic<Int>(0)
  private let queued = Atomic<Int>(0)
  private let input = Atomic<Int>(0)
  private let inference = Atomic<Int>(0)
  private let output = Atomic<Int>(0)
  private let failures = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)
  /// Milliseconds since 1970; 0 where there was none.
  private let last = Atomic<Int>(0)

  /// Counts a request that was answered, and the runs of the model that it is to stand for.
  func countSuccess(_ times: Times, rows count: Int, executions runs: Int) {
    executions.wrappingAdd(runs, ordering: .relaxed)
    successes.wrappingAdd(1, ordering: .relaxed)
    rows.wrappingAdd(count, ordering: .relaxed)
    queued.wrappingAdd(times.queue, ordering: .relaxed)
    input.wrappingAdd(times.input, ordering: .relaxed)
    inference.wrappingAdd(times.inference, ordering: .relaxed)
    output.wrappingAdd(times.output, ordering: .relaxed)
    last.store(Clock.milliseconds(), ordering: .relaxed)
  }

  /// Counts a request that was refused after its key was accepted.
  func countFailure(nanoseconds: Int) {
    failures.wrappingAdd(1, ordering: .relaxed)
    failed.wrappingAdd(nanoseconds, ordering: .relaxed)
  }

  /// The members of the protocol's statistics extension that are counts and times.
  var members: [String: JSON] {
    let count = successes.load(ordering: .relaxed)
    let parts = [
      queued.load(ordering: .relaxed), input.load(ordering: .relaxed), inference.load(ordering: .relaxed),
      output.load(ordering: .relaxed),
    ]
    let none = Self.duration(0, 0)
    return [
      "last_inference": JSON(last.load(ordering: .relaxed)),
      "inference_count": JSON(rows.load(ordering: .relaxed)),
      "execution_count": JSON(executions.load(ordering: .relaxed)),
      "inference_stats": [
        "success": Self.duration(count, parts.reduce(0, &+)),
        "fail": Self.duration(failures.load(ordering: .relaxed), failed.load(ordering: .relaxed)),
        "queue": Self.duration(count, parts[0]), "compute_input": Self.duration(count, parts[1]),
        "compute_infer": Self.duration(count, parts[2]), "compute_output": Self.duration(count, parts[3]),
        "cache_hit": none, "cache_miss": none,
      ],
      "batch_stats": [], "memory_usage": [],
    ]
  }

  private static func duration(_ count: Int, _ nanoseconds: Int) -> JSON {
    ["count": JSON(count), "ns": JSON(nanoseconds)]
  }
}
