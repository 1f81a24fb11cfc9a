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

  /// The columns whose flag is set, refusing an infinity, and NaN unless it is taken.
  private static func selected(
    _ mask: [Bool], allowsNaN: Bool, _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // A selector by a model asks the model how many there are.
    let value = try estimator.finiteInput(input, count: mask.count, allowsNaN: allowsNaN, &builder)
    let kept = mask.indices.filter { mask[$0] }
    guard mask.count == value.columns, !kept.isEmpty, let operand = Operand(value).selecting(kept) else {
      throw Problem(
        .refused, "lift.no-columns",
        "expected \(estimator.view.path) to keep some of \(value.columns) features, found \(kept.count) of"
          + " \(mask.count)", position: estimator.view.position)
    }
    return LiftedEstimator(transformed: operand)
  }

  static func univariateSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let selection = try UnivariateSelection(estimator)
    // From 1.0 on, and in 0.24 not: what a selector is not bothered by passes.
    return try selected(
      try selection.mask(), allowsNaN: true, estimator, input, &builder)
  }

  static func varianceThreshold(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let variances = try estimator.view.fittedAttribute("variances_").numbers(axes: 1).elements
    let threshold = try estimator.view.attribute("threshold").number()
    return try selected(
      variances.map { $0 > threshold }, allowsNaN: true, estimator, input, &builder)
  }

  static func sequentialSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try selected(
      try estimator.view.fittedAttribute("support_").flags(), allowsNaN: true, estimator, input, &builder)
  }

  /// Selects and asks its own estimator too.
  static func recursiveElimination(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let mask = try estimator.view.fittedAttribute("support_").flags()
    let operand = try estimator.columns(of: input, &builder)
    guard mask.count == operand.count,
      let kept = operand.selecting(mask.indices.filter { mask[$0] }), kept.count ?? 0 > 0
    else {
      throw estimator.view.unexpected("a selection of some of \(operand.count ?? 0) features")
    }
    var lifted = try estimator.lift(
      try estimator.view.fittedAttribute("estimator_"), label: ".estimator_", kept, &builder)
    let transformed = try selected(mask, allowsNaN: true, estimator, operand, &builder)
    lifted.transformed = transformed.transformed
    lifted.transformedDatatype = .float64
    return lifted
  }

  static func modelSelector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let given = try estimator.view.attribute("estimator")
    let inner = estimator.view.attributeIfPresent("estimator_") ?? given
    let importances = try FeatureImportances(of: inner, for: estimator, &builder)
    return try selected(
      try importances.mask(for: estimator), allowsNaN: true, estimator, input, &builder)
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

  /// Benjamini and Hochberg (1995).
  private func discoveries(_ values: [Double], _ alpha: Double) -> [Bool] {
    let sorted = values.sorted()
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

extension PickleView {
  /// An array of truth values.
  func flags() throws(Problem) -> [Bool] {
    guard case .array(let array) = value, array.shape.count == 1, let flags = array.items?.booleans()
    else { throw unexpected("an array of truth values") }
    return flags
  }
}
