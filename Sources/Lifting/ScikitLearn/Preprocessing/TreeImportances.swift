import Artifacts
import Domain
import ModelGraph

/// What trees gain by each feature: Breiman's (1984) total decrease of impurity.
enum TreeImportances {
  static func of(_ view: PickleView, _ builder: inout GraphBuilder) throws(Problem) -> [Double]? {
    guard let type = view.object?.type, type.module.hasPrefix("sklearn.") else { return nil }
    if let tree = view.attributeIfPresent("tree_") { return normalized(try gains(of: tree, &builder)) }
    if type.module == "sklearn.ensemble._weight_boosting" { return try weighted(view, &builder) }
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

  /// AdaBoost's: those of its trees with their weights.
  private static func weighted(
    _ view: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double]? {
    let attribute = try view.fittedAttribute("estimator_weights_")
    let weights = try attribute.numbers(axes: 1).elements
    var sums: [Double] = []
    for (tree, weight) in zip(try view.fittedAttribute("estimators_").elements(), weights) {
      guard let type = tree.object?.type, type.module.hasPrefix("sklearn.tree."),
        let inner = tree.attributeIfPresent("tree_")
      else { return nil }
      let gains = normalized(try gains(of: inner, &builder))
      if sums.isEmpty { sums = [Double](repeating: 0, count: gains.count) }
      guard gains.count == sums.count else { throw tree.unexpected("a tree of the same features") }
      for index in gains.indices { sums[index] += weight * gains[index] }
    }
    guard !sums.isEmpty else { return nil }
    let norm = PairwiseSum.of(weights.span)
    guard norm != 0, norm.isFinite else { throw attribute.unexpected("weights with a sum other than 0") }
    return sums.map { $0 / norm }
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
