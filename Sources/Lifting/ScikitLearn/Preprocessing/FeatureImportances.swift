import Artifacts
import Domain
import ModelGraph

/// How much each feature counts for a fitted estimator: its coefficients, or what its trees gain by the feature.
struct FeatureImportances {
  private let scores: [Double]
  private let inner: PickleView

  /// Takes the coefficients where the estimator has some, else the importances of its trees.
  init(
    of inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) {
    self.inner = inner
    let getter = estimator.view.attributeIfPresent("importance_getter")
    if let getter, !["auto", "coef_", "feature_importances_"].contains(getter.text) {
      throw estimator.unsupported(
        "importance_getter", getter.text.map { "'\($0.prefix(40))'" } ?? getter.description,
        hint: "use 'auto', 'coef_' or 'feature_importances_'")
    }
    let isOfTrees = getter?.text == "feature_importances_"
    if !isOfTrees, let coefficients = inner.attributeIfPresent("coef_") {
      scores = try Self.norms(of: coefficients, for: estimator)
    } else if getter?.text != "coef_", let trees = try TreeImportances.of(inner, &builder) {
      scores = trees
    } else {
      throw estimator.unsupported(
        "estimator_", inner.object?.type.description ?? inner.description,
        hint: "select by a linear model, a decision tree, a forest or gradient boosting")
    }
    guard !scores.contains(where: \.isNaN) else {
      throw inner.unexpected("a model whose coefficients or importances are numbers")
    }
  }

  private static func norms(
    of view: PickleView, for estimator: Estimator
  ) throws(Problem) -> [Double] {
    guard case .array(let array) = view.value, 1...2 ~= array.shape.count else {
      throw view.unexpected("an array of coefficients")
    }
    let (elements, shape) = try view.numbers(axes: array.shape.count)
    guard shape.count == 2 else { return elements.map { abs($0) } }
    let order = try estimator.view.attribute("norm_order").number()
    return try (0..<shape[1]).map { column throws(Problem) in
      let own = (0..<shape[0]).map { abs(elements[$0 * shape[1] + column]) }
      switch order {
      case 1: return own.reduce(0, +)
      case 2: return own.reduce(0) { $0 + $1 * $1 }.squareRoot()
      case .infinity: return own.max() ?? 0
      default:
        throw estimator.unsupported("norm_order", "\(order)", hint: "use 1, 2 or inf")
      }
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
    if inner.attributeIfPresent("penalty")?.text == "l1" || name.contains("Lasso") { return true }
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

/// What trees gain by each feature: Breiman's (1984) total decrease of impurity.
private enum TreeImportances {
  static func of(_ view: PickleView, _ builder: inout GraphBuilder) throws(Problem) -> [Double]? {
    guard let type = view.object?.type, type.module.hasPrefix("sklearn.") else { return nil }
    if let tree = view.attributeIfPresent("tree_") { return normalized(try gains(of: tree, &builder)) }
    guard ["ensemble._forest", "ensemble._gb"].contains(String(type.module.dropFirst(8))),
      let list = view.attributeIfPresent("estimators_")
    else { return nil }
    let isBoosting = type.module.hasSuffix("_gb")
    var sums: [Double] = []
    var count = 0
    for tree in try trees(in: list) {
      let inner = try tree.fittedAttribute("tree_")
      // A forest leaves out trees of one node, as boosting does.
      guard try inner.attribute("node_count").integer() > 1 else { continue }
      let own = try gains(of: inner, &builder)
      let gains = isBoosting ? own : normalized(own)
      if sums.isEmpty { sums = [Double](repeating: 0, count: gains.count) }
      guard gains.count == sums.count else { throw tree.unexpected("a tree of the same features") }
      for index in gains.indices { sums[index] += gains[index] }
      count += 1
    }
    guard count > 0 else { return nil }
    return normalized(sums.map { $0 / Double(count) })
  }

  private static func trees(in list: PickleView) throws(Problem) -> [PickleView] {
    guard case .array(let array) = list.value, case .objects(let ids) = array.storage else {
      return try list.elements()
    }
    return ids.enumerated().map { list.view(of: $1, "[\($0)]") }
  }

  /// Weighted impurity of a node less that of its children, by the feature it splits on.
  private static func gains(
    of tree: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    guard let object = tree.object, let first = object.arguments.first else {
      throw tree.unexpected("a tree")
    }
    let features = try tree.view(of: first, ".n_features").integer()
    let view = try tree.attribute("nodes")
    let fields = try NodeFields(view, &builder)
    let (left, right) = (try fields.integers("left_child"), try fields.integers("right_child"))
    let feature = try fields.integers("feature")
    let impurity = try fields.doubles("impurity")
    let weight = try fields.doubles("weighted_n_node_samples")
    guard 0...builder.mostFeatures ~= features, let root = weight.first,
      // Every tree has a number for each feature, also for those it never asks.
      tree.source.spend(4 * features, for: tree)
    else { throw view.unexpected("an array of tree nodes") }
    var gains = [Double](repeating: 0, count: features)
    for node in left.indices where left[node] != -1 {
      let (l, r) = (Int(left[node]), Int(right[node]))
      guard left.indices.contains(l), left.indices.contains(r), 0..<Int64(features) ~= feature[node] else {
        throw view.unexpected("nodes whose children and features are there")
      }
      gains[Int(feature[node])] +=
        weight[node] * impurity[node] - weight[l] * impurity[l] - weight[r] * impurity[r]
    }
    return gains.map { $0 / root }
  }

  private static func normalized(_ gains: [Double]) -> [Double] {
    let sum = PairwiseSum.of(gains.span)
    return sum > 0 ? gains.map { $0 / sum } : gains
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
