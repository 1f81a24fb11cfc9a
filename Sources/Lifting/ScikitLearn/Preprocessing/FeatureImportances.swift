import Artifacts
import Domain
import ModelGraph

/// How much each feature counts for a fitted estimator: its coefficients, or what its trees gain by the feature.
struct FeatureImportances {
  private let scores: [Double]
  private let inner: PickleView

  /// Takes the coefficients where the estimator has some, else the importances of its trees; where the selector
  /// names a path, what that leads to.
  init(
    of inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) {
    self.inner = inner
    let source = try ImportanceSource(of: inner, for: estimator)
    if let coefficients = try source.coefficients(for: estimator, &builder) {
      scores = coefficients
    } else if let trees = try source.treeImportances(for: estimator, &builder) {
      scores = trees
    } else {
      throw estimator.unsupported(
        "estimator_", source.inner.object?.type.description ?? source.inner.description,
        hint:
          "select by a linear model, a support vector machine with a linear kernel, a decision tree, a forest,"
          + " AdaBoost, gradient boosting or LightGBM")
    }
    guard !scores.contains(where: \.isNaN) else {
      throw inner.unexpected("a model whose coefficients or importances are numbers")
    }
  }

  /// Which features a SelectFromModel keeps.
  func mask(for estimator: Estimator) throws(Problem) -> [Bool] {
    let threshold = try threshold(for: estimator)
    var mask = scores.map { _ in true }
    let most =
      estimator.view.attributeIfPresent("max_features_") ?? estimator.view.attributeIfPresent("max_features")
    if let most, !most.isNone {
      let count = try most.integer()
      let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
      let kept = Set(order.prefix(max(0, count)))
      mask = scores.indices.map { kept.contains($0) }
    }
    for index in scores.indices where scores[index] < threshold { mask[index] = false }
    return mask
  }

  private func threshold(for estimator: Estimator) throws(Problem) -> Double {
    let attribute = try estimator.view.attribute("threshold")
    if attribute.isNone { return try isSparseByPenalty(try estimator.version()) ? 1e-5 : mean }
    guard let text = attribute.text else { return try attribute.number() }
    let parts = text.split(separator: "*").map { $0.trimmingSpaces }
    let scale = parts.count == 2 ? Double(parts[0]) : 1
    guard let scale, let reference = parts.last, parts.count <= 2 else {
      throw attribute.unexpected("'mean', 'median' or one of them with a factor")
    }
    switch reference {
    case "mean": return scale * mean
    case "median": return scale * Percentile.median(scores)
    default: throw attribute.unexpected("'mean', 'median' or one of them with a factor")
    }
  }

  private var mean: Double {
    guard !scores.isEmpty else { return 0 }
    return PairwiseSum.of(scores.span) / Double(scores.count)
  }

  /// Whether the library takes the penalty it was fitted with for one that makes coefficients 0.
  ///
  /// A mixed penalty that is all of the one kind counts for ElasticNet from 1.1 on, for any class of such a name
  /// and by either of two attributes until 1.6, and for LogisticRegression from 1.8 on.
  private func isSparseByPenalty(_ version: ScikitLearnVersion) throws(Problem) -> Bool {
    let name = inner.object?.type.name ?? ""
    // What is frozen says what it holds when it is asked for a penalty, but its own name.
    let asked = inner.unfrozen
    if asked.attributeIfPresent("penalty")?.text == "l1" || name.contains("Lasso") { return true }
    let attributes: [String]
    switch name {
    case _ where name.contains("ElasticNet") && (.one(1)...Self.eitherRatio).contains(version):
      attributes = ["l1_ratio_", "l1_ratio"]
    case "ElasticNet" where version >= .one(1): attributes = ["l1_ratio"]
    case "ElasticNetCV" where version >= .one(1): attributes = ["l1_ratio_"]
    case "LogisticRegression" where version >= .one(8): attributes = ["l1_ratio"]
    case "LogisticRegressionCV" where version >= .one(8): attributes = ["l1_ratio_"]
    default: attributes = []
    }
    for attribute in attributes {
      guard let ratio = inner.attributeIfPresent(attribute), !ratio.isNone else { continue }
      let ratios: [Double] =
        switch ratio.value {
        case .list, .tuple: try ratio.elements().map { item throws(Problem) in try item.number() }
        case .array(let array) where !array.shape.isEmpty: try ratio.numbers(axes: array.shape.count).elements
        default: [try ratio.number()]
        }
      if ratios.allSatisfy({ abs($0 - 1) <= 1.001e-5 }) { return true }
    }
    return false
  }

  /// The last version in which an elastic net says its share of the absolute penalty in either attribute.
  private static let eitherRatio = ScikitLearnVersion.one(6)
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
