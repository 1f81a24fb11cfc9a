import Inference
import ModelGraph

/// The rows of a request and what was answered about them, on their way to whoever watches the model.
///
/// By reference, so that an answer that is handed on carries one word of it.
final class WatchedAnswer: Sendable, Equatable {
  let watch: ModelWatch
  let rows: Rows
  let answers: [PredictionMethod: [Tensor]]

  init(_ watch: ModelWatch, _ rows: Rows, _ answers: [PredictionMethod: [Tensor]]) {
    self.watch = watch
    self.rows = rows
    self.answers = answers
  }

  static func == (left: WatchedAnswer, right: WatchedAnswer) -> Bool { left === right }
}
