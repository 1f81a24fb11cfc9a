import Artifacts
import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.exp
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.exp
  import func Musl.log
#else
  import func Darwin.exp
  import func Darwin.log
#endif
import ModelGraph

/// GaussianNB, MultinomialNB, ComplementNB, BernoulliNB, CategoricalNB.
///
/// All predict the class of the greatest joint log-likelihood, and give exp(x − logsumexp(x)) as probabilities.
extension Lifter {
  static let naiveBayes: [PickleGlobal: Lift] = [
    .sklearn("naive_bayes", "GaussianNB"): gaussianNB,
    .sklearn("naive_bayes", "MultinomialNB"): multinomialNB,
    .sklearn("naive_bayes", "ComplementNB"): complementNB,
    .sklearn("naive_bayes", "BernoulliNB"): bernoulliNB,
    .sklearn("naive_bayes", "CategoricalNB"): categoricalNB,
  ]

  /// log P(y) + (−½ Σ log 2πσ² − ½ Σ (x − θ)² ÷ σ²).
  static func gaussianNB(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var model = try NaiveBayes(estimator, input, &builder)
    // The variances were called sigma_ up to 0.24.
    let name = try estimator.version() < .one(0) ? "sigma_" : "var_"
    try estimator.refuseNarrow([name, "theta_", "class_prior_"])
    let variances = try model.matrix(name, &builder)
    let centers = try model.matrix("theta_", &builder)
    let priors = try estimator.view.fittedAttribute("class_prior_").numbers(shape: [model.classCount])
    var constants: [Double] = []
    for start in stride(from: 0, to: variances.elements.count, by: variances.columns) {
      let logarithms = variances.elements[start..<(start + variances.columns)].map { log(2 * .pi * $0) }
      constants.append(-0.5 * PairwiseSum.of(logarithms.span))
    }
    try model.checkInput(&builder)
    try model.step(SquaredDeviations(centers: centers, variances: variances), "deviations", &builder)
    try model.step(Combine(.multiply, constants: [0.5]), "halves", &builder)
    try model.step(Combine(.subtract, constants: constants, first: true), "log_likelihoods", &builder)
    try model.step(Combine(.add, constants: priors.map { log($0) }), "joint", &builder)
    return try model.lifted(&builder)
  }

  /// x · log P(feature | y) + log P(y).
  static func multinomialNB(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var model = try NaiveBayes(estimator, input, &builder)
    let weights = try model.matrix("feature_log_prob_", &builder)
    let priors = try model.logPriors()
    try model.checkInput(&builder)
    try model.linear(weights, &builder)
    try model.step(Combine(.add, constants: priors), "joint", &builder)
    return try model.lifted(&builder)
  }

  /// x · weights; the prior counts only where there is but one class.
  static func complementNB(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var model = try NaiveBayes(estimator, input, &builder)
    let weights = try model.matrix("feature_log_prob_", &builder)
    let priors = try model.logPriors()
    try model.checkInput(&builder)
    try model.linear(weights, &builder)
    if priors.count == 1 {
      try model.step(Combine(.add, constants: priors), "joint", &builder)
    }
    return try model.lifted(&builder)
  }

  /// x · (log p − log (1 − p)) + (log P(y) + Σ log (1 − p)), after x has become 0 and 1 by a threshold.
  static func bernoulliNB(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var model = try NaiveBayes(estimator, input, &builder)
    let present = try model.matrix("feature_log_prob_", &builder)
    let absent = present.elements.map { log(1 - exp($0)) }
    let differences = zip(present.elements, absent).map { $0 - $1 }
    guard
      let weights = ConstantMatrix(differences, rows: present.rows, columns: present.columns)
    else { throw estimator.view.unexpected("an estimator with as many classes as it says") }
    let priors = try model.logPriors()
    let constants = priors.indices.map { index in
      let row = absent[(index * present.columns)..<((index + 1) * present.columns)]
      return priors[index] + PairwiseSum.of(row.span)
    }
    try model.checkInput(&builder)
    let threshold = try estimator.view.attribute("binarize")
    if !threshold.isNone {
      let number = try threshold.number()
      try model.step(Combine(.greater, constants: [number]), "present", &builder)
    }
    try model.linear(weights, &builder)
    try model.step(Combine(.add, constants: constants), "joint", &builder)
    return try model.lifted(&builder)
  }

