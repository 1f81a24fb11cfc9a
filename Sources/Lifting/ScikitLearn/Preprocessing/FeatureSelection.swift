import Artifacts
import Domain
import ModelGraph

/// The selectors of features: what they keep is computed anew from what fitting stored, as the library does.
extension Lifter {
  static let selectors: [PickleGlobal: Lift] = [
    .sklearn("feature_selection._univariate_selection", "SelectKBest"): univariateSelector,
    .sklearn("feature_selection._univariate_selection", "SelectPercentile"): univariateSelector,
    .sklearn("feature_selection._univariate_selection", "SelectFpr"): univariateSelector,
    .sklearn("feature_selection._univariate_selection", "SelectFdr"): univariateSelector,
    .sklearn("feature_selection._univariate_selection", "SelectFwe"): univariateSelector,
    .sklearn("feature_selection._univariate_selection", "GenericUnivariateSelect"): univariateSelector,
    .sklearn("feature_selection._variance_threshold", "VarianceThreshold"): varianceThreshold,
    .sklearn("feature_selection._rfe", "RFE"): recursiveElimination,
    .sklearn("feature_selection._rfe", "RFECV"): recursiveElimination,
    .sklearn("feature_selection._sequential", "SequentialFeatureSelector"): sequentialSelector,
    .sklearn("feature_selection._from_model", "SelectFromModel"): modelSelector,
  ]

  /// The columns whose flag is set; what is dropped is checked too.
  ///
  /// A selector that takes NaN checks nothing, and so takes infinities with it.
  private static func selected(
    _ mask: [Bool], takesMissing: Bool, _ estimator: Estimator, _ input: Operand,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // A selector by a model asks the model how many there are.
    let value =
      takesMissing
      ? try estimator.input(input, count: mask.count, &builder)
      : try estimator.finiteInput(input, count: mask.count, &builder)
    let kept = mask.indices.filter { mask[$0] }
    guard mask.count == value.columns, !kept.isEmpty,
      let operand = try builder.selecting(kept, of: Operand(value), for: estimator)
    else {
      throw Problem(
        .refused, "lift.no-columns",
        "expected \(estimator.view.path) to keep some of \(value.columns) features, found \(kept.count) of"
          + " \(mask.count)", position: estimator.view.position)
    }
    return LiftedEstimator(transformed: operand.held(as: input))
  }

  static func univariateSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let selection = try UnivariateSelection(estimator)
    return try selected(try selection.mask(), takesMissing: false, estimator, input, &builder)
  }

  static func varianceThreshold(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let variances = try estimator.view.fittedAttribute("variances_").numbers(axes: 1).elements
    let threshold = try estimator.view.attribute("threshold").number()
    return try selected(
      variances.map { $0 > threshold }, takesMissing: true, estimator, input, &builder)
  }

  static func sequentialSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try selected(
      try estimator.view.fittedAttribute("support_").flags(),
      takesMissing: try estimator.innerTakesMissing(), estimator, input, &builder)
  }

  /// Selects and asks its own estimator too.
  static func recursiveElimination(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let mask = try estimator.view.fittedAttribute("support_").flags()
    let selection = try selected(
      mask, takesMissing: try estimator.innerTakesMissing(), estimator, input, &builder)
    guard let kept = selection.transformed else { return selection }
    // The library selects before it asks, so what is dropped has been checked by then.
    var lifted = try estimator.lift(
      try estimator.view.fittedAttribute("estimator_"), label: ".estimator_", kept, &builder)
    lifted.transformed = kept
    return lifted
  }

  static func modelSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let given = try estimator.view.attribute("estimator")
    let inner = estimator.view.attributeIfPresent("estimator_") ?? given
    let importances = try FeatureImportances(of: inner, for: estimator, &builder)
    return try selected(
      try importances.mask(for: estimator), takesMissing: try estimator.innerTakesMissing(), estimator,
      input, &builder)
  }
}

extension Estimator {
  /// Whether a selector by a model takes NaN, which is whether the model that it was given says that it does.
  ///
  /// Of those that say so: trees and what is made of them, and boosters. The others' NaN is refused.
  fileprivate func innerTakesMissing() throws(Problem) -> Bool {
    let inner = try view.attribute("estimator")
    guard let type = inner.object?.type else { return false }
    let version = try version()
    switch (type.module.prefix { $0 != "." }, type.name) {
    case ("xgboost", _), ("lightgbm", _),
      ("sklearn", "HistGradientBoostingClassifier"), ("sklearn", "HistGradientBoostingRegressor"):
      return true
    case ("sklearn", "DecisionTreeClassifier"), ("sklearn", "DecisionTreeRegressor"),
      ("sklearn", "ExtraTreeClassifier"), ("sklearn", "ExtraTreeRegressor"):
      return try Estimator(inner, name: type.name, depth: depth + 1).takesMissing(version)
    // A forest says what a tree with its criterion alone does.
    case ("sklearn", "RandomForestClassifier"), ("sklearn", "RandomForestRegressor"):
      return version >= .one(4) ? try inner.hasCriterionForMissing(version) : false
    case ("sklearn", "ExtraTreesClassifier"), ("sklearn", "ExtraTreesRegressor"):
      return version >= .one(6) ? try inner.hasCriterionForMissing(version) : false
    default: return false
    }
  }
}

