import Artifacts
import Domain
import ModelGraph

/// Classifiers that decide by x · coef_ᵀ + intercept_: one row of coefficients for two classes, else one a class.
extension Lifter {
  static let linearClassifiers: [PickleGlobal: Lift] = [
    .sklearn("linear_model._logistic", "LogisticRegression"): logisticRegression,
    .sklearn("linear_model._logistic", "LogisticRegressionCV"): logisticRegression,
    .sklearn("linear_model._perceptron", "Perceptron"): linearClassifier,
    .sklearn("linear_model._passive_aggressive", "PassiveAggressiveClassifier"): linearClassifier,
    .sklearn("linear_model._ridge", "RidgeClassifier"): ridgeClassifier,
    .sklearn("linear_model._ridge", "RidgeClassifierCV"): ridgeClassifier,
    .sklearn("linear_model._stochastic_gradient", "SGDClassifier"): sgdClassifier,
    .sklearn("svm._classes", "LinearSVC"): linearClassifier,
  ]

  /// Labels of classes and the decisions between them.
  struct LinearDecision {
    let classes: Tensor
    let decision: GraphValue
    /// The index of the class: the sign of a single decision, else the greatest.
    let index: GraphValue
    /// What a caller gets the decisions as, and the probabilities, where that is not double precision.
    let datatype: Datatype?

    var isBinary: Bool { decision.columns == 1 }
  }

  /// The decisions of a classifier of one target, `classes` being its labels.
  static func linearDecision(
    _ estimator: Estimator, classes: Tensor, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LinearDecision {
    let count = classes.elements.count
    guard count >= 2 else {
      throw estimator.view.unexpected("a classifier of at least two classes")
    }
    let checked = try estimator.finiteInput(input, &builder)
    let coefficients = try LinearCoefficients(
      of: estimator, features: checked.columns, outputs: count == 2 ? 1 : count, &builder)
    let (decision, datatype) = try coefficients.applied(
      to: checked, of: input, named: "decision", for: estimator, &builder)
    let index =
      count == 2
      ? try estimator.apply(Positive(), to: decision, named: "index", &builder)
      : try estimator.apply(ArgMax(), to: decision, named: "index", &builder)
    return LinearDecision(classes: classes, decision: decision, index: index, datatype: datatype)
  }

  static func linearClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let linear = try linearDecision(estimator, classes: try estimator.classes(), input, &builder)
    return try .classifier(
      linear.classes, index: linear.index, decision: linear.decision, datatype: linear.datatype,
      for: estimator,
      &builder)
  }

