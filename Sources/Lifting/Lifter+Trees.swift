import Artifacts
import Domain
import ModelGraph

/// DecisionTreeClassifier, DecisionTreeRegressor, RandomForestClassifier, RandomForestRegressor.
///
/// Numbers equal scikit-learn's bit for bit. Up to 1.3 a classifier's leaves hold weighted counts, which it
/// divides by their sum when asked for probabilities; from 1.4 they hold fractions, which it gives as they
/// are, though not all sum to exactly 1. A forest adds up its trees in their order and divides by their number.
extension Lifter {
  static func decisionTreeClassifier(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let (features, names) = try estimator.features(of: input)
    let classes = try estimator.classes()
    var arrays = TreeArrays(outputs: classes.elements.count)
    try arrays.append(
      tree, features: features, valueShape: [1, classes.elements.count], &builder, finishing: { _ in })
    let checked = builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), origin: estimator.name)
    let values = builder.apply(
      arrays.ensemble(divisor: 1, &builder), to: checked, named: "leaf", origin: estimator.name)
    let probabilities =
      version < .fractionsInLeaves
      ? builder.apply(
        .normalizeRows(zeroSum: .keep), to: values, named: "probabilities", origin: estimator.name) : values
    return classifier(
      estimator, classes, deciding: values, probabilities: probabilities, features, names, &builder)
  }

  static func randomForestClassifier(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.decisionTreeClassifier)
    let (features, names) = try estimator.features(of: input)
    let classes = try estimator.classes()
    var arrays = TreeArrays(outputs: classes.elements.count)
    for tree in trees {
      let countsInLeaves = try tree.version() < .fractionsInLeaves
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: features,
        valueShape: [1, classes.elements.count], &builder
      ) { leaf in
        if countsInLeaves { normalize(&leaf) }
        makeZeroPositive(&leaf)
      }
    }
    let checked = builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), origin: estimator.name)
    let probabilities = builder.apply(
      arrays.ensemble(divisor: Double(trees.count), &builder), to: checked, named: "probabilities",
      origin: estimator.name)
    return classifier(
      estimator, classes, deciding: probabilities, probabilities: probabilities, features, names, &builder)
  }

  static func decisionTreeRegressor(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let (features, names) = try estimator.features(of: input)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(outputs: outputs)
    try arrays.append(
      tree, features: features, valueShape: [outputs, 1], &builder, finishing: { _ in })
    let checked = builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), origin: estimator.name)
    let value = builder.apply(
      arrays.ensemble(divisor: 1, &builder), to: checked, named: "value", origin: estimator.name)
    return regressor(value, outputs: outputs, features, names)
  }

  static func randomForestRegressor(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.decisionTreeRegressor)
    let (features, names) = try estimator.features(of: input)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(outputs: outputs)
    for tree in trees {
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: features, valueShape: [outputs, 1], &builder,
        finishing: makeZeroPositive)
    }
    let checked = builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), origin: estimator.name)
    let value = builder.apply(
      arrays.ensemble(divisor: Double(trees.count), &builder), to: checked, named: "value",
      origin: estimator.name)
    return regressor(value, outputs: outputs, features, names)
  }

  private static func classifier(
    _ estimator: Estimator, _ classes: Tensor, deciding: String, probabilities: String, _ features: Int,
    _ names: [String]?, _ builder: inout GraphBuilder
  ) -> LiftedEstimator {
    let index = builder.apply(.argMax, to: deciding, named: "index", origin: estimator.name)
    return LiftedEstimator(
      featureCount: features, featureNames: names,
      outputs: [
        LiftedEstimator.labels(classes, at: index, origin: estimator.name, &builder),
        LiftedEstimator.Output(
          method: .predictProbabilities, value: probabilities, datatype: .float64,
          shape: [-1, classes.elements.count]),
      ],
      classes: classes)
  }

  private static func regressor(
    _ value: String, outputs: Int, _ features: Int, _ names: [String]?
  ) -> LiftedEstimator {
    LiftedEstimator(
      featureCount: features, featureNames: names,
      outputs: [
        LiftedEstimator.Output(
          method: .predict, value: value, datatype: .float64, shape: outputs == 1 ? [-1] : [-1, outputs])
      ])
  }

  /// Divides by the sum, which counts as 1 where it is 0: what the tree would do with every row at this leaf.
  private static func normalize(_ leaf: inout ArraySlice<Double>) {
    let sum = PairwiseSum.of(leaf.span)
    guard sum != 0 else { return }
    for index in leaf.indices { leaf[index] /= sum }
  }

  /// A forest adds to zeros, and so never gives −0.
  private static func makeZeroPositive(_ leaf: inout ArraySlice<Double>) {
    for index in leaf.indices where leaf[index] == 0 { leaf[index] = 0 }
  }
}

