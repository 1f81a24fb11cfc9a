import Artifacts
import Domain
import ModelGraph

/// LinearRegression and LogisticRegression.
extension Lifter {
  static let linearModels: [PickleGlobal: Lift] = [
    .sklearn("linear_model._base", "LinearRegression"): linearRegression,
    .sklearn("linear_model._logistic", "LogisticRegression"): logisticRegression,
  ]

  static func linearRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let coefficients = try estimator.view.fittedAttribute("coef_")
    let features = try estimator.featureCount()
    // One axis for a target given as a vector, two for one given as columns, be it a single one.
    guard case .array(let array) = coefficients.value, 1...2 ~= array.shape.count else {
      throw coefficients.unexpected("an array of numbers with one axis or two")
    }
    let isVector = array.shape.count == 1
    let targets = isVector ? 1 : array.shape[0]
    let weights = try coefficients.numbers(shape: isVector ? [features] : [targets, features])
    let intercepts = try intercepts(of: estimator, count: targets)
    let value = try linear(estimator, weights, intercepts, input, named: "value", &builder)
    return .regressor(value, isVector: isVector)
  }

  static func logisticRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let coefficients = try estimator.view.fittedAttribute("coef_")
    let features = try estimator.featureCount()
    let classes = try estimator.classes()
    let count = classes.elements.count
    guard count >= 2 else {
      throw coefficients.unexpected("the coefficients of a classifier of at least two classes")
    }
    let rows = count == 2 ? 1 : count
    let weights = try coefficients.numbers(shape: [rows, features])
    let intercepts = try intercepts(of: estimator, count: rows)
    let isMultinomial = try isMultinomial(estimator, version, classes: count)
    func step(
      _ operation: some Operator, to value: GraphValue, named name: String
    ) throws(Problem) -> GraphValue {
      try builder.apply(operation, to: value, named: name, for: estimator)
    }
    let decision = try linear(estimator, weights, intercepts, input, named: "decision", &builder)
    let index =
      count == 2
      ? try step(Positive(), to: decision, named: "index") : try step(ArgMax(), to: decision, named: "index")
    let probabilities: GraphValue
    if isMultinomial {
      let logits = count == 2 ? try step(Mirror(), to: decision, named: "logits") : decision
      probabilities = try step(Softmax(), to: logits, named: "probabilities")
    } else {
      let positive = try step(MapElements(.logistic), to: decision, named: "positive")
      probabilities =
        count == 2
        ? try step(Complement(), to: positive, named: "probabilities")
        : try step(NormalizeRows(zeroNorm: .divide), to: positive, named: "probabilities")
    }
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: decision, for: estimator, &builder)
  }

  /// Whether probabilities are a softmax of the decisions, rather than one logistic curve a class.
  ///
  /// Up to 1.7 `multi_class` says, and where it leaves it open the solver: newton-cholesky learned the
  /// multinomial loss in 1.6. From 1.8 the number of classes alone decides.
  private static func isMultinomial(
    _ estimator: Estimator, _ version: ScikitLearnVersion, classes: Int
  ) throws(Problem) -> Bool {
    guard version < ScikitLearnVersion(major: 1, minor: 8) else { return classes > 2 }
    let attribute = try estimator.view.attribute("multi_class")
    switch try attribute.string() {
    case "ovr", "warn": return false
    case "multinomial": return true
    case "auto", "deprecated":
      let solver = try estimator.view.attribute("solver").string()
      let isBinaryOnly =
        solver == "liblinear"
        || (solver == "newton-cholesky" && version < ScikitLearnVersion(major: 1, minor: 6))
      return classes > 2 && !isBinaryOnly
    default: throw attribute.unexpected("'auto', 'ovr', 'multinomial' or 'deprecated'")
    }
  }

  /// `intercept_`: a vector, a single number for one output, or 0.0 where none was fitted.
  static func intercepts(
    of estimator: Estimator, count: Int
  ) throws(Problem) -> [Double] {
    let attribute = try estimator.view.fittedAttribute("intercept_")
    if case .array(let array) = attribute.value, !array.shape.isEmpty {
      return try attribute.numbers(shape: [count])
    }
    let number = try attribute.number()
    guard count == 1 || number == 0 else { throw attribute.unexpected("an array of \(count) numbers") }
    return Array(repeating: number, count: count)
  }

  /// The input checked and multiplied.
  static func linear(
    _ estimator: Estimator, _ weights: [Double], _ intercepts: [Double], _ input: Operand, named name: String,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let value = try builder.numbers(input, for: estimator)
    try builder.spend(elements: weights.count + intercepts.count, for: estimator.view)
    guard let matrix = ConstantMatrix(weights, rows: intercepts.count, columns: value.columns) else {
      throw estimator.view.unexpected("\(intercepts.count) rows of \(value.columns) coefficients")
    }
    let checked = try builder.apply(
      CheckFinite(allowsNaN: false), to: value, named: "checked", for: estimator)
    return try builder.apply(
      Linear(coefficients: matrix, intercepts: intercepts), to: checked, named: name, for: estimator)
  }
}
