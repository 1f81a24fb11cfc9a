import Artifacts
import Domain
import ModelGraph

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

/// GradientBoostingClassifier, GradientBoostingRegressor.
///
/// The raw prediction starts from `init_` and adds `learning_rate` × leaf, stage by stage, in single-precision
/// features and double-precision sums. What follows is the loss's: see `RawPrediction`.
extension Lifter {
  static let gradientBoosting: [PickleGlobal: Lift] = [
    .sklearn("ensemble._gb", "GradientBoostingClassifier"): gradientBoostingClassifier,
    .sklearn("ensemble._gb", "GradientBoostingRegressor"): gradientBoostingRegressor,
  ]

  static func gradientBoostingClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let loss = try estimator.boostingLoss([
      .gradientLoss("BinomialDeviance"): .logistic, .gradientLoss("MultinomialDeviance"): .logSumExp,
      .gradientLoss("ExponentialLoss"): .doubledLogistic, .loss("HalfBinomialLoss"): .logistic,
      .loss("HalfMultinomialLoss"): .softmax, .loss("ExponentialLoss"): .doubledLogistic,
    ])
    let classes = try estimator.classes()
    let count = classes.elements.count
    let raw = try stages(
      estimator, input, outputs: loss.isMulticlass ? count : 1, &builder
    ) { view, input, builder throws(Problem) in
      try start(view, loss, classes: count, version, input, estimator, &builder)
    }
    // By the probabilities until 1.3, though not for the exponential loss, then by the raw prediction.
    let decision: RawPrediction.Decision =
      loss.isMulticlass
      ? (version < .one(4) ? .greatestProbability : .greatest)
      : version < .one(4) && loss == .logistic ? .greatestProbability : .notNegative
    return try loss.classifier(raw, classes, decision, for: estimator, &builder)
  }

  static func gradientBoostingRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var losses: [PickleGlobal: RawPrediction] = [:]
    for name in ["LeastSquaresError", "LeastAbsoluteError", "HuberLossFunction", "QuantileLossFunction"] {
      losses[.gradientLoss(name)] = .value
    }
    for name in ["HalfSquaredError", "AbsoluteError", "HuberLoss", "PinballLoss"] {
      losses[.loss(name)] = .value
    }
    _ = try estimator.boostingLoss(losses)
    let raw = try stages(estimator, input, outputs: 1, &builder) { view, input, builder throws(Problem) in
      if view.object?.type == .sklearn("dummy", "DummyRegressor") {
        return .constants(try view.fittedAttribute("constant_").numbers(count: 1))
      }
      let singleSums = builder.singleSums
      let lifted = try estimator.lift(view, label: ".init_", input, &builder)
      guard let value = lifted.predict?.values.first, value.type == .numbers(1) else {
        throw view.unexpected("a regressor of one target")
      }
      // What a sum of products in single precision is depends on the processor.
      guard lifted.predict?.datatype != .float32, builder.singleSums == singleSums else {
        throw estimator.unsupported(
          "init",
          "a regressor whose predictions are in single precision, as the rows are that it is asked about",
          hint: "fit it with one that gives doubles, such as HistGradientBoostingRegressor()")
      }
      return .value(value)
    }
    return .regressor(raw, isVector: true)
  }

  /// Those whose probabilities of several classes are known to be in C's order.
  private static let rowMajorStarts: Set = [
    "DecisionTreeClassifier", "ExtraTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier",
    "DummyClassifier",
  ]

  /// What the sums of the stages start from.
  private enum Start {
    case constants([Double])
    case value(GraphValue)
  }

  /// The raw prediction; `start` says what it starts from where it is not zero.
  private static func stages(
    _ estimator: Estimator, _ input: Operand, outputs: Int, _ builder: inout GraphBuilder,
    start: (PickleView, Operand, inout GraphBuilder) throws(Problem) -> Start
  ) throws(Problem) -> GraphValue {
    let rate = try estimator.view.attribute("learning_rate").number()
    let input = try builder.numbers(input, for: estimator)
    let list = try estimator.view.fittedAttribute("estimators_")
    let (trees, shape) = try list.objects(axes: 2)
    guard !trees.isEmpty, shape[1] == outputs else {
      throw list.unexpected("an array of trees with \(outputs) columns")
    }
    var arrays = TreeArrays(width: 1)
    for (index, view) in trees.enumerated() {
      let tree = try estimator.tree(view, .decisionTreeRegressor)
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: [1, 1],
        target: outputs == 1 ? nil : index % outputs, &builder
      ) { leaves, start in leaves[start] *= rate }
    }
    let checked = try builder.treeInput(input, allowsNaN: false, for: estimator)
    // What it starts from is an estimator of its own, which gets the rows in single precision as the trees do.
    var rounded = Operand(checked)
    rounded.datatype = .float32
    let initial = try estimator.view.fittedAttribute("init_")
    let begin: Start =
      initial.text == "zero"
      ? .constants(Array(repeating: 0, count: outputs)) : try start(initial, rounded, &builder)
    switch begin {
    case .constants(let base):
      return try builder.apply(
        arrays.ensemble(outputs: outputs, base: base), to: checked, named: "raw", for: estimator)
    case .value(let value):
      return try builder.apply(
        arrays.ensemble(outputs: outputs), to: [checked, value], named: "raw", for: estimator)
    }
  }

  /// The link of the probabilities that `init_` gives, cut off where it would be infinite.
  private static func start(
    _ view: PickleView, _ loss: RawPrediction, classes: Int, _ version: ScikitLearnVersion,
    _ input: Operand, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> Start {
    // Of single precision until 1.7, and so is 1 less it.
    let epsilon = version < .one(8) ? Double(Float.ulpOfOne) : Double.ulpOfOne
    if view.object?.type == .sklearn("dummy", "DummyClassifier"),
      try view.attribute("strategy").string() == "prior"
    {
      let prior = try view.fittedAttribute("class_prior_").numbers(shape: [classes])
      let clipped = prior.map { min(max($0, epsilon), 1 - epsilon) }
      return .constants(link(clipped, loss))
    }
    // Until 1.2 the stages of several classes were added in C's order, whichever the probabilities were in.
    guard
      version >= .one(3) || !loss.isMulticlass || Self.rowMajorStarts.contains(view.object?.type.name ?? "")
    else {
      throw estimator.unsupported(
        "init",
        "\(view.description), to whose probabilities scikit-learn before 1.3 may add those of other rows",
        hint: "fit it with \(Self.rowMajorStarts.sorted().joined(separator: " or "))")
    }
    let singleSums = builder.singleSums
    let lifted = try estimator.lift(view, label: ".init_", input, &builder)
    guard var value = lifted.probabilities?.values.first, value.type == .numbers(classes) else {
      throw view.unexpected("a classifier of \(classes) classes that gives probabilities")
    }
    // Near 1 the last place of a single decides all of the logarithm of what is left of 1.
    guard lifted.probabilities?.datatype != .float32, builder.singleSums == singleSums else {
      throw estimator.unsupported(
        "init", "a classifier whose probabilities are in single precision",
        hint: "fit it with one that gives doubles, such as HistGradientBoostingClassifier()")
    }
    func apply(_ operation: some Operator, _ builder: inout GraphBuilder) throws(Problem) {
      value = try builder.apply(operation, to: value, named: "start", for: estimator)
    }
    if !loss.isMulticlass { try apply(Columns([1]), &builder) }
    try apply(Combine(.maximum, constants: [epsilon]), &builder)
    try apply(Combine(.minimum, constants: [1 - epsilon]), &builder)
    switch loss {
    case .logistic, .doubledLogistic:
      let odds = try builder.apply(Complement(), to: value, named: "start", for: estimator)
      let rest = try builder.apply(Columns([0]), to: odds, named: "start", for: estimator)
      value = try builder.apply(Combine(.divide), to: [value, rest], named: "start", for: estimator)
      try apply(MapElements(.log), &builder)
      if loss == .doubledLogistic { try apply(Combine(.multiply, constants: [0.5]), &builder) }
    case .logSumExp: try apply(MapElements(.log), &builder)
    case .softmax:
      // log(p ÷ the geometric mean of all p).
      var mean = try builder.apply(MapElements(.log), to: value, named: "start", for: estimator)
      mean = try builder.apply(ReduceRows(.mean), to: mean, named: "start", for: estimator)
      mean = try builder.apply(MapElements(.exp), to: mean, named: "start", for: estimator)
      value = try builder.apply(Combine(.divide), to: [value, mean], named: "start", for: estimator)
      try apply(MapElements(.log), &builder)
    case .value, .exp: break
    }
    return .value(value)
  }

  /// The raw predictions that make these probabilities, of all classes.
  private static func link(_ probabilities: [Double], _ loss: RawPrediction) -> [Double] {
    switch loss {
    case .logistic, .doubledLogistic:
      let positive = probabilities.count > 1 ? probabilities[1] : 0.5
      return [(loss == .doubledLogistic ? 0.5 : 1) * log(positive / (1 - positive))]
    case .softmax:
      let logarithms = probabilities.map { log($0) }
      let mean = exp(PairwiseSum.of(logarithms.span) / Double(logarithms.count))
      return probabilities.map { log($0 / mean) }
    case .logSumExp, .value, .exp: return probabilities.map { log($0) }
    }
  }
}

extension PickleGlobal {
  /// A loss of gradient boosting, until 1.3.
  fileprivate static func gradientLoss(_ name: String) -> Self { sklearn("ensemble._gb_losses", name) }
}
