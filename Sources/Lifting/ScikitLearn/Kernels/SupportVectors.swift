import Artifacts
import Domain
import ModelGraph

/// Support vector machines of LIBSVM.
extension Lifter {
  static let supportVectorMachines: [PickleGlobal: Lift] = [
    .sklearn("svm._classes", "NuSVC"): supportVectorClassifier,
    .sklearn("svm._classes", "NuSVR"): supportVectorRegressor,
    .sklearn("svm._classes", "OneClassSVM"): supportVectorDetector,
    .sklearn("svm._classes", "SVC"): supportVectorClassifier,
    .sklearn("svm._classes", "SVR"): supportVectorRegressor,
  ]

  /// The value of the kernel for each support vector; nil where there is none.
  private static func kernelValues(
    _ estimator: Estimator, _ checked: GraphValue, _ vectors: ConstantMatrix, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue? {
    let view = estimator.view
    var kernel = PairwiseKernel(
      name: try PairwiseKernel.name(
        try view.attribute("kernel"), estimator, among: [.linear, .poly, .rbf, .sigmoid]))
    kernel.isLIBSVM = true
    kernel.gamma = try view.fittedAttribute("_gamma").number()
    kernel.constant = try view.attribute("coef0").number()
    if kernel.name == .poly {
      let degree = try view.attribute("degree")
      guard 0...1_000_000 ~= (try degree.integer()) else { throw degree.unexpected("a degree of 0 or more") }
      kernel.degree = try degree.number()
    }
    guard vectors.rows > 0 else { return nil }
    return try kernel.apply(to: checked, points: vectors, estimator, &builder)
  }

  private static func supportVectors(
    _ estimator: Estimator, columns: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> ConstantMatrix {
    let attribute = try estimator.view.fittedAttribute("support_vectors_")
    let vectors = try attribute.matrix(&builder)
    guard vectors.columns == columns else {
      throw attribute.unexpected("support vectors of \(columns) features")
    }
    return vectors
  }

  /// Σ coefficient × kernel value + intercept, of a machine with one output.
  private static func supportValue(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let checked = try estimator.finiteInput(input, &builder)
    let vectors = try supportVectors(estimator, columns: checked.columns, &builder)
    let intercept = try estimator.view.fittedAttribute("_intercept_").numbers(shape: [1])
    guard let values = try kernelValues(estimator, checked, vectors, &builder) else {
      return try estimator.apply(Fill(intercept), to: checked, named: "value", &builder)
    }
    let attribute = try estimator.view.fittedAttribute("_dual_coef_")
    let coefficients = try attribute.matrix(&builder)
    guard coefficients.rows == 1, coefficients.columns == vectors.rows else {
      throw attribute.unexpected("an array of numbers of shape [1, \(vectors.rows)]")
    }
    return try estimator.apply(
      Linear(coefficients: coefficients, intercepts: intercept), to: values, named: "value", &builder)
  }

  static func supportVectorRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    .regressor(try supportValue(estimator, input, &builder), isVector: true)
  }

  static func supportVectorDetector(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let decision = try supportValue(estimator, input, &builder)
    return try outlierDetector(decision, Positive(), labels: .int64([-1, 1]), estimator, &builder)
  }

  /// Votes between pairs of classes decide; ties go to the earlier class, or to the more confident one.
  static func supportVectorClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let classes = try estimator.classes()
    let count = classes.elements.count
    let pairs = try pairDecisions(estimator, classes: count, input, &builder)
    func step(
      _ operation: some Operator, _ value: GraphValue, _ name: String
    ) throws(Problem) -> GraphValue {
      try estimator.apply(operation, to: value, named: name, &builder)
    }
    let breaksTies = try estimator.view.attribute("break_ties").bool()
    let shape = try estimator.view.attribute("decision_function_shape")
    let isOneVersusRest = try shape.string() == "ovr"
    guard isOneVersusRest || shape.text == "ovo" else { throw shape.unexpected("'ovr' or 'ovo'") }
    guard isOneVersusRest || !breaksTies else {
      throw estimator.unsupported(
        "break_ties", "True with decision_function_shape='ovo', of which the library predicts nothing",
        hint: "use decision_function_shape='ovr'")
    }

    // LIBSVM is for the first class of a pair above 0, and for the second else, NaN too.
    let first = try step(Combine(.greater, constants: [0]), pairs, "first_wins")
    let second = try step(Combine(.subtract, constants: [1], first: true), first, "second_wins")
    let votes = try step(PairVotes(classCount: count), second, "votes")
    var index = try step(ArgMax(), votes, "index")

    // scikit-learn turns the sign, so that the second of two classes is the positive one.
    var decision = pairs
    if count == 2 { decision = try step(MapElements(.negative), pairs, "decision") }
    if count > 2, isOneVersusRest {
      let confidences = try step(MapElements(.negative), pairs, "confidences")
      let winners = try step(Combine(.greater, constants: [0]), confidences, "winners")
      decision = try builder.apply(
        PairVotes(classCount: count), to: [winners, confidences], named: "decision", for: estimator)
      if breaksTies { index = try step(ArgMax(), decision, "index") }
    }
    return try .classifier(
      classes, index: index,
      probabilities: try coupledProbabilities(estimator, pairs, classes: count, &builder),
      decision: decision, for: estimator, &builder)
  }

  private static func pairDecisions(
    _ estimator: Estimator, classes: Int, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let checked = try estimator.finiteInput(input, &builder)
    let vectors = try supportVectors(estimator, columns: checked.columns, &builder)
    guard let values = try kernelValues(estimator, checked, vectors, &builder) else {
      throw estimator.view.unexpected("a classifier with support vectors")
    }
    let counts = try estimator.view.fittedAttribute("_n_support").indices(atMost: vectors.rows)
    let attribute = try estimator.view.fittedAttribute("_dual_coef_")
    let coefficients = try attribute.matrix(&builder)
    guard counts.count == classes else { throw attribute.unexpected("one count a class") }
    let intercepts = try estimator.view.fittedAttribute("_intercept_").numbers(axes: 1).elements
    return try estimator.apply(
      PairDecisions(coefficients: coefficients, counts: counts.map { Int64($0) }, intercepts: intercepts),
      to: values, named: "pairs", &builder)
  }

  /// The probabilities of a machine that was fitted with `probability=True`; nil of any other.
  private static func coupledProbabilities(
    _ estimator: Estimator, _ pairs: GraphValue, classes: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue? {
    let wanted = try estimator.view.attribute("probability")
    guard wanted.text != "deprecated", try wanted.bool() else { return nil }
    let slopes = try estimator.view.fittedAttribute("_probA").numbers(axes: 1).elements
    let offsets = try estimator.view.fittedAttribute("_probB").numbers(axes: 1).elements
    // Set after fitting: the library has the method, and it fails.
    guard !slopes.isEmpty else { return nil }
    return try estimator.apply(
      PairCoupling(classCount: classes, slopes: slopes, offsets: offsets), to: pairs,
      named: "probabilities", &builder)
  }
}
