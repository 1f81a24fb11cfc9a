import Artifacts
import Domain
import Encoding
import ModelGraph

// What CatBoost's classifiers and regressors make of the sums.
extension CatBoostBooster {
  /// The answers that the loss function asks for.
  func answers(to sums: GraphValue, _ builder: inout GraphBuilder) throws(Problem) -> LiftedEstimator {
    let loss = model.information["params"]?["loss_function"]?["type"]?.string
    if let loss, Self.classifying.contains(loss) { return try classifier(sums, loss, &builder) }
    guard let loss, Self.raw.contains(loss) || Self.exponential.contains(loss) else {
      throw refuse(
        "unsupported-objective",
        "expected \(estimator.view.path) to have a loss function that can be lifted, found"
          + " '\(loss?.excerpt(80) ?? "none")'", hint: "train with one of CatBoost's own loss functions")
    }
    guard Self.exponential.contains(loss) else {
      return .regressor(sums, isVector: model.outputs == 1)
    }
    let value = try builder.apply(MapElements(.exp), to: sums, named: "exponent", for: estimator)
    return .regressor(value, isVector: model.outputs == 1)
  }

  /// Those after which `predict` gives the sums themselves.
  private static let raw: Set<String> = [
    "RMSE", "MAE", "Quantile", "MultiQuantile", "GroupQuantile", "Expectile", "LogLinQuantile", "MAPE", "Lq",
    "Huber", "LogCosh", "MultiRMSE", "MultiRMSEWithMissingValues", "SurvivalAft", "Cox", "QueryRMSE",
    "QuerySoftMax", "PairLogit", "PairLogitPairwise", "YetiRank", "YetiRankPairwise", "StochasticFilter",
    "StochasticRank", "LambdaMart",
  ]
  /// Those after which `predict` gives their exponential.
  private static let exponential: Set<String> = ["Poisson", "Tweedie"]
  private static let classifying: Set<String> = [
    "Logloss", "CrossEntropy", "Focal", "MultiClass", "MultiClassOneVsAll",
  ]

  private func classifier(
    _ sums: GraphValue, _ loss: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let isMulticlass = loss == "MultiClass" || loss == "MultiClassOneVsAll"
    if let threshold = model.information["binclass_probability_threshold"] {
      throw refuse(
        "unsupported-attribute",
        "expected \(estimator.view.path) to have no binclass_probability_threshold, found"
          + " '\(threshold.string?.excerpt(20) ?? threshold.kind)'",
        hint: "save the model without a threshold and compare probabilities with it")
    }
    guard isMulticlass ? model.outputs > 1 : model.outputs == 1 else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have outputs as \(loss) asks for, found \(model.outputs)")
    }
    let classes = try labels(count: isMulticlass ? model.outputs : 2)
    let index: GraphValue
    var probabilities: GraphValue
    if isMulticlass {
      index = try builder.apply(ArgMax(), to: sums, named: "index", for: estimator)
    } else {
      index = try builder.apply(Positive(), to: sums, named: "index", for: estimator)
    }
    if loss == "MultiClass" {
      probabilities = try builder.apply(Softmax(), to: sums, named: "probabilities", for: estimator)
    } else {
      probabilities = try builder.apply(
        MapElements(.logistic), to: sums, named: "probabilities", for: estimator)
    }
    if !isMulticlass {
      probabilities = try builder.apply(
        Complement(), to: probabilities, named: "probabilities", for: estimator)
    }
    var lifted = try LiftedEstimator.classifier(
      classes, index: index, probabilities: probabilities, decision: sums, for: estimator, &builder)
    if isMulticlass, let label = lifted.predict?.values.first {
      // Of several classes the library gives the label as a row of one.
      lifted.predict = LiftedEstimator.Answer(label)
    }
    return lifted
  }

  /// The labels of the classes, in the order of the outputs.
  private func labels(count: Int) throws(Problem) -> Tensor {
    let parameters = model.information["class_params"]
    // More classes than were seen have probabilities of their own, which are 0.
    let stated = parameters?["classes_count"]
    guard stated == nil || stated?.integer == 0 || stated?.integer == Int64(count) else {
      throw refuse(
        "unsupported-attribute",
        "expected \(estimator.view.path) to have \(count) in class_params.classes_count, or 0, found another",
        hint: "train without classes_count")
    }
    let kind = parameters?["class_label_type"]?.string
    let names = parameters?["class_names"]?.array ?? []
    // Without names the classes are whole numbers, which stand for themselves.
    let numbers = parameters?["class_to_label"]?.array?.compactMap {
      $0.double.flatMap { Int64(exactly: $0) }
    }
    let elements: Tensor.Elements?
    if names.isEmpty, kind == "Integer" {
      elements = .int64(numbers ?? [])
    } else if numbers == names.indices.map(Int64.init) {
      switch kind {
      case "Integer": elements = .int64(names.compactMap(\.integer))
      case "Float": elements = .float64(names.compactMap(\.double))
      case "String": elements = .string(names.compactMap(\.string))
      case "Boolean": elements = .bool(names.compactMap(\.bool))
      default: elements = nil
      }
    } else {
      elements = nil
    }
    guard let elements, elements.count == count, let labels = Tensor(shape: [count], elements: elements)
    else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have \(count) labels of one type in class_params, found"
          + " \(names.count) of type '\(kind?.excerpt(20) ?? "none")'")
    }
    return labels
  }
}
