import Artifacts
import Domain
import ModelGraph

/// DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor.
///
/// Numbers equal scikit-learn's bit for bit. Up to 1.3 a classifier's leaves hold weighted counts, which it
/// divides by their sum when asked for probabilities; from 1.4 they hold fractions, which it gives as they
/// are, though not all sum to exactly 1.
extension Lifter {
  static let trees: [PickleGlobal: Lift] = [
    .decisionTreeClassifier: treeClassifier,
    .decisionTreeRegressor: treeRegressor,
    .extraTreeClassifier: treeClassifier,
    .extraTreeRegressor: treeRegressor,
  ]

  static func treeClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let input = try builder.numbers(input, for: estimator)
    let targets = try TreeTargets(of: estimator, &builder)
    var arrays = TreeArrays(width: targets.width)
    try arrays.append(tree, features: input.columns, valueShape: targets.valueShape, &builder) {
      targets.compact(&$0, from: $1)
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), for: estimator)
    let values = try builder.apply(arrays.ensemble(), to: checked, named: "leaf", for: estimator)
    return try targets.classifier(
      values, normalizes: version < .fractionsInLeaves, for: estimator, &builder)
  }

  static func treeRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let input = try builder.numbers(input, for: estimator)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(width: outputs)
    try arrays.append(tree, features: input.columns, valueShape: [outputs, 1], &builder)
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), for: estimator)
    let value = try builder.apply(arrays.ensemble(), to: checked, named: "value", for: estimator)
    return .regressor(value, isVector: outputs == 1)
  }
}

extension GraphBuilder {
  /// The input as trees take it.
  mutating func treeInput(
    _ input: GraphValue, allowsNaN: Bool, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    try apply(
      CheckFinite(allowsNaN: allowsNaN, asFloat32: true), to: input, named: "checked", for: estimator)
  }
}

// MARK: - What trees take

extension Estimator {
  /// Whether a single tree takes NaN at prediction: since 1.3, and until 1.8 by how it was trained.
  ///
  /// ExtraTreeClassifier asks for its own splitter since 1.6, ExtraTreeRegressor since 1.8: it meant to before.
  func takesMissing(_ version: ScikitLearnVersion) throws(Problem) -> Bool {
    guard version >= .one(3) else { return false }
    let asksForRandom =
      (name == PickleGlobal.extraTreeClassifier.name && version >= .one(6))
      || (name == PickleGlobal.extraTreeRegressor.name && version >= .one(8))
    let splitters =
      asksForRandom ? ["random"] : version < .one(6) ? ["best"] : ["best", "random"]
    if version < .one(9) || asksForRandom {
      guard splitters.contains(try view.attribute("splitter").string()) else { return false }
    }
    guard version < .one(9) else { return true }
    let criteria = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"]
    guard criteria.contains(try view.attribute("criterion").string()) else { return false }
    return view.attributeIfPresent("monotonic_cst")?.isNone ?? true
  }
}

extension ScikitLearnVersion {
  /// From here on a classifier's leaves hold fractions, until here counts.
  static let fractionsInLeaves = one(4)
}

extension PickleGlobal {
  static let decisionTreeClassifier = sklearn("tree._classes", "DecisionTreeClassifier")
  static let decisionTreeRegressor = sklearn("tree._classes", "DecisionTreeRegressor")
  static let extraTreeClassifier = sklearn("tree._classes", "ExtraTreeClassifier")
  static let extraTreeRegressor = sklearn("tree._classes", "ExtraTreeRegressor")
}
