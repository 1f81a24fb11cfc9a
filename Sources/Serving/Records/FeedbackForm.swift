import Domain
import ModelGraph
import Monitoring

/// How what one version says is written into its records, for labels that come later to be held against.
///
/// Made when a table is, so that a request takes one reference along. Neither a row nor anything else that was sent is in it.
final class FeedbackForm: Sendable {
  private let output: LabelledOutput
  private let showsScores: Bool

  /// The form of a version; nil where labels cannot be held against what it says, or that is masked.
  init?(_ policy: RecordsPolicy, for model: ServedModel) {
    guard let output = LabelledOutput(model.signature) else { return nil }
    let masked = Set(policy.masked)
    guard !masked.contains(PredictionMethod.predict.rawValue) else { return nil }
    if !masked.isEmpty {
      let signature = model.signature
      let known =
        Set(PredictionMethod.allCases.map(\.rawValue))
        .union(
          signature.features.form == .rows
            ? (0..<signature.featureCount).map(signature.inputName(of:)) : policy.masked)
      // It may be a misspelt output: as with payloads, nothing is kept then.
      guard masked.isSubset(of: known) else { return nil }
    }
    self.output = output
    showsScores = !masked.contains(PredictionMethod.predictProbabilities.rawValue)
  }

  /// What the record has of what was said; nil where none of it can be held against a label.
  func text(_ answers: [PredictionMethod: [Tensor]], rows: Int) -> String? {
    output.said(answers, rows: rows, showsScores: showsScores)?.text
  }
}
