import Domain
import Inference
import ModelGraph

/// Small requests to one model, about the same methods, that wait on one event loop to be answered together.
///
/// One batch of a line is under way at a time: what comes meanwhile is the next. So nobody waits longer than for what is
/// computed anyway, and the busier the model, the larger the batches.
struct GatheredLine {
  /// What can be answered together.
  struct Key: Hashable {
    private let model: ObjectIdentifier
    private let methods: [PredictionMethod]
    private let featureCount: Int

    init(_ prediction: Prediction) {
      model = ObjectIdentifier(prediction.model)
      methods = prediction.methods
      featureCount = prediction.rows.featureCount
    }
  }

  private struct Waiting {
    let prediction: Prediction
    let steps: Int
    let receiver: any AnswerReceiver
  }

  private var waiting: [Waiting] = []
  private var isUnderWay = false

  /// Whether none waits.
  var isEmpty: Bool { waiting.isEmpty }

  /// Lets a request wait; says whether somebody has to see to the line.
  mutating func append(_ prediction: Prediction, steps: Int, _ receiver: any AnswerReceiver) -> Bool {
    waiting.append(Waiting(prediction: prediction, steps: steps, receiver: receiver))
    defer { isUnderWay = true }
    return !isUnderWay
  }

  /// Takes out those that are answered next; nil where none waits, and the line is done with.
  mutating func next() -> (BatchedPredictions, [any AnswerReceiver])? {
    guard !waiting.isEmpty else { return nil }
    var batch = BatchedPredictions()
    var receivers: [any AnswerReceiver] = []
    for one in waiting {
      guard batch.hasRoom(for: one.prediction) else { break }
      batch.append(one.prediction, steps: one.steps)
      receivers.append(one.receiver)
    }
    waiting.removeFirst(receivers.count)
    return (batch, receivers)
  }
}

extension Prediction {
  /// Whether the request is to be answered with others of its kind.
  var isGathered: Bool {
    guard rows.rowCount > 0, rows.rowCount <= BatchGain.mostRows else { return false }
    switch model.batchGain.advice {
    case .measure, .leave: return false
    case .attempt, .gather: return true
    }
  }
}
