import Artifacts
import Domain
import Encoding
import ModelGraph

/// XGBoost: Booster, and the classes of its scikit-learn interface.
extension Lifter {
  static let xgboost: [PickleGlobal: Lift] = [
    .xgboostBooster: xgboostBooster,
    .xgboost("sklearn", "XGBClassifier"): xgboostClassifier,
    .xgboost("sklearn", "XGBRFClassifier"): xgboostClassifier,
    .xgboost("sklearn", "XGBRegressor"): xgboostRegressor,
    .xgboost("sklearn", "XGBRFRegressor"): xgboostRegressor,
    .xgboost("sklearn", "XGBRanker"): xgboostRegressor,
  ]

  /// `Booster.predict` of a matrix.
  static func xgboostBooster(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try XGBoostBooster(estimator, &builder)
    let margins = try booster.margins(input, XGBoostBooster.Reading(), &builder)
    return try booster.prediction(margins, &builder)
  }

  static func xgboostRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try estimator.xgboostBooster(&builder)
    let margins = try booster.margins(input, try estimator.reading(of: booster), &builder)
    return try booster.prediction(margins, &builder)
  }

  static func xgboostClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try estimator.xgboostBooster(&builder)
    let margins = try booster.margins(input, try estimator.reading(of: booster), &builder)
    if try booster.link() == .argMax { return try estimator.softmaxClassifier(margins, booster, &builder) }
    let value = try booster.linked(margins, &builder)
    func step(
      _ operation: some Operator, to value: GraphValue, named name: String
    ) throws(Problem) -> GraphValue {
      try builder.apply(operation, to: value, named: name, for: estimator)
    }
    guard booster.outputs > 1 else {
      let classes = try estimator.xgboostClasses(2)
      let pair = try step(Complement(), to: value, named: "pair")
      let probabilities = try step(MapElements(.float32), to: pair, named: "probabilities")
      let index = try step(Positive(threshold: 0.5), to: value, named: "index")
      return try .singles(classes, index: index, probabilities: probabilities, for: estimator, &builder)
    }
    let count = try estimator.classCount(booster)
    if booster.isAtLeast(1, 6), count == 2 {
      // Several labels that each are or are not: the library gives a matrix of 0 and 1 in double precision.
      let labels = try step(Combine(.greater, constants: [0.5]), to: value, named: "labels")
      return LiftedEstimator(
        predict: LiftedEstimator.Answer(labels),
        probabilities: LiftedEstimator.Answer(values: [value], isVector: false, datatype: .float32))
    }
    guard try booster.link() == .softmax, count == booster.outputs else {
      throw booster.refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have \(booster.outputs) classes and the objective multi:softprob,"
          + " found \(count) classes and '\(booster.parameters.objective?.excerpt(40) ?? "")'")
    }
    let index = try step(ArgMax(), to: value, named: "index")
    return try .singles(
      try estimator.xgboostClasses(count), index: index, probabilities: value, for: estimator, &builder)
  }
}

extension PickleGlobal {
  static let xgboostBooster = xgboost("core", "Booster")

  /// A class of XGBoost by the module below `xgboost`.
  static func xgboost(_ module: String, _ name: String) -> Self {
    Self(module: "xgboost.\(module)", name: name)
  }
}

// MARK: - Answers

extension XGBoostBooster {
  /// What the objective makes of margins; a matrix for `softmax`, and all of them in single precision.
  func linked(_ margins: GraphValue, _ builder: inout GraphBuilder) throws(Problem) -> GraphValue {
    let operation: SingleLink.Function
    switch try link() {
    case .identity, .argMax: return margins
    case .hinge:
      return try builder.apply(
        Combine(.greater, constants: [0]), to: margins, named: "value", for: estimator)
    case .exp: operation = .exp
    case .logistic: operation = isAtLeast(1, 6) ? .boundedLogistic : .logistic
    case .softmax: operation = .softmax
    }
    return try builder.apply(SingleLink(operation), to: margins, named: "value", for: estimator)
  }

  /// The answer to `predict`: a vector of one output, the number of a class, or a matrix.
  func prediction(
    _ margins: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try linked(margins, &builder)
    if try link() == .argMax {
      let index = try builder.apply(ArgMax(), to: value, named: "index", for: estimator)
      value = try builder.apply(
        Pick((0..<outputs).map(Double.init)), to: index, named: "class", for: estimator)
    }
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(values: [value], isVector: value.columns == 1, datatype: .float32))
  }
}

extension LiftedEstimator {
  /// A classifier whose probabilities are in single precision.
  fileprivate static func singles(
    _ classes: Tensor, index: GraphValue, probabilities: GraphValue, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var lifted = try LiftedEstimator.classifier(classes, index: index, for: estimator, &builder)
    lifted.probabilities = Answer(values: [probabilities], isVector: false, datatype: .float32)
    return lifted
  }
}

// MARK: - What the scikit-learn interface keeps

extension Estimator {
  /// The booster inside.
  fileprivate func xgboostBooster(_ builder: inout GraphBuilder) throws(Problem) -> XGBoostBooster {
    let attribute = try view.fittedAttribute("_Booster")
    guard attribute.object?.type == .xgboostBooster else {
      throw attribute.unexpected("an instance of \(PickleGlobal.xgboostBooster)")
    }
    return try XGBoostBooster(Estimator(attribute, name: name, depth: depth + 1), &builder)
  }

