import Artifacts
import Domain
import ModelGraph

/// What becomes of the raw predictions of a boosted model, by its loss.
enum RawPrediction {
  /// They are the values.
  case value
  /// The values are their exponentials.
  case exp
  /// 1 ÷ (1 + e⁻ʳ) is the probability of the second class.
  case logistic
  /// 1 ÷ (1 + e⁻²ʳ) is.
  case doubledLogistic
  /// Softmax, as exp(r − log Σ exp r).
  case logSumExp
  /// Softmax, as exp(r − max) ÷ Σ exp(r − max).
  case softmax

  /// How a classifier decides.
  enum Decision {
    /// By the greatest probability, the first of several.
    case greatestProbability
    /// By the greatest raw prediction, the first of several.
    case greatest
    /// For the second class where the raw prediction is above 0.
    case positive
    /// For the second class where it is 0 or above.
    case notNegative
  }

  /// Whether there is a raw prediction for each class.
  var isMulticlass: Bool { self == .logSumExp || self == .softmax }

  /// A classifier of these raw predictions.
  func classifier(
    _ raw: GraphValue, _ classes: Tensor, _ decision: Decision, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let probabilities = try probabilities(raw, for: estimator, &builder)
    let index: GraphValue =
      switch decision {
      case .greatestProbability:
        try builder.apply(ArgMax(), to: probabilities, named: "index", for: estimator)
      case .greatest: try builder.apply(ArgMax(), to: raw, named: "index", for: estimator)
      case .positive: try builder.apply(Positive(), to: raw, named: "index", for: estimator)
      case .notNegative:
        try builder.apply(Positive(includesThreshold: true), to: raw, named: "index", for: estimator)
      }
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: raw, for: estimator, &builder)
  }

  private func probabilities(
    _ raw: GraphValue, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    var value = raw
    switch self {
    case .value, .exp: break
    case .logistic, .doubledLogistic:
      if self == .doubledLogistic {
        value = try builder.apply(
          Combine(.multiply, constants: [2]), to: value, named: "doubled", for: estimator)
      }
      value = try builder.apply(MapElements(.logistic), to: value, named: "positive", for: estimator)
      value = try builder.apply(Complement(), to: value, named: "probabilities", for: estimator)
    case .logSumExp:
      let sum = try builder.apply(ReduceRows(.logSumExp), to: value, named: "log_sum", for: estimator)
      value = try builder.apply(
        Combine(.subtract), to: [value, sum], named: "log_probabilities", for: estimator)
      value = try builder.apply(MapElements(.exp), to: value, named: "probabilities", for: estimator)
    case .softmax:
      value = try builder.apply(Softmax(), to: value, named: "probabilities", for: estimator)
    }
    return value
  }
}

extension Estimator {
  /// What the loss of a boosted model, `_loss` or in old versions `loss_`, makes of raw predictions.
  func boostingLoss(_ losses: [PickleGlobal: RawPrediction]) throws(Problem) -> RawPrediction {
    let attribute: PickleView
    if let own = view.attributeIfPresent("_loss") {
      attribute = own
    } else {
      attribute = try view.fittedAttribute("loss_")
    }
    guard let type = attribute.object?.type, let loss = losses[type] else {
      let names = Set(losses.keys.map(\.name)).sorted().joined(separator: ", ")
      throw attribute.unexpected("one of the losses \(names)")
    }
    return loss
  }
}

extension PickleGlobal {
  /// A loss that all of scikit-learn shares since 1.1.
  static func loss(_ name: String) -> Self { sklearn("_loss.loss", name) }
}
