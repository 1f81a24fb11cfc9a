import Artifacts
import Domain
import ModelGraph

/// LightGBM: Booster, and the classes of its scikit-learn interface.
extension Lifter {
  static let lightGBM: [PickleGlobal: Lift] = [
    .lightGBMBooster: lightGBMBooster,
    .lightGBM("sklearn", "LGBMClassifier"): lightGBMClassifier,
    .lightGBM("sklearn", "LGBMRegressor"): lightGBMRegressor,
    .lightGBM("sklearn", "LGBMRanker"): lightGBMRegressor,
    .lightGBM("sklearn", "LGBMModel"): lightGBMRegressor,
  ]

  /// `Booster.predict` of an array.
  static func lightGBMBooster(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try LightGBMBooster(estimator, &builder)
    return .regressor(
      try booster.value(input, &builder), isVector: booster.outputs == 1)
  }

  static func lightGBMRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try estimator.lightGBMBooster(&builder)
    return .regressor(
      try booster.value(input, &builder), isVector: booster.outputs == 1)
  }

  static func lightGBMClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try estimator.lightGBMBooster(&builder)
    // With an objective of one's own the library gives sums in the place of labels and probabilities.
    guard try estimator.view.fittedAttribute("_objective").text != nil, booster.parameters.objective != nil
    else {
      throw estimator.unsupported(
        "_objective", "a function", hint: "train with one of LightGBM's own objectives")
    }
    let labels = try estimator.view.fittedAttribute("_le").fittedAttribute("classes_")
    let classes = try labels.labels()
    let value = try booster.value(input, &builder)
    let count = classes.elements.count
    guard count == (value.columns == 1 ? 2 : value.columns) else {
      throw labels.unexpected("an array of \(value.columns == 1 ? 2 : value.columns) labels")
    }
    let probabilities =
      value.columns == 1
      ? try builder.apply(Complement(), to: value, named: "probabilities", for: estimator) : value
    let index = try builder.apply(ArgMax(), to: probabilities, named: "index", for: estimator)
    return try .classifier(classes, index: index, probabilities: probabilities, for: estimator, &builder)
  }
}

extension PickleGlobal {
  static let lightGBMBooster = lightGBM("basic", "Booster")

  /// A class of LightGBM by the module below `lightgbm`.
  static func lightGBM(_ module: String, _ name: String) -> Self {
    Self(module: "lightgbm.\(module)", name: name)
  }
}

extension LightGBMBooster {
  /// What the objective makes of the sums, up to the round that was best.
  fileprivate func value(
    _ operand: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let sums = try sums(try rows(operand, &builder), rounds: try bestRounds(), &builder)
    return try linked(sums, &builder)
  }

  /// How many rounds were best; nil where all of them count.
  private func bestRounds() throws(Problem) -> Int? {
    guard let best = estimator.view.attributeIfPresent("best_iteration"), !best.isNone else { return nil }
    let number = try best.integer()
    return number > 0 ? number : nil
  }

  /// How often the trees split on each feature, or what they gain by it in all; a split that gains nothing is left out.
  ///
  /// Source: `GBDT::FeatureImportance` of LightGBM.
  fileprivate func importances(
    byGain: Bool, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    guard 0...builder.mostFeatures ~= parameters.featureCount,
      estimator.view.source.spend(4 * parameters.featureCount, for: estimator.view)
    else {
      throw refuse(
        "too-many-features",
        "expected \(estimator.view.path) to read at most \(builder.mostFeatures) features, found"
          + " \(parameters.featureCount)")
    }
    var importances = [Double](repeating: 0, count: parameters.featureCount)
    let rounds = try bestRounds() ?? forest.count
    let (most, overflow) = rounds.multipliedReportingOverflow(by: parameters.treesPerRound)
    for tree in forest.prefix(overflow ? forest.count : max(0, most)) {
      guard tree.gains.count == tree.feature.count else {
        throw refuse(
          "unexpected-attribute",
          "expected \(estimator.view.path) to say what each split gains, found trees that do not")
      }
      for (feature, gain) in zip(tree.feature, tree.gains) where gain > 0 {
        guard importances.indices.contains(Int(feature)) else { continue }
        importances[Int(feature)] += byGain ? gain : 1
      }
    }
    return importances
  }
}

extension Estimator {
  /// The `feature_importances_` of a model of LightGBM; nil of anything else.
  func lightGBMImportances(_ builder: inout GraphBuilder) throws(Problem) -> [Double]? {
    guard let type = view.object?.type, type.module == "lightgbm.sklearn",
      let attribute = view.attributeIfPresent("_Booster"), attribute.object?.type == .lightGBMBooster
    else { return nil }
    let kind = try view.attribute("importance_type")
    guard let name = kind.text, ["split", "gain"].contains(name) else {
      throw kind.unexpected("'split' or 'gain'")
    }
    let booster = try LightGBMBooster(
      Estimator(attribute, name: type.name, depth: depth + 1), &builder)
    return try booster.importances(byGain: name == "gain", &builder)
  }
}

extension Estimator {
  /// The booster inside; parameters that would change how it predicts are refused.
  fileprivate func lightGBMBooster(_ builder: inout GraphBuilder) throws(Problem) -> LightGBMBooster {
    let attribute = try view.fittedAttribute("_Booster")
    guard attribute.object?.type == .lightGBMBooster else {
      throw attribute.unexpected("an instance of \(PickleGlobal.lightGBMBooster)")
    }
    for name in Self.predictionParameters {
      guard let parameter = view.attributeIfPresent(name), !parameter.isNone else { continue }
      if case .bool(false) = parameter.value { continue }
      throw unsupported(name, parameter.description, hint: "train without '\(name)'")
    }
    return try LightGBMBooster(Estimator(attribute, name: name, depth: depth + 1), &builder)
  }

  /// Parameters that LightGBM's own predictor heeds, which the interface hands on.
  private static let predictionParameters = [
    "pred_early_stop", "pred_early_stop_freq", "pred_early_stop_margin", "start_iteration_predict",
    "num_iteration_predict", "predict_raw_score", "is_predict_raw_score", "predict_rawscore",
    "predict_leaf_index", "is_predict_leaf_index", "leaf_index", "predict_contrib", "is_predict_contrib",
    "contrib",
  ]
}