  static func logisticRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let linear = try linearDecision(estimator, classes: try estimator.classes(), input, &builder)
    let probabilities: GraphValue
    if try isMultinomial(estimator, version, classes: linear.classes.elements.count) {
      let logits =
        linear.isBinary
        ? try estimator.apply(Mirror(), to: linear.decision, named: "logits", &builder) : linear.decision
      probabilities = try estimator.apply(Softmax(), to: logits, named: "probabilities", &builder)
    } else {
      probabilities = try logisticProbabilities(linear, estimator, &builder)
    }
    return try .classifier(
      linear.classes, index: linear.index, probabilities: probabilities, decision: linear.decision,
      datatype: linear.datatype, for: estimator, &builder)
  }

  /// Whether probabilities are a softmax of the decisions, rather than one logistic curve a class.
  ///
  /// Up to 1.7 `multi_class` says, and where it leaves it open the solver: newton-cholesky learned the
  /// multinomial loss in 1.6. From 1.8 the number of classes alone decides.
  private static func isMultinomial(
    _ estimator: Estimator, _ version: ScikitLearnVersion, classes: Int
  ) throws(Problem) -> Bool {
    guard version < .one(8) else { return classes > 2 }
    let attribute = try estimator.view.attribute("multi_class")
    switch try attribute.string() {
    case "ovr", "warn": return false
    case "multinomial": return true
    case "auto", "deprecated":
      let solver = try estimator.view.attribute("solver").string()
      let isBinaryOnly = solver == "liblinear" || (solver == "newton-cholesky" && version < .one(6))
      return classes > 2 && !isBinaryOnly
    default: throw attribute.unexpected("'auto', 'ovr', 'multinomial' or 'deprecated'")
    }
  }

  /// One logistic curve a class, divided by their sum where there are more than two.
  static func logisticProbabilities(
    _ linear: LinearDecision, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let positive = try estimator.apply(
      MapElements(.logistic), to: linear.decision, named: "positive", &builder)
    guard !linear.isBinary else {
      return try estimator.apply(Complement(), to: positive, named: "probabilities", &builder)
    }
    // Where no curve is above 0, all of them became equal in 1.9; before, the library gave NaN.
    let zeroNorm: ZeroNorm = try estimator.version() < .one(9) ? .divide : .uniform
    return try estimator.apply(
      NormalizeRows(zeroNorm: zeroNorm), to: positive, named: "probabilities", &builder)
  }

  static func sgdClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let linear = try linearDecision(estimator, classes: try estimator.classes(), input, &builder)
    var probabilities: GraphValue?
    switch try estimator.view.attribute("loss").string() {
    // 'log' became 'log_loss' in 1.1.
    case "log", "log_loss": probabilities = try logisticProbabilities(linear, estimator, &builder)
    case "modified_huber": probabilities = try huberProbabilities(linear, estimator, &builder)
    default: break
    }
    return try .classifier(
      linear.classes, index: linear.index, probabilities: probabilities, decision: linear.decision,
      datatype: linear.datatype, for: estimator, &builder)
  }

  /// (clip(decision, −1, 1) + 1) ÷ 2, divided by the sum of all classes where there are more than two.
  private static func huberProbabilities(
    _ linear: LinearDecision, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    var value = linear.decision
    for (function, constant) in [
      (Combine.Function.maximum, -1.0), (.minimum, 1), (.add, 1), (.divide, 2),
    ] {
      value = try estimator.apply(
        Combine(function, constants: [constant]), to: value, named: "positive", &builder)
    }
    return linear.isBinary
      ? try estimator.apply(Complement(), to: value, named: "probabilities", &builder)
      : try estimator.apply(NormalizeRows(zeroNorm: .uniform), to: value, named: "probabilities", &builder)
  }

  static func ridgeClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let binarizer = try estimator.view.fittedAttribute("_label_binarizer").instance(
      of: .sklearn("preprocessing._label", "LabelBinarizer"))
    let classes = try binarizer.fittedAttribute("classes_").labels()
    let kind = try binarizer.attribute("y_type_").string()
    guard kind.hasPrefix("multilabel") else {
      let linear = try linearDecision(estimator, classes: classes, input, &builder)
      return try .classifier(
        classes, index: linear.index, decision: linear.decision, datatype: linear.datatype, for: estimator,
        &builder)
    }
    let checked = try estimator.finiteInput(input, &builder)
    let coefficients = try LinearCoefficients(
      of: estimator, features: checked.columns, outputs: classes.elements.count, &builder)
    let (decision, _) = try coefficients.applied(
      to: checked, of: input, named: "decision", for: estimator, &builder)
    return try multilabel(
      classes, scores: decision, threshold: 0, binarizer: binarizer, estimator, &builder)
  }

  /// 1 for every label whose score is above the threshold, as a label binarizer turns scores back.
  static func multilabel(
    _ classes: Tensor, scores: GraphValue, threshold: Double, binarizer: PickleView,
    probabilities: GraphValue? = nil, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // Labels that were given as a sparse matrix come back as one.
    if let sparse = binarizer.attributeIfPresent("sparse_input_"), try sparse.bool() {
      throw estimator.unsupported(
        "_label_binarizer", "labels fitted as a sparse matrix", hint: "fit with dense labels")
    }
    let isAbove = try estimator.apply(
      Combine(.greater, constants: [threshold]), to: scores, named: "above", &builder)
    let labels = try estimator.apply(Cast(.int64), to: isAbove, named: "labels", &builder)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(labels),
      probabilities: probabilities.map { LiftedEstimator.Answer($0) },
      decision: probabilities == nil ? LiftedEstimator.Answer(scores) : nil, classes: [classes])
  }
}