  /// How the interface asks its booster: with its own mark of what is missing, and up to the round that was best.
  fileprivate func reading(of booster: XGBoostBooster) throws(Problem) -> XGBoostBooster.Reading {
    var reading = XGBoostBooster.Reading()
    if let missing = view.attributeIfPresent("missing"), !missing.isNone {
      reading.missing = try missing.number()
    }
    let kind = view.attributeIfPresent("booster").flatMap { $0.isNone ? nil : $0.text }
    reading.isInPlace = booster.isAtLeast(1, 4) && kind != "gblinear"
    if booster.isAtLeast(1, 4), !booster.isAtLeast(2, 0) {
      // A predictor that was asked for by name takes a matrix; in 1.5 categories do too.
      if let predictor = view.attributeIfPresent("predictor"), !predictor.isNone,
        predictor.text != "auto" || !booster.isAtLeast(1, 5)
      {
        reading.isInPlace = false
      }
      if let flag = view.attributeIfPresent("enable_categorical"), !flag.isNone, try flag.bool(),
        !booster.isAtLeast(1, 6)
      {
        reading.isInPlace = false
      }
    }
    if kind != "gblinear" { reading.treeLimit = try treeLimit(of: booster) }
    return reading
  }

  /// How many trees prediction takes after an early stop.
  private func treeLimit(of booster: XGBoostBooster) throws(Problem) -> Int? {
    let parameters = booster.parameters
    func trees(_ rounds: Int, times count: Int) throws(Problem) -> Int {
      let (product, overflow) = rounds.multipliedReportingOverflow(by: count)
      guard rounds >= 0, !overflow else {
        throw view.unexpected("a model whose best round is one of its rounds")
      }
      return product
    }
    guard booster.isAtLeast(1, 4) else {
      guard name != "XGBRanker", let limit = view.attributeIfPresent("best_ntree_limit"), !limit.isNone else {
        return nil
      }
      let count = try trees(try limit.integer(), times: booster.outputs)
      return count == 0 ? nil : count
    }
    let best: Int
    if booster.isAtLeast(2, 0) {
      guard let text = parameters.attributes["best_iteration"] else { return nil }
      guard let number = Int(text) else { throw view.unexpected("a model whose best round is a number") }
      best = number
    } else {
      guard let attribute = booster.estimator.view.attributeIfPresent("best_iteration"), !attribute.isNone
      else { return nil }
      best = try attribute.integer()
    }
    let rounds = best.addingReportingOverflow(1)
    guard best >= 0, !rounds.overflow else {
      throw view.unexpected("a model whose best round is one of its rounds")
    }
    if !parameters.rounds.isEmpty {
      return rounds.partialValue < parameters.rounds.count ? Int(parameters.rounds[rounds.partialValue]) : nil
    }
    var parallel = parameters.parallelTrees.map { Int($0) } ?? 1
    if parameters.parallelTrees == nil, let attribute = view.attributeIfPresent("num_parallel_tree"),
      !attribute.isNone
    {
      parallel = try attribute.integer()
    }
    guard parallel > 0 else { throw view.unexpected("a model with a tree at least for each round") }
    return try trees(try trees(rounds.partialValue, times: booster.outputs), times: parallel)
  }

  /// The labels: those that a label encoder kept, else the numbers from 0.
  fileprivate func xgboostClasses(_ count: Int) throws(Problem) -> Tensor {
    guard let encoder = view.attributeIfPresent("_le") else {
      return Tensor(vector: .int64((0..<Int64(count)).map { $0 }))
    }
    let attribute = try encoder.fittedAttribute("classes_")
    let labels = try attribute.labels()
    guard labels.elements.count == count else { throw attribute.unexpected("an array of \(count) labels") }
    return labels
  }

  fileprivate func classCount(_ booster: XGBoostBooster) throws(Problem) -> Int {
    guard let attribute = view.attributeIfPresent("n_classes_") else { return booster.outputs }
    return try attribute.integer()
  }

  /// A classifier with the objective multi:softmax: the booster itself names the class.
  fileprivate func softmaxClassifier(
    _ margins: GraphValue, _ booster: XGBoostBooster, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    guard booster.isAtLeast(1, 6), view.attributeIfPresent("objective")?.text == "multi:softmax" else {
      throw booster.refuse(
        "unsupported-parameter",
        "expected \(view.path).objective to be multi:softprob, found multi:softmax",
        hint: "use multi:softprob")
    }
    let index = try builder.apply(ArgMax(), to: margins, named: "index", for: self)
    let classes = Tensor(vector: .int32((0..<Int32(clamping: booster.outputs)).map { $0 }))
    let softmax = try builder.apply(Softmax(), to: margins, named: "softmax", for: self)
    let probabilities = try builder.apply(
      MapElements(.float32), to: softmax, named: "probabilities", for: self)
    var lifted = try LiftedEstimator.singles(
      classes, index: index, probabilities: probabilities, for: self, &builder)
    // In 1.6 the class refuses to give them.
    if !booster.isAtLeast(1, 7) { lifted.probabilities = nil }
    return lifted
  }
}
