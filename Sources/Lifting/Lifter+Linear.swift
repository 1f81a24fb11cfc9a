import Artifacts
import Domain
import ModelGraph

/// LinearRegression and LogisticRegression.
extension Lifter {
  static func linearRegression(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let coefficients = try estimator.view.fittedAttribute("coef_")
    let features = try estimator.featureCount(of: input)
    let names = try estimator.featureNames(count: features)
    // One axis for a target given as a vector, two for one given as columns, be it a single one.
    guard case .array(let array) = coefficients.value, 1...2 ~= array.shape.count else {
      throw coefficients.unexpected("an array of numbers with one axis or two")
    }
    let isVector = array.shape.count == 1
    let targets = isVector ? 1 : array.shape[0]
    let weights = try coefficients.numbers(shape: isVector ? [features] : [targets, features])
    let intercepts = try intercepts(of: estimator, count: targets)
    let value = try apply(
      estimator, weights, intercepts, features: features, to: input, named: "value", &builder)
    return LiftedEstimator(
      featureCount: features, featureNames: names,
      outputs: [
        LiftedEstimator.Output(
          method: .predict, value: value, datatype: .float64, shape: isVector ? [-1] : [-1, targets])
      ])
  }

  static func logisticRegression(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let coefficients = try estimator.view.fittedAttribute("coef_")
    let features = try estimator.featureCount(of: input)
    let names = try estimator.featureNames(count: features)
    let classes = try estimator.view.fittedAttribute("classes_").labels()
    let count = classes.elements.count
    guard count >= 2 else {
      throw coefficients.unexpected("the coefficients of a classifier of at least two classes")
    }
    let rows = count == 2 ? 1 : count
    let weights = try coefficients.numbers(shape: [rows, features])
    let intercepts = try intercepts(of: estimator, count: rows)
    let isMultinomial = try isMultinomial(estimator, version, classes: count)
    func step(_ operation: Operator, to value: String, named name: String) -> String {
      builder.apply(operation, to: value, named: name, origin: estimator.name)
    }
    let decision = try apply(
      estimator, weights, intercepts, features: features, to: input, named: "decision", &builder)
    let index = step(count == 2 ? .positive : .argMax, to: decision, named: "index")
    let probabilities: String
    switch (isMultinomial, count == 2) {
    case (true, true):
      probabilities = step(
        .softmax, to: step(.mirror, to: decision, named: "logits"), named: "probabilities")
    case (true, false): probabilities = step(.softmax, to: decision, named: "probabilities")
    case (false, true):
      probabilities = step(
        .complement, to: step(.logistic, to: decision, named: "positive"), named: "probabilities")
    case (false, false):
      probabilities = step(
        .normalizeRows(zeroSum: .divide), to: step(.logistic, to: decision, named: "positive"),
        named: "probabilities")
    }
    return LiftedEstimator(
      featureCount: features, featureNames: names,
      outputs: [
        LiftedEstimator.labels(classes, at: index, origin: estimator.name, &builder),
        LiftedEstimator.Output(
          method: .predictProbabilities, value: probabilities, datatype: .float64, shape: [-1, count]),
        LiftedEstimator.Output(
          method: .decisionFunction, value: decision, datatype: .float64,
          shape: count == 2 ? [-1] : [-1, count]),
      ],
      classes: classes)
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
  private static func intercepts(
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

  private static func apply(
    _ estimator: Estimator, _ weights: [Double], _ intercepts: [Double], features: Int,
    to input: GraphValue, named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> String {
    try builder.spend(elements: weights.count + intercepts.count, for: estimator.view)
    guard let matrix = Tensor(shape: [intercepts.count, features], elements: .float64(weights)) else {
      throw estimator.view.unexpected("\(intercepts.count * features) coefficients")
    }
    let checked = builder.apply(
      .checkFinite(allowsNaN: false, asFloat32: false), to: input.name, named: "checked",
      origin: estimator.name)
    let operation = Operator.linear(
      coefficients: builder.constant("coefficients", matrix),
      intercepts: builder.constant("intercepts", intercepts))
    return builder.apply(operation, to: checked, named: name, origin: estimator.name)
  }
}
