import Artifacts
import Domain
import Encoding
import ModelGraph

/// DummyClassifier and DummyRegressor, whose answers do not depend on the rows, nor on chance.
extension Lifter {
  static let baselines: [PickleGlobal: Lift] = [
    .sklearn("dummy", "DummyClassifier"): dummyClassifier,
    .sklearn("dummy", "DummyRegressor"): dummyRegressor,
  ]

  static func dummyClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // What it was fitted with counts, not what its parameter was set to since.
    var chosen = try estimator.view.attribute("strategy")
    if let fitted = estimator.view.attributeIfPresent("_strategy") { chosen = fitted }
    let strategy = try chosen.string()
    guard ["most_frequent", "prior", "constant"].contains(strategy) else {
      throw estimator.unsupported(
        "strategy", "'\(strategy.excerpt(40))', which draws lots",
        hint: "use 'most_frequent', 'prior' or 'constant'")
    }
    let input = try estimator.unreadInput(input, &builder)
    let outputs = try estimator.view.fittedAttribute("n_outputs_").integer()
    let targets = try estimator.targets(count: outputs)
    var lifted = LiftedEstimator()
    let constants = strategy == "constant" ? try estimator.constants(of: outputs) : []
    var labels: [GraphValue] = []
    var probabilities: [GraphValue] = []
    for (number, target) in targets.enumerated() {
      let priors = try target.priors.numbers(shape: [target.classes.elements.count])
      let chosen =
        strategy == "constant"
        ? try estimator.index(of: constants[number], in: target.classes) : greatest(priors)
      let certain = priors.indices.map { $0 == chosen ? 1.0 : 0 }
      try builder.spend(elements: 2 * priors.count, for: target.priors)
      let one = try builder.apply(Fill(certain), to: input, named: "certain", for: estimator)
      let index = try builder.apply(ArgMax(), to: one, named: "index", for: estimator)
      labels.append(
        try builder.apply(Label(target.classes), to: index, named: "label", for: estimator))
      probabilities.append(
        strategy == "prior"
          ? try builder.apply(Fill(priors), to: input, named: "probabilities", for: estimator) : one)
      lifted.classes.append(target.classes)
      lifted.classIndices.append(index)
    }
    lifted.predict = try builder.labels(labels, for: estimator)
    lifted.probabilities = LiftedEstimator.Answer(values: probabilities, isVector: false)
    return lifted
  }

  private static func greatest(_ numbers: [Double]) -> Int {
    numbers.indices.reduce(0) { numbers[$1] > numbers[$0] ? $1 : $0 }
  }

  static func dummyRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let input = try estimator.unreadInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("constant_")
    let outputs = try estimator.view.fittedAttribute("n_outputs_").integer()
    guard outputs > 0 else { throw attribute.unexpected("a number for each target") }
    let constants = try attribute.numbers(shape: [1, outputs])
    let value = try builder.apply(Fill(constants), to: input, named: "value", for: estimator)
    guard let datatype = attribute.constantType else { return .regressor(value, isVector: outputs == 1) }
    let cast = try builder.apply(Cast(datatype), to: value, named: "value", for: estimator)
    return .regressor(cast, isVector: outputs == 1)
  }
}

extension PickleView {
  /// What a caller gets an array's numbers as, where that is not double precision: for narrow integers a wider type.
  fileprivate var constantType: Datatype? {
    guard case .array(let array) = value else { return nil }
    return switch array.type {
    case .integer(size: 4, _): .int32
    case .integer, .unsigned: .int64
    case .float(size: 4, _): .float32
    default: nil
    }
  }
}

extension Estimator {
  /// A value of the input, whatever it holds, for one that looks at no feature.
  ///
  /// Up to 1.4 it does not say how many features there were. Where nothing before it does either, rows of any number
  /// of features are taken, as the library takes them.
  fileprivate func unreadInput(
    _ operand: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    if let count = view.attributeIfPresent("n_features_in_"), !count.isNone {
      return try builder.numbers(operand, for: self)
    }
    guard let count = operand.count ?? builder.featureCount else { return try builder.unread(for: self) }
    return try builder.numbers(
      try builder.resolve(operand, count: count, names: nil, for: self), origin: self)
  }

  /// The classes of each target, and their shares.
  fileprivate func targets(
    count: Int
  ) throws(Problem) -> [(classes: Tensor, priors: PickleView)] {
    let classes = try view.fittedAttribute("classes_")
    let priors = try view.fittedAttribute("class_prior_")
    if count == 1 { return [(try classes.labels(), priors)] }
    let (lists, shares) = (try classes.elements(), try priors.elements())
    guard lists.count == count, shares.count == count else {
      throw classes.unexpected("a list of \(count), one a target")
    }
    var targets: [(classes: Tensor, priors: PickleView)] = []
    for (list, share) in zip(lists, shares) { targets.append((try list.labels(), share)) }
    return targets
  }

  /// The constant label of each target: a list of them, or the label itself where there is one target.
  fileprivate func constants(of count: Int) throws(Problem) -> [PickleView] {
    let attribute = try view.attribute("constant")
    let constants =
      switch attribute.value {
      case .list, .tuple: try attribute.elements()
      default: [attribute]
      }
    guard constants.count == count else {
      throw unsupported("constant", attribute.description, hint: "give it one of its classes for each target")
    }
    return constants
  }

  /// Where a constant label stands among the classes of its target.
  fileprivate func index(of constant: PickleView, in classes: Tensor) throws(Problem) -> Int {
    guard let index = classes.elements.index(of: constant) else {
      throw unsupported("constant", constant.description, hint: "give it one of its classes for each target")
    }
    return index
  }
}
