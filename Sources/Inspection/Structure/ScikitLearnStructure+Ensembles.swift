import Artifacts

extension ScikitLearnStructure {
  /// Checks an ensemble of `sklearn.ensemble` that hands rows to trees which do not look at them again.
  mutating func checkEnsemble(_ id: ValueID, _ object: PickleObject) {
    let attributes = values.attributes(of: object)
    switch object.type.name {
    case "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
      "RandomTreesEmbedding":
      checkForest(id, attributes)
    case "GradientBoostingClassifier", "GradientBoostingRegressor":
      checkForest(id, attributes)
      checkBoosting(id, attributes, isClassifier: object.type.name.hasSuffix("Classifier"))
    case "IsolationForest": checkIsolationForest(id, attributes)
    case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor": checkHistograms(id, attributes)
    default: break
    }
  }

  private mutating func tree(of estimator: ValueID) -> ValueID? {
    values.object(estimator).flatMap { values.attributes(of: $0)["tree_"] }
  }

  private mutating func checkForest(_ id: ValueID, _ attributes: [String: ValueID]) {
    guard let width = width(attributes), let estimators = values.elements(attributes["estimators_"]),
      spend(estimators.count, at: id)
    else { return }
    for estimator in estimators {
      guard let tree = tree(of: estimator) else { continue }
      guard checkFeatures(of: tree, within: width, at: id) else { return }
      if let own = widths[tree], own != width {
        return report(
          .treeDamage, "expected trees of \(width) features, as their forest has, found one of \(own)", at: id
        )
      }
    }
  }

  /// Each column of `estimators_` adds to one column of the sums, which are as many as there are classes.
  private mutating func checkBoosting(
    _ id: ValueID, _ attributes: [String: ValueID], isClassifier: Bool
  ) {
    guard let estimators = values.array(attributes["estimators_"]) else { return }
    let classes = isClassifier ? values.integer(attributes["n_classes_"]) : 1
    let columns = classes.map { $0 <= 2 ? 1 : $0 }
    let declared = values.integer(attributes["n_trees_per_iteration_"])
    for expected in [columns, declared].compactMap({ $0 }) {
      guard estimators.shape.count == 2, Int64(estimators.shape[1]) == expected else {
        return report(
          .treeStructure,
          "expected \(expected) trees in each round of boosting, found the shape \(estimators.shape.prefix(8))",
          at: id)
      }
    }
    guard let classes, isClassifier, let initial = attributes["init_"].flatMap({ values.object($0) }),
      let labels = values.array(values.attributes(of: initial)["classes_"]), Int64(labels.count) != classes
    else { return }
    report(
      .treeStructure,
      "expected \(classes) classes in the estimator that boosting begins with, found \(labels.count)", at: id)
  }

  private mutating func checkIsolationForest(_ id: ValueID, _ attributes: [String: ValueID]) {
    guard let width = width(attributes), let estimators = values.elements(attributes["estimators_"]),
      let columns = values.elements(attributes["estimators_features_"]), spend(estimators.count, at: id)
    else { return }
    for (estimator, columns) in zip(estimators, columns) {
      guard let tree = tree(of: estimator), let columns = values.array(columns) else { continue }
      guard checkFeatures(of: tree, within: min(width, Int64(columns.count)), at: id) else { return }
    }
  }

  private mutating func checkHistograms(_ id: ValueID, _ attributes: [String: ValueID]) {
    guard let width = width(attributes), let rounds = values.elements(attributes["_predictors"]) else {
      return
    }
    let hasCategories =
      values.isPresent(attributes["is_categorical_"])
      || values.isPresent(attributes["_is_categorical_remapped"])
    var number = 0
    for round in rounds {
      guard let predictors = values.elements(round), spend(predictors.count + 1, at: id) else { return }
      for predictor in predictors {
        guard let object = values.object(predictor), object.type.name == "TreePredictor" else { continue }
        checkPredictor(predictor, object, number: number, width: width, hasCategories: hasCategories)
        number += 1
      }
    }
  }

  /// Checks the `TreePredictor` of histogram gradient boosting.
  private mutating func checkPredictor(
    _ id: ValueID, _ object: PickleObject, number: Int, width: Int64, hasCategories: Bool
  ) {
    let state = values.attributes(of: object)
    guard let nodes = values.array(state["nodes"]), nodes.shape.count == 1, let items = nodes.items,
      spend(nodes.count, at: id), let left = items.field("left")?.integers(),
      let right = items.field("right")?.integers(), let feature = items.field("feature_idx")?.integers(),
      let isLeaf = items.field("is_leaf")?.integers(), items.field("value")?.doubles() != nil,
      items.field("num_threshold")?.doubles() != nil
    else {
      return report(
        .treeDamage,
        "expected nodes with the fields of histogram gradient boosting in tree \(number), found others",
        at: id)
    }
    do throws(TreeViolation) {
      try TreeStructure.check(tree: number, count: left.count, features: Int(clamping: width)) { node in
        isLeaf[node] != 0
          ? .leaf : .split(left: left[node], right: right[node], feature: feature[node])
      }
    } catch {
      return report(error.isHarmful ? .treeStructure : .treeDamage, error.description, at: id)
    }
    // Before 0.24 there were no categories.
    guard let isCategorical = items.field("is_categorical")?.integers(),
      let rows = items.field("bitset_idx")?.integers()
    else { return }
    let sets = values.array(state["raw_left_cat_bitsets"])
    let setCount = sets.map { $0.shape.count == 2 && $0.shape[1] == 8 ? $0.shape[0] : 0 } ?? 0
    for node in isLeaf.indices where isLeaf[node] == 0 && isCategorical[node] != 0 {
      guard hasCategories, rows[node] >= 0, rows[node] < setCount else {
        return report(
          .treeStructure,
          "expected one of \(hasCategories ? setCount : 0) sets of categories at node \(node) of tree \(number),"
            + " found number \(rows[node])", at: id)
      }
    }
  }
}
