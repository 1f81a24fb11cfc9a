import Artifacts
import Domain
import ModelGraph

/// RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor,
/// RandomTreesEmbedding.
///
/// A forest adds up its trees in their order and divides by their number; numbers equal scikit-learn's on one
/// thread bit for bit.
extension Lifter {
  static let forests: [PickleGlobal: Lift] = [
    .sklearn("ensemble._forest", "RandomForestClassifier"): { estimator, input, builder throws(Problem) in
      try forestClassifier(of: .decisionTreeClassifier, estimator, input, &builder)
    },
    .sklearn("ensemble._forest", "RandomForestRegressor"): { estimator, input, builder throws(Problem) in
      try forestRegressor(of: .decisionTreeRegressor, estimator, input, &builder)
    },
    .sklearn("ensemble._forest", "ExtraTreesClassifier"): { estimator, input, builder throws(Problem) in
      try forestClassifier(of: .extraTreeClassifier, estimator, input, &builder)
    },
    .sklearn("ensemble._forest", "ExtraTreesRegressor"): { estimator, input, builder throws(Problem) in
      try forestRegressor(of: .extraTreeRegressor, estimator, input, &builder)
    },
    .sklearn("ensemble._forest", "RandomTreesEmbedding"): randomTreesEmbedding,
  ]

  private static func forestClassifier(
    of type: PickleGlobal, _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(type, &builder)
    let input = try builder.numbers(input, for: estimator)
    let targets = try TreeTargets(of: estimator, &builder)
    var arrays = TreeArrays(width: targets.width)
    for tree in trees {
      let countsInLeaves = try tree.version() < .fractionsInLeaves
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: targets.valueShape,
        &builder
      ) { leaves, start in
        targets.compact(&leaves, from: start)
        if countsInLeaves { targets.normalize(&leaves, from: start) }
        makeZeroPositive(&leaves, from: start)
      }
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), for: estimator)
    let probabilities = try builder.apply(
      arrays.ensemble(divisor: Double(trees.count)), to: checked, named: "mean", for: estimator)
    return try targets.classifier(probabilities, normalizes: false, for: estimator, &builder)
  }

  private static func forestRegressor(
    of type: PickleGlobal, _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(type, &builder)
    let input = try builder.numbers(input, for: estimator)
    let outputs = try estimator.outputCount()
    var arrays = TreeArrays(width: outputs)
    for tree in trees {
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: [outputs, 1], &builder
      ) { makeZeroPositive(&$0, from: $1) }
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), for: estimator)
    let value = try builder.apply(
      arrays.ensemble(divisor: Double(trees.count)), to: checked, named: "value", for: estimator)
    return .regressor(value, isVector: outputs == 1)
  }

  /// The leaf that each tree leads to, as the number of its node, and those through the forest's own encoder.
  static func randomTreesEmbedding(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.extraTreeRegressor, &builder)
    let input = try builder.numbers(input, for: estimator)
    var arrays = TreeArrays(width: 1)
    for (target, tree) in trees.enumerated() {
      let nodes = try TreeNodes(
        try tree.view.fittedAttribute("tree_"), features: input.columns, &builder)
      arrays.append(nodes, target: target) { node, leaves in leaves.append(Double(node)) }
    }
    let checked = try builder.treeInput(
      input, allowsNaN: try estimator.forestTakesMissing(version, trees), for: estimator)
    let leaves = try builder.apply(
      arrays.ensemble(outputs: trees.count), to: checked, named: "leaves", for: estimator)
    return try estimator.lift(
      try estimator.view.fittedAttribute("one_hot_encoder_"), label: ".one_hot_encoder_", Operand(leaves),
      &builder)
  }

  /// What is added to zeros is never −0.
  static func makeZeroPositive(_ leaves: inout [Double], from start: Int) {
    for index in start..<leaves.count where leaves[index] == 0 { leaves[index] = 0 }
  }
}

// MARK: - What forests hold

extension Estimator {
  /// The members of an ensemble: what `estimators_` lists, of which there is at least one.
  func members() throws(Problem) -> [PickleView] {
    let list = try view.fittedAttribute("estimators_")
    let views = try list.elements()
    guard !views.isEmpty else { throw list.unexpected("a list of estimators") }
    return views
  }

  /// The members of a forest, each an instance of just `type`.
  func trees(_ type: PickleGlobal, _ builder: inout GraphBuilder) throws(Problem) -> [Estimator] {
    let views = try members()
    try builder.spend(elements: views.count, for: view)
    var trees: [Estimator] = []
    trees.reserveCapacity(views.count)
    for view in views { trees.append(try tree(view, type)) }
    return trees
  }

  /// A tree that this estimator holds, an instance of just `type`.
  func tree(_ view: PickleView, _ type: PickleGlobal) throws(Problem) -> Estimator {
    guard view.object?.type == type else { throw view.unexpected("an instance of \(type)") }
    return Estimator(view, name: type.name, depth: depth + 1, outerVersion: versionText)
  }

  /// Whether a forest takes NaN at prediction: since 1.4, where its first tree does.
  fileprivate func forestTakesMissing(
    _ version: ScikitLearnVersion, _ trees: [Estimator]
  ) throws(Problem) -> Bool {
    guard version >= .one(4), let first = trees.first else { return false }
    return try first.takesMissing(version)
  }
}
