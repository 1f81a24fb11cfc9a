import Artifacts
import Domain
import ModelGraph

/// Regressors whose prediction is x · coef_ + intercept_, perhaps through a function, whatever fitted them.
extension Lifter {
  static let linearRegressors: [PickleGlobal: Lift] = [
    .sklearn("linear_model._base", "LinearRegression"): linearRegression,
    .sklearn("linear_model._bayes", "ARDRegression"): linearRegression,
    .sklearn("linear_model._bayes", "BayesianRidge"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "ElasticNet"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "ElasticNetCV"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "Lasso"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "LassoCV"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "MultiTaskElasticNet"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "MultiTaskElasticNetCV"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "MultiTaskLasso"): linearRegression,
    .sklearn("linear_model._coordinate_descent", "MultiTaskLassoCV"): linearRegression,
    .sklearn("linear_model._huber", "HuberRegressor"): linearRegression,
    .sklearn("linear_model._least_angle", "Lars"): linearRegression,
    .sklearn("linear_model._least_angle", "LarsCV"): linearRegression,
    .sklearn("linear_model._least_angle", "LassoLars"): linearRegression,
    .sklearn("linear_model._least_angle", "LassoLarsCV"): linearRegression,
    .sklearn("linear_model._least_angle", "LassoLarsIC"): linearRegression,
    .sklearn("linear_model._omp", "OrthogonalMatchingPursuit"): linearRegression,
    .sklearn("linear_model._omp", "OrthogonalMatchingPursuitCV"): linearRegression,
    .sklearn("linear_model._passive_aggressive", "PassiveAggressiveRegressor"): linearRegression,
    .sklearn("linear_model._quantile", "QuantileRegressor"): linearRegression,
    .sklearn("linear_model._ridge", "Ridge"): linearRegression,
    .sklearn("linear_model._ridge", "RidgeCV"): linearRegression,
    .sklearn("linear_model._stochastic_gradient", "SGDRegressor"): linearRegression,
    .sklearn("linear_model._theil_sen", "TheilSenRegressor"): linearRegression,
    .sklearn("svm._classes", "LinearSVR"): linearRegression,
    .sklearn("linear_model._glm.glm", "GammaRegressor"): generalizedLinearRegression,
    .sklearn("linear_model._glm.glm", "PoissonRegressor"): generalizedLinearRegression,
    .sklearn("linear_model._glm.glm", "TweedieRegressor"): generalizedLinearRegression,
    .sklearn("linear_model._ransac", "RANSACRegressor"): ransac,
    .sklearn("linear_model._stochastic_gradient", "SGDOneClassSVM"): sgdOneClass,
  ]

  static func linearRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let (value, isVector, datatype) = try linearPrediction(estimator, input, &builder)
    return .regressor(value, isVector: isVector, datatype: datatype)
  }

  /// The inverse of the link on top: that of the fitted loss, which the parameters alone do not decide.
  static func generalizedLinearRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // `_link_instance` until 1.0, then a part of the loss.
    let link: PickleView
    if let instance = estimator.view.attributeIfPresent("_link_instance") {
      link = instance
    } else {
      link = try estimator.view.fittedAttribute("_base_loss").attribute("link")
    }
    let (value, isVector, datatype) = try linearPrediction(estimator, input, &builder)
    let modules = ["sklearn.linear_model._glm.link", "sklearn._loss.link"]
    switch link.object.flatMap({ modules.contains($0.type.module) ? $0.type.name : nil }) {
    case "IdentityLink": return .regressor(value, isVector: isVector, datatype: datatype)
    case "LogLink":
      let mean = try estimator.apply(MapElements(.exp), to: value, named: "mean", &builder)
      return .regressor(mean, isVector: isVector, datatype: datatype)
    default: throw link.unexpected("an instance of IdentityLink or LogLink")
    }
  }

  private static func linearPrediction(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> (value: GraphValue, isVector: Bool, datatype: Datatype?) {
    // The generalised models of 0.24 do not say how many features they were fitted on.
    var count: Int?
    if case .array(let array)? = estimator.view.attributeIfPresent("coef_")?.value {
      count = array.shape.last.flatMap { $0 > 0 ? $0 : nil }
    }
    let checked = try estimator.finiteInput(input, count: count, &builder)
    let coefficients = try LinearCoefficients(of: estimator, features: checked.columns, &builder)
    let (value, datatype) = try coefficients.applied(
      to: checked, of: input, named: "value", for: estimator, &builder)
    return (value, coefficients.isVector, datatype)
  }

  /// The model that was fitted on what it took for inliers.
  static func ransac(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var operand = input
    if estimator.view.attributeIfPresent("n_features_in_") != nil {
      operand = try estimator.columns(of: input, &builder)
    }
    let inner = try estimator.view.fittedAttribute("estimator_")
    let lifted = try estimator.lift(inner, label: ".estimator_", operand, &builder)
    guard lifted.predict != nil else { throw inner.unexpected("an estimator that predicts") }
    return LiftedEstimator(predict: lifted.predict)
  }

  /// x · coef_ − offset_, an inlier where that is not negative.
  static func sgdOneClass(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let coefficients = try LinearCoefficients(
      of: estimator, features: checked.columns, outputs: 1, added: "offset_", &builder)
    let decision = try estimator.apply(
      Linear(coefficients: coefficients.weights, intercepts: coefficients.intercepts.map { -$0 }),
      to: checked, named: "decision", &builder)
    return try outlierDetector(
      decision, Positive(includesThreshold: true), labels: .int32([-1, 1]), estimator, &builder)
  }

  /// A detector that says −1 of an outlier and 1 of an inlier, by a decision of one column.
  static func outlierDetector(
    _ decision: GraphValue, _ isInlier: Positive, labels: Tensor.Elements, _ estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let index = try estimator.apply(isInlier, to: decision, named: "inlier", &builder)
    let label = try estimator.apply(
      Label(Tensor(vector: labels)), to: index, named: "label", &builder)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(label, isVector: true),
      decision: LiftedEstimator.Answer(decision, isVector: true))
  }
}