extension PickleView {
  /// Whether trees of a forest's criterion take NaN; all of them do from 1.9 on.
  fileprivate func hasCriterionForMissing(_ version: ScikitLearnVersion) throws(Problem) -> Bool {
    let criteria = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"]
    if version >= .one(9) { return true }
    return criteria.contains(try attribute("criterion").string())
  }
}

/// What a selector by single features keeps.
private struct UnivariateSelection {
  private let view: PickleView
  private let mode: String
  private let parameter: PickleView

  init(_ estimator: Estimator) throws(Problem) {
    view = estimator.view
    switch estimator.name {
    case "SelectKBest": (mode, parameter) = ("k_best", try view.attribute("k"))
    case "SelectPercentile": (mode, parameter) = ("percentile", try view.attribute("percentile"))
    case "SelectFpr": (mode, parameter) = ("fpr", try view.attribute("alpha"))
    case "SelectFdr": (mode, parameter) = ("fdr", try view.attribute("alpha"))
    case "SelectFwe": (mode, parameter) = ("fwe", try view.attribute("alpha"))
    default: (mode, parameter) = (try view.attribute("mode").string(), try view.attribute("param"))
    }
  }

  func mask() throws(Problem) -> [Bool] {
    switch mode {
    case "k_best": return try best(try scores())
    case "percentile": return percentile(try scores(), try parameter.number())
    case "fpr":
      let alpha = try parameter.number()
      return try probabilities().map { $0 < alpha }
    case "fwe":
      let values = try probabilities()
      let alpha = try parameter.number() / Double(values.count)
      return values.map { $0 < alpha }
    case "fdr": return discoveries(try probabilities(), try parameter.number())
    default: throw view.unexpected("a selector by 'k_best', 'percentile', 'fpr', 'fdr' or 'fwe'")
    }
  }

  /// The scores with the least number there is for NaN.
  private func scores() throws(Problem) -> [Double] {
    try view.fittedAttribute("scores_").numbers(axes: 1).elements.map {
      $0.isNaN ? -Double.greatestFiniteMagnitude : $0
    }
  }

  private func probabilities() throws(Problem) -> [Double] {
    try view.fittedAttribute("pvalues_").numbers(axes: 1).elements
  }

  /// The k greatest; of equal ones the last.
  private func best(_ scores: [Double]) throws(Problem) -> [Bool] {
    if parameter.text == "all" { return scores.map { _ in true } }
    let count = try parameter.integer()
    guard count >= 0 else { throw parameter.unexpected("a count of features") }
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    let kept = Set(order.suffix(count))
    return scores.indices.map { kept.contains($0) }
  }

  private func percentile(_ scores: [Double], _ percentile: Double) -> [Bool] {
    if percentile == 100 { return scores.map { _ in true } }
    guard percentile > 0, percentile < 100, !scores.isEmpty else { return scores.map { _ in false } }
    let threshold = Percentile.of(scores, 100 - percentile)
    var mask = scores.map { $0 > threshold }
    let ties = scores.indices.filter { scores[$0] == threshold }
    let most = Int(Double(scores.count) * percentile / 100)
    for index in ties.prefix(max(0, most - mask.count { $0 })) { mask[index] = true }
    return mask
  }

  /// Benjamini and Hochberg (1995); NaN, as of a constant feature, comes last and is no discovery.
  private func discoveries(_ values: [Double], _ alpha: Double) -> [Bool] {
    let sorted = values.filter { !$0.isNaN }.sorted()
    let share = alpha / Double(values.count)
    let limit = sorted.enumerated().last { $1 <= share * Double($0 + 1) }?.element
    guard let limit else { return values.map { _ in false } }
    return values.map { $0 <= limit }
  }
}

/// `numpy.percentile` and `numpy.median` of numbers none of which is NaN.
enum Percentile {
  static func of(_ elements: [Double], _ percent: Double) -> Double {
    let sorted = elements.sorted()
    let place = percent / 100 * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    let (a, b) = (sorted[low], sorted[min(low + 1, sorted.count - 1)])
    let share = place - Double(low)
    // NumPy interpolates from the nearer end.
    return share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share
  }

  static func median(_ elements: [Double]) -> Double {
    let sorted = elements.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
