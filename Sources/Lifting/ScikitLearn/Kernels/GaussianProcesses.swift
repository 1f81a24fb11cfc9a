import Artifacts
import Domain
import ModelGraph

/// Gaussian processes.
extension Lifter {
  static let gaussianProcesses: [PickleGlobal: Lift] = [
    .sklearn("gaussian_process._gpc", "GaussianProcessClassifier"): gaussianProcessClassifier,
    .sklearn("gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace"): laplaceClassifier,
    .sklearn("gaussian_process._gpr", "GaussianProcessRegressor"): gaussianProcessRegressor,
  ]

  /// The mean of the posterior: kernel values times alpha_, then scaled back to the targets.
  static func gaussianProcessRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let checked = try estimator.finiteInput(input, &builder)
    let points = try points(estimator, "X_train_", columns: checked.columns, &builder)
    let covariance = CovarianceFunction(of: estimator, rows: checked, points: points)
    let values = try covariance.values(try view.fittedAttribute("kernel_"), &builder)
    let attribute = try view.fittedAttribute("alpha_")
    let (weights, wasVector) = try attribute.weights(of: points, &builder)
    var isVector = wasVector
    var value = try weighted(values, by: weights, attribute, estimator, &builder)
    for (function, name) in [(Combine.Function.multiply, "_y_train_std"), (.add, "_y_train_mean")] {
      let constant = try view.fittedAttribute(name)
      let numbers: [Double]
      if case .array(let array) = constant.value, array.shape.count == 1 {
        numbers = try constant.numbers(axes: 1).elements
      } else {
        numbers = [try constant.number()]
      }
      value = try estimator.apply(
        Combine(function, constants: numbers), to: value, named: "mean", &builder)
    }
    // A single column is a vector since 1.2.
    if value.columns == 1, try estimator.version() >= .one(2) { isVector = true }
    return .regressor(value, isVector: isVector)
  }

  /// Two classes by a Laplace approximation, more by one of them a class or a pair.
  static func gaussianProcessClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try estimator.columns(of: input, &builder)
    let inner = try estimator.view.fittedAttribute("base_estimator_")
    let classes = try estimator.classes()
    var lifted = try estimator.lift(inner, label: ".base_estimator_", operand, &builder)
    guard lifted.classes == [classes] else {
      throw inner.unexpected("a classifier of the same \(classes.elements.count) classes")
    }
    let strategy = try estimator.view.attribute("multi_class")
    if classes.elements.count > 2, strategy.text == "one_vs_one" { lifted.probabilities = nil }
    lifted.decision = nil
    return lifted
  }

  /// The sign of f = Kᵀ (y − π), and probabilities by the mean and variance of f.
  ///
  /// Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", algorithm 3.2.
  static func laplaceClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let attribute = try view.fittedAttribute("X_train_")
    let points = try attribute.matrix(&builder)
    guard points.rows > 0, points.columns > 0 else { throw attribute.unexpected("an array of rows") }
    // It does not check its input: the classifier that holds it does.
    let checked = try estimator.finiteInput(input, count: points.columns, &builder)
    guard checked.columns == points.columns else {
      throw attribute.unexpected("rows of \(checked.columns) features")
    }
    let count = points.rows
    let classes = try estimator.classes()
    guard classes.elements.count == 2 else { throw view.unexpected("a classifier of two classes") }
    let covariance = CovarianceFunction(of: estimator, rows: checked, points: points)
    let kernel = try view.fittedAttribute("kernel_")
    let values = try covariance.values(kernel, &builder)

    let targets = try view.fittedAttribute("y_train_").numbers(shape: [count])
    let fitted = try view.fittedAttribute("pi_").numbers(shape: [count])
    guard let weights = ConstantMatrix(zip(targets, fitted).map { $0 - $1 }, rows: 1, columns: count) else {
      throw view.unexpected("\(count) targets")
    }
    let mean = try estimator.apply(
      Linear(coefficients: weights, intercepts: [0]), to: values, named: "mean", &builder)
    let index = try estimator.apply(Positive(), to: mean, named: "index", &builder)

    let roots = try view.fittedAttribute("W_sr_").numbers(shape: [count])
    let weighted = try estimator.apply(
      Combine(.multiply, constants: roots), to: values, named: "weighted", &builder)
    let factor = try view.fittedAttribute("L_")
    let solved = try estimator.apply(
      SolveTriangular(try factor.matrix(&builder)), to: weighted, named: "solved", &builder)
    let explained = try estimator.apply(ReduceRows(.sumOfSquares), to: solved, named: "explained", &builder)
    let prior = try covariance.diagonal(kernel, &builder)
    let variance = try builder.apply(
      Combine(.subtract), to: [prior, explained], named: "variance", for: estimator)
    let positive = try builder.apply(
      LogisticOfGaussian(), to: [mean, variance], named: "positive", for: estimator)
    let probabilities = try estimator.apply(Complement(), to: positive, named: "probabilities", &builder)
    return try .classifier(classes, index: index, probabilities: probabilities, for: estimator, &builder)
  }
}
