import CConfinement
import Domain
import Inference
import ModelGraph
import NIOConcurrencyHelpers
import NIOPosix
import Synchronization

/// A prediction in parts that the threads of a pool take as they are free.
///
/// Each thread takes the next part that nobody has, and whoever ends the last of them writes the answer: none waits for
/// another. Threads are asked for at the end of the pool's line, so that they help only once nobody waits before them.
final class PooledPrediction: Sendable {
  /// How many steps are worth a part of their own: a few tenths of a millisecond.
  private static let partSteps = 1 << 20
  /// How many parts a thread may get, so that one that is late does not hold up the others.
  private static let partsPerThread = 4

  private struct Progress {
    var next = 0
    var unfinished: Int
    var outcomes: [ExecutionPlan.Parts.Outcome?]
  }

  private let parts: ExecutionPlan.Parts
  private let progress: NIOLockedValueBox<Progress>
  private let completion: @Sendable (Result<[PredictionMethod: [Tensor]], Problem>) -> Void

  private init(
    _ parts: ExecutionPlan.Parts,
    completion: @escaping @Sendable (Result<[PredictionMethod: [Tensor]], Problem>) -> Void
  ) {
    self.parts = parts
    self.completion = completion
    progress = NIOLockedValueBox(
      Progress(unfinished: parts.count, outcomes: Array(repeating: nil, count: parts.count)))
  }

  /// Predicts on this thread of the pool and others that are free; `completion` is called on one of them.
  static func run(
    _ plan: ExecutionPlan, _ methods: [PredictionMethod], on rows: Rows, _ pool: NIOThreadPool, threads: Int,
    partSteps: Int = partSteps,
    completion: @escaping @Sendable (Result<[PredictionMethod: [Tensor]], Problem>) -> Void
  ) {
    let steps = plan.steps(of: methods, on: rows)
    let worthwhile = min(threads * partsPerThread, steps / partSteps + 1)
    let parts: ExecutionPlan.Parts
    do throws(Problem) {
      parts = try plan.parts(of: methods, on: rows, count: threads > 1 ? worthwhile : 1)
    } catch {
      return completion(.failure(error))
    }
    let prediction = PooledPrediction(parts, completion: completion)
    for _ in 0..<min(threads, parts.count) - 1 {
      pool.submit { state in
        gatehouse_give_way()
        if state == .active { prediction.takeParts() }
      }
    }
    prediction.takeParts()
  }

  private func takeParts() {
    while let part = nextPart() {
      let outcome = parts.run(part) { false }
      let outcomes = progress.withLockedValue { progress -> [ExecutionPlan.Parts.Outcome]? in
        progress.outcomes[part] = outcome
        progress.unfinished -= 1
        guard progress.unfinished == 0 else { return nil }
        defer { progress.outcomes = [] }
        return progress.outcomes.compactMap { $0 }
      }
      guard let outcomes else { continue }
      do throws(Problem) { completion(.success(try parts.tensors(outcomes))) } catch {
        completion(.failure(error))
      }
    }
  }

  private func nextPart() -> Int? {
    progress.withLockedValue { progress in
      guard progress.next < parts.count else { return nil }
      defer { progress.next += 1 }
      return progress.next
    }
  }
}

extension Prediction {
  /// Predicts and writes the answer down on this thread of a pool and others that are free; `completion` is called on one
  /// of them.
  func run(
    on pool: NIOThreadPool, threads: Int, answerLimit limit: Int,
    completion: @escaping @Sendable (Answer) -> Void
  ) {
    if let answer = earlyAnswer { return completion(answer) }
    let start = Clock.monotonic()
    PooledPrediction.run(model.plan, methods, on: rows, pool, threads: threads) { result in
      completion(answer(result, took: Clock.monotonic() - start, answerLimit: limit))
    }
  }
}
