import Inference
import ModelGraph

/// The rows of a request and what was answered about them, on their way to whoever watches the model.
///
/// By reference, so that an answer that is handed on carries one word of it.
final class WatchedAnswer: Sendable, Equatable {
  let watch: ModelWatch
  let rows: Rows
  let answers: [PredictionMethod: [Tensor]]
  /// Whether they go into a window; where not, only who asked is watched.
  let isWindowed: Bool
  /// What is done about who asked; nil where nothing is.
  let defences: ModelDefences?

  init(
    _ watch: ModelWatch, _ rows: Rows, _ answers: [PredictionMethod: [Tensor]], isWindowed: Bool = true,
    defences: ModelDefences? = nil
  ) {
    self.isWindowed = isWindowed
    self.defences = defences
    self.watch = watch
    self.rows = rows
    self.answers = answers
  }

  static func == (left: WatchedAnswer, right: WatchedAnswer) -> Bool { left === right }
}
