import Domain
import Inference
import ModelGraph

/// Small requests to one model that are answered together, each as if it had been alone.
struct BatchedPredictions: Sendable {
  private(set) var predictions: [Prediction] = []
  private(set) var rowCount = 0
  private(set) var steps = 0

  /// How many rows are answered at once at most.
  static let mostRows = 512

  mutating func append(_ prediction: Prediction, steps: Int) {
    predictions.append(prediction)
    rowCount += prediction.rows.rowCount
    self.steps += steps
  }

  /// Whether a prediction can be among them.
  func hasRoom(for prediction: Prediction) -> Bool {
    rowCount + prediction.rows.rowCount <= Self.mostRows
  }

  /// Predicts, and writes the answers in the order of the predictions.
  ///
  /// A row that is refused, or a time that is over, refuses its own request alone: then each is answered by itself.
  func run(answerLimit limit: Int) -> [Answer] {
    guard let first = predictions.first, predictions.count > 1 else {
      return predictions.map { $0.run(answerLimit: limit) }
    }
    guard !predictions.contains(where: \.deadline.isOver) else {
      return predictions.map { $0.run(answerLimit: limit) }
    }
    let start = Clock.monotonic()
    let rows = Rows(joining: predictions.map(\.rows))
    let tensors: [PredictionMethod: [Tensor]]
    do throws(Problem) { tensors = try first.model.plan.run(first.methods, on: rows) } catch {
      return predictions.map { $0.run(answerLimit: limit) }
    }
    let nanoseconds = Clock.monotonic() - start
    first.model.batchGain.noteBatch(
      requests: predictions.count, rows: rowCount, nanoseconds: nanoseconds)
    var row = 0
    return predictions.enumerated().map { place, prediction in
      let range = row..<(row + prediction.rows.rowCount)
      row = range.upperBound
      let own = tensors.mapValues { $0.map { $0.rows(range) } }
      return prediction.answer(
        .success(own), took: nanoseconds, executions: place == 0 ? 1 : 0, answerLimit: limit)
    }
  }
}

extension Tensor {
  /// Some of the rows, which the first axis counts.
  fileprivate func rows(_ range: Range<Int>) -> Tensor {
    let length = shape.dropFirst().reduce(1, *)
    let part = elements[(range.lowerBound * length)..<(range.upperBound * length)]
    // As many elements as the shape says: those of whole rows.
    return Tensor(shape: [range.count] + shape.dropFirst(), elements: part) ?? Tensor(vector: part)
  }
}
