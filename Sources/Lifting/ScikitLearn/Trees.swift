import Artifacts
import Domain
import ModelGraph

/// DecisionTreeClassifier, DecisionTreeRegressor, RandomForestClassifier, RandomForestRegressor.
///
/// Numbers equal scikit-learn's bit for bit. Up to 1.3 a classifier's leaves hold weighted counts, which it
/// divides by their sum when asked for probabilities; from 1.4 they hold fractions, which it gives as they
/// are, though not all sum to exactly 1. A forest adds up its trees in their order and divides by their number.
extension Lifter {
  static let trees: [PickleGlobal: Lift] = [
    .decisionTreeClassifier: decisionTreeClassifier,
    .decisionTreeRegressor: decisionTreeRegressor,
    .sklearn("ensemble._forest", "RandomForestClassifier"): randomForestClassifier,
    .sklearn("ensemble._forest", "RandomForestRegressor"): randomForestRegressor,
  ]

  static func decisionTreeClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let input = try builder.numbers(input, for: estimator)
    let classes = try estimator.singleClasses()
    var arrays = TreeArrays(width: classes.elements.count)
    try arrays.append(
      tree, features: input.columns, valueShape: [1, classes.elements.count], &builder)
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), for: estimator)
    let values = try builder.apply(
      arrays.ensemble(), to: checked, named: "leaf", for: estimator)
    let probabilities =
      version < .fractionsInLeaves
      ? try builder.apply(
        NormalizeRows(zeroNorm: .keep), to: values, named: "probabilities", for: estimator) : values
    return try treeClassifier(
      estimator, classes, deciding: values, probabilities: probabilities, &builder)
  }

  static func randomForestClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.decisionTreeClassifier)
    let input = try builder.numbers(input, for: estimator)
    let classes = try estimator.singleClasses()
    var arrays = TreeArrays(width: classes.elements.count)
    for tree in trees {
      let countsInLeaves = try tree.version() < .fractionsInLeaves
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns,
        valueShape: [1, classes.elements.count], &builder
      ) { leaves, start in
        if countsInLeaves { normalize(&leaves, from: start) }
        makeZeroPositive(&leaves, from: start)
      }
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), for: estimator)
    let probabilities = try builder.apply(
      arrays.ensemble(divisor: Double(trees.count)), to: checked, named: "probabilities", for: estimator)
    return try treeClassifier(
      estimator, classes, deciding: probabilities, probabilities: probabilities, &builder)
  }

  static func decisionTreeRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let tree = try estimator.view.fittedAttribute("tree_")
    let input = try builder.numbers(input, for: estimator)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(width: outputs)
    try arrays.append(
      tree, features: input.columns, valueShape: [outputs, 1], &builder)
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.takesMissing(version), for: estimator)
    let value = try builder.apply(
      arrays.ensemble(), to: checked, named: "value", for: estimator)
    return .regressor(value, isVector: outputs == 1)
  }

  static func randomForestRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.decisionTreeRegressor)
    let input = try builder.numbers(input, for: estimator)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(width: outputs)
    for tree in trees {
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: [outputs, 1], &builder,
        finishing: { makeZeroPositive(&$0, from: $1) })
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), for: estimator)
    let value = try builder.apply(
      arrays.ensemble(divisor: Double(trees.count)), to: checked, named: "value", for: estimator)
    return .regressor(value, isVector: outputs == 1)
  }

  private static func treeClassifier(
    _ estimator: Estimator, _ classes: Tensor, deciding: GraphValue, probabilities: GraphValue,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let index = try builder.apply(ArgMax(), to: deciding, named: "index", for: estimator)
    return try .classifier(
      classes, index: index, probabilities: probabilities, for: estimator, &builder)
  }

  /// Divides by the sum, which counts as 1 where it is 0: what the tree would do with every row at this leaf.
  private static func normalize(_ leaves: inout [Double], from start: Int) {
    let sum = PairwiseSum.of(leaves.span.extracting(start..<leaves.count))
    guard sum != 0 else { return }
    for index in start..<leaves.count { leaves[index] /= sum }
  }

  /// A forest adds to zeros, and so never gives −0.
  private static func makeZeroPositive(_ leaves: inout [Double], from start: Int) {
    for index in start..<leaves.count where leaves[index] == 0 { leaves[index] = 0 }
  }
}

extension GraphBuilder {
  /// The input as trees take it.
  fileprivate mutating func treeInput(
    _ input: GraphValue, allowsNaN: Bool, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    try apply(
      CheckFinite(allowsNaN: allowsNaN, asFloat32: true), to: input, named: "checked", for: estimator)
  }
}

// MARK: - What trees and forests hold

extension Estimator {
  fileprivate func outputCount() throws(Problem) -> Int {
    let attribute = try view.fittedAttribute("n_outputs_")
    let count = try attribute.integer()
    guard count > 0 else { throw attribute.unexpected("a count above 0") }
    return count
  }

  /// The labels of a classifier of one output.
  fileprivate func singleClasses() throws(Problem) -> Tensor {
    let outputs = try outputCount()
    guard outputs == 1 else {
      throw Problem(
        .refused, "lift.multi-output-classifier",
        "expected \(view.path) to be a classifier of one output, found \(outputs) outputs",
        position: view.position, hint: "fit one classifier for each output and push each")
    }
    return try classes()
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
      trees.append(Estimator(view, name: type.name, depth: depth + 1, outerVersion: versionText))
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

extension PickleGlobal {
  static let decisionTreeClassifier = sklearn("tree._classes", "DecisionTreeClassifier")
  static let decisionTreeRegressor = sklearn("tree._classes", "DecisionTreeRegressor")
}
