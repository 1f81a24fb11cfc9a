import Artifacts
import Domain
import ModelGraph

/// Estimators that answer as the one that they hold does: searches, frozen estimators, self-training; and those
/// that cut its score elsewhere.
extension Lifter {
  static let wrappers: [PickleGlobal: Lift] = [
    .sklearn("model_selection._search", "GridSearchCV"): search,
    .sklearn("model_selection._search", "RandomizedSearchCV"): search,
    .sklearn("model_selection._search_successive_halving", "HalvingGridSearchCV"): search,
    .sklearn("model_selection._search_successive_halving", "HalvingRandomSearchCV"): search,
    .sklearn("frozen._frozen", "FrozenEstimator"): frozenEstimator,
    .sklearn("semi_supervised._self_training", "SelfTrainingClassifier"): selfTrainingClassifier,
    .sklearn("model_selection._classification_threshold", "FixedThresholdClassifier"): fixedThreshold,
    .sklearn("model_selection._classification_threshold", "TunedThresholdClassifierCV"): tunedThreshold,
  ]

  static func search(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    guard let best = estimator.view.attributeIfPresent("best_estimator_") else {
      throw Problem(
        .refused, "lift.not-fitted",
        "expected \(estimator.view.path) to hold its best estimator, found no attribute 'best_estimator_'",
        position: estimator.view.position, hint: "call fit with refit=True before you save the model")
    }
    if let refit = estimator.view.attributeIfPresent("refit"), case .bool(false) = refit.value {
      throw estimator.unsupported(
        "refit", "False, with which it does not predict", hint: "fit it with refit=True")
    }
    return try estimator.lift(best, label: ".best_estimator_", input, &builder)
  }

  static func frozenEstimator(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try estimator.lift(try estimator.view.attribute("estimator"), label: ".estimator", input, &builder)
  }

  static func selfTrainingClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // Called so up to 1.5.
    let name = estimator.view.attributeIfPresent("base_estimator_") == nil ? "estimator_" : "base_estimator_"
    let inner = try estimator.view.fittedAttribute(name)
    return try estimator.lift(inner, label: ".\(name)", input, &builder).predictor
  }

  static func fixedThreshold(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let label = try estimator.view.attribute("pos_label")
    let threshold = try estimator.view.attribute("threshold")
    return try thresholded(
      estimator, input, positive: label.isNone ? nil : label,
      threshold: threshold.text == "auto" ? nil : try threshold.number(), &builder)
  }

  static func tunedThreshold(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let scorer = try estimator.view.fittedAttribute("_curve_scorer").instance(
      of: .sklearn("metrics._scorer", "_CurveScorer"),
      // Where scikit-learn 1.5 has it.
      .sklearn("model_selection._classification_threshold", "_CurveScorer"))
    var positive: PickleView?
    var isOne = false
    let keywords = try scorer.attribute("_kwargs")
    guard case .dictionary(let pairs) = keywords.value else { throw keywords.unexpected("a dictionary") }
    if let pair = pairs.last(where: { keywords.view(of: $0.key, "").text == "pos_label" }) {
      let label = keywords.view(of: pair.value, "['pos_label']")
      positive = label.isNone ? nil : label
    } else {
      // Where the score does not say which label is the positive one, its own default does.
      let function = try scorer.attribute("_score_func")
      guard case .global(let global) = function.value, global.module.hasPrefix("sklearn.metrics."),
        let isDefault = defaultsToOne[global.name]
      else {
        throw Problem(
          .refused, "lift.unsupported-parameter",
          "expected \(function.path) to be a score of scikit-learn's, found \(function.description)",
          position: function.position,
          hint: "tune the threshold by 'balanced_accuracy', 'accuracy', 'f1', 'precision' or 'recall'")
      }
      isOne = isDefault
    }
    let threshold = try estimator.view.fittedAttribute("best_threshold_").number()
    return try thresholded(
      estimator, input, positive: positive, isOne: isOne, threshold: threshold, &builder)
  }

  /// The scores that have a parameter `pos_label`, 1 by default, and those that have none.
  private static let defaultsToOne = [
    "f1_score": true, "fbeta_score": true, "precision_score": true, "recall_score": true,
    "jaccard_score": true, "accuracy_score": false, "balanced_accuracy_score": false,
    "matthews_corrcoef": false, "cohen_kappa_score": false, "zero_one_loss": false, "hamming_loss": false,
  ]

  /// A classifier of two labels that is sure of the positive one from a threshold on.
  ///
  /// The threshold is 0.5 for probabilities and 0 for decisions where there is none.
  private static func thresholded(
    _ estimator: Estimator, _ input: Operand, positive: PickleView?, isOne: Bool = false, threshold: Double?,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // From 1.6 a fixed threshold may stand on an estimator that was fitted before.
    let name = estimator.view.attributeIfPresent("estimator_") == nil ? "estimator" : "estimator_"
    let view = try estimator.view.fittedAttribute(name)
    let inner = try estimator.lift(view, label: ".\(name)", input, &builder)
    guard inner.classCount == 2 else { throw LiftedEstimator.lacking("two labels", view) }
    let labels = inner.classes[0]
    var place = 1
    if let positive {
      guard let found = labels.elements.index(of: positive) else {
        throw positive.unexpected("one of the two labels")
      }
      place = found
    } else if isOne, let numbers = labels.elements.doubles, let found = numbers.firstIndex(of: 1) {
      place = found
    }
    let method = try estimator.view.attribute("response_method")
    let usesProbabilities: Bool
    switch try method.string() {
    case "auto": usesProbabilities = inner.probabilities != nil
    case "predict_proba": usesProbabilities = true
    case "decision_function": usesProbabilities = false
    default: throw method.unexpected("'auto', 'predict_proba' or 'decision_function'")
    }
    var score: GraphValue
    if usesProbabilities {
      let value = try LiftedEstimator.single(inner.probabilities, "probabilities", view)
      guard value.columns == 2 else { throw LiftedEstimator.lacking("two probabilities", view) }
      score = try builder.column(place, of: value, for: estimator)
    } else {
      score = try LiftedEstimator.single(inner.decision, "decisions", view)
      if place == 0 {
        score = try builder.apply(MapElements(.negative), to: score, named: "score", for: estimator)
      }
    }
    let above = try builder.apply(
      Positive(threshold: threshold ?? (usesProbabilities ? 0.5 : 0), includesThreshold: true), to: score,
      named: "above", for: estimator)
    let index =
      place == 1
      ? above : try builder.apply(Reindex([1, 0], bound: 2), to: above, named: "index", for: estimator)
    var lifted = try LiftedEstimator.classifier(labels, index: index, for: estimator, &builder)
    lifted.probabilities = inner.probabilities
    lifted.decision = inner.decision
    return lifted
  }
}