  /// Σ log P(category of feature | y), + log P(y).
  static func categoricalNB(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var model = try NaiveBayes(estimator, input, &builder)
    let tables = try estimator.view.fittedAttribute("feature_log_prob_")
    let features = try tables.elements()
    guard features.count == model.value.columns else {
      throw tables.unexpected("a list of \(model.value.columns) arrays, one a feature")
    }
    var starts: [Int64] = [0]
    var scores: [Double] = []
    for feature in features {
      let (elements, shape) = try feature.numbers(axes: 2)
      guard shape[0] == model.classCount else { throw feature.unexpected("\(model.classCount) rows") }
      try builder.spend(elements: elements.count, for: feature)
      for category in 0..<shape[1] {
        for row in 0..<shape[0] { scores.append(elements[row * shape[1] + category]) }
      }
      starts.append(Int64(scores.count / model.classCount))
    }
    guard
      let matrix = ConstantMatrix(
        scores, rows: scores.count / model.classCount, columns: model.classCount)
    else { throw tables.unexpected("arrays of one row a class") }
    let priors = try model.logPriors()
    try model.checkInput(&builder)
    try model.step(CategoryScores(starts: starts, scores: matrix), "log_likelihoods", &builder)
    try model.step(Combine(.add, constants: priors), "joint", &builder)
    return try model.lifted(&builder)
  }
}

/// What all naive Bayes classifiers have, and the value that one has come to.
private struct NaiveBayes {
  let estimator: Estimator
  let classes: Tensor
  var value: GraphValue

  var classCount: Int { classes.elements.count }

  init(_ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder) throws(Problem) {
    self.estimator = estimator
    self.classes = try estimator.classes()
    self.value = try builder.numbers(input, for: estimator)
  }

  /// An attribute with a row a class and a column a feature.
  func matrix(_ name: String, _ builder: inout GraphBuilder) throws(Problem) -> ConstantMatrix {
    let attribute = try estimator.view.fittedAttribute(name)
    let elements = try attribute.numbers(shape: [classCount, value.columns])
    try builder.spend(elements: elements.count, for: attribute)
    guard let matrix = ConstantMatrix(elements, rows: classCount, columns: value.columns) else {
      throw attribute.unexpected("\(classCount) rows of \(value.columns) numbers")
    }
    return matrix
  }

  func logPriors() throws(Problem) -> [Double] {
    try estimator.view.fittedAttribute("class_log_prior_").numbers(shape: [classCount])
  }

  mutating func checkInput(_ builder: inout GraphBuilder) throws(Problem) {
    try step(CheckFinite(allowsNaN: false), "checked", &builder)
  }

  mutating func linear(_ weights: ConstantMatrix, _ builder: inout GraphBuilder) throws(Problem) {
    let zeros = [Double](repeating: 0, count: weights.rows)
    try step(Linear(coefficients: weights, intercepts: zeros), "log_likelihoods", &builder)
  }

  mutating func step(
    _ operation: some Operator, _ name: String, _ builder: inout GraphBuilder
  ) throws(Problem) {
    value = try builder.apply(operation, to: value, named: name, for: estimator)
  }

  func lifted(_ builder: inout GraphBuilder) throws(Problem) -> LiftedEstimator {
    let index = try builder.apply(ArgMax(), to: value, named: "index", for: estimator)
    let probabilities = try builder.posterior(value, for: estimator)
    return try .classifier(
      classes, index: index, probabilities: probabilities, for: estimator, &builder)
  }
}