extension GraphBuilder {
  /// The input as trees take it.
  fileprivate mutating func treeInput(_ input: GraphValue, allowsNaN: Bool, origin: String) -> String {
    apply(
      .checkFinite(allowsNaN: allowsNaN, asFloat32: true), to: input.name, named: "checked", origin: origin)
  }
}

// MARK: - What trees and forests hold

extension Estimator {
  fileprivate func features(
    of input: GraphValue
  ) throws(Problem) -> (count: Int, names: [String]?) {
    let count = try featureCount(of: input)
    return (count, try featureNames(count: count))
  }

  fileprivate func outputCount() throws(Problem) -> Int {
    let attribute = try view.fittedAttribute("n_outputs_")
    let count = try attribute.integer()
    guard count > 0 else { throw attribute.unexpected("a count above 0") }
    return count
  }

  /// The labels of a classifier of one output.
  fileprivate func classes() throws(Problem) -> Tensor {
    let outputs = try outputCount()
    guard outputs == 1 else {
      throw refuseOutputs(outputs)
    }
    return try view.fittedAttribute("classes_").labels()
  }

  /// The trees of a forest, each an instance of just `type`.
  fileprivate func trees(_ type: PickleGlobal) throws(Problem) -> [Estimator] {
    let list = try view.fittedAttribute("estimators_")
    let views = try list.elements()
    guard !views.isEmpty else { throw list.unexpected("a list of trees") }
    var trees: [Estimator] = []
    trees.reserveCapacity(views.count)
    for view in views {
      guard view.object?.type == type else { throw view.unexpected("an instance of \(type)") }
      trees.append(Estimator(view, name: type.name, depth: depth + 1))
    }
    return trees
  }

  /// Whether a single tree takes NaN at prediction: since 1.3, and until 1.8 by how it was trained.
  fileprivate func takesMissing(_ version: ScikitLearnVersion) throws(Problem) -> Bool {
    guard version >= .missingInTrees else { return false }
    guard version < .missingInAllTrees else { return true }
    let splitters = version < .missingInRandomTrees ? ["best"] : ["best", "random"]
    guard splitters.contains(try view.attribute("splitter").string()) else { return false }
    let criteria = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"]
    guard criteria.contains(try view.attribute("criterion").string()) else { return false }
    return view.attributeIfPresent("monotonic_cst")?.isNone ?? true
  }

  /// Whether a forest takes NaN at prediction: since 1.4, where its first tree does.
  fileprivate func forestTakesMissing(
    _ version: ScikitLearnVersion, _ trees: [Estimator]
  ) throws(Problem) -> Bool {
    guard version >= .missingInForests, let first = trees.first else { return false }
    return try first.takesMissing(version)
  }
}

extension ScikitLearnVersion {
  fileprivate static let missingInTrees = Self(major: 1, minor: 3)
  fileprivate static let missingInForests = Self(major: 1, minor: 4)
  fileprivate static let fractionsInLeaves = Self(major: 1, minor: 4)
  fileprivate static let missingInRandomTrees = Self(major: 1, minor: 6)
  fileprivate static let missingInAllTrees = Self(major: 1, minor: 9)
}
