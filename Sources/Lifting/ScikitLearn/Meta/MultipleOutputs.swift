import Artifacts
import Domain
import ModelGraph

/// MultiOutputClassifier and MultiOutputRegressor, an estimator for each target; ClassifierChain and
/// RegressorChain, each of whose estimators also reads what those before it answered.
extension Lifter {
  static let multipleOutputs: [PickleGlobal: Lift] = [
    .sklearn("multioutput", "MultiOutputRegressor"): multiOutputRegressor,
    .sklearn("multioutput", "MultiOutputClassifier"): multiOutputClassifier,
    .sklearn("multioutput", "RegressorChain"): regressorChain,
    .sklearn("multioutput", "ClassifierChain"): classifierChain,
  ]

  static func multiOutputRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var values: [GraphValue] = []
    for member in try estimator.members("estimators_", input, &builder) {
      let value = try LiftedEstimator.single(member.lifted.predict, "one value a row", member.view)
      guard value.type == .numbers(1) else { throw LiftedEstimator.lacking("one value a row", member.view) }
      values.append(value)
    }
    return .regressor(try builder.joined(values, named: "value", for: estimator), isVector: false)
  }

  static func multiOutputClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let members = try estimator.members("estimators_", input, &builder)
    var classes: [Tensor] = []
    var indices: [GraphValue] = []
    for member in members {
      guard member.lifted.classes.count == 1, member.lifted.classIndices.count == 1 else {
        throw LiftedEstimator.lacking("one label a row", member.view)
      }
      classes += member.lifted.classes
      indices += member.lifted.classIndices
    }
    // Labels of several types stand in one array, as NumPy promotes them.
    let datatype = classes.dropFirst().reduce(classes[0].elements.datatype) {
      $0.promoted(with: $1.elements.datatype)
    }
    var labels: [GraphValue] = []
    for (index, own) in zip(indices, classes) {
      guard let elements = own.elements.converted(to: datatype) else {
        throw estimator.view.unexpected("a classifier whose targets have labels of one type")
      }
      labels.append(
        try builder.apply(Label(Tensor(vector: elements)), to: index, named: "label", for: estimator))
    }
    var lifted = LiftedEstimator(
      predict: LiftedEstimator.Answer(try builder.joined(labels, named: "labels", for: estimator)))
    lifted.classes = classes
    lifted.classIndices = indices
    let probabilities = members.compactMap(\.lifted.probabilities)
    if probabilities.count == members.count {
      lifted.probabilities = LiftedEstimator.Answer(values: probabilities.flatMap(\.values), isVector: false)
    }
    return lifted
  }

  static func regressorChain(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let chain = try estimator.chain(input, method: "predict", &builder)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(
        try estimator.inOrder(chain.map(\.predicted), named: "value", &builder)))
  }

  /// Labels are numbers here, since each of them is a feature of the next estimator.
  static func classifierChain(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // From 1.5 it may pass on something else than the label.
    let method = try estimator.view.attributeIfPresent("chain_method_")?.string() ?? "predict"
    let chain = try estimator.chain(input, method: method, &builder)
    var lifted = LiftedEstimator(
      predict: LiftedEstimator.Answer(
        try estimator.inOrder(chain.map(\.predicted), named: "labels", &builder)))
    if chain.allSatisfy({ $0.lifted.probabilities != nil }) {
      var positives: [GraphValue] = []
      for link in chain { positives.append(try link.lifted.positive(link.view, for: estimator, &builder)) }
      lifted.probabilities = LiftedEstimator.Answer(
        try estimator.inOrder(positives, named: "probabilities", &builder))
    }
    if chain.allSatisfy({ $0.lifted.decision?.values.first?.columns == 1 }) {
      let decisions = chain.compactMap { $0.lifted.decision?.values.first }
      lifted.decision = LiftedEstimator.Answer(try estimator.inOrder(decisions, named: "decision", &builder))
    }
    return lifted
  }
}

/// One estimator of a chain.
private struct ChainLink {
  let view: PickleView
  let lifted: LiftedEstimator
  let predicted: GraphValue
}

extension Estimator {
  fileprivate func chain(
    _ input: Operand, method: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> [ChainLink] {
    let list = try view.fittedAttribute("estimators_")
    let elements = try list.elements()
    guard !elements.isEmpty else { throw list.unexpected("a list of estimators") }
    var operand = try columns(of: input, &builder)
    var links: [ChainLink] = []
    for (index, element) in elements.enumerated() {
      let lifted = try lift(element, label: ".estimators_[\(index)]", operand, &builder)
      let predicted = try lifted.predictedNumbers(element, for: self, &builder)
      guard predicted.count == 1, predicted[0].columns == 1 else {
        throw LiftedEstimator.lacking("one number a row", element)
      }
      let passedOn: GraphValue
      switch method {
      case "predict": passedOn = predicted[0]
      case "predict_proba": passedOn = try lifted.positive(element, for: self, &builder)
      case "predict_log_proba":
        let positive = try lifted.positive(element, for: self, &builder)
        passedOn = try builder.apply(MapElements(.log), to: positive, named: "logarithm", for: self)
      case "decision_function":
        passedOn = try LiftedEstimator.single(lifted.decision, "decisions", element)
      default: throw try view.attribute("chain_method_").unexpected("the name of a method")
      }
      links.append(ChainLink(view: element, lifted: lifted, predicted: predicted[0]))
      guard let next = try builder.sideBySide([operand, Operand(passedOn)], for: self) else {
        throw element.unexpected("an estimator that says how many columns it reads")
      }
      operand = next
    }
    return links
  }

  /// The columns of a chain in the order of the targets.
  fileprivate func inOrder(
    _ values: [GraphValue], named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try view.fittedAttribute("order_")
    var order: [Int] = []
    if case .array = attribute.value {
      order = try attribute.numbers(shape: [values.count]).map { Int(exactly: $0) ?? -1 }
    } else {
      for element in try attribute.elements() { order.append(try element.integer()) }
    }
    guard order.sorted() == Array(values.indices) else {
      throw attribute.unexpected("an order of \(values.count) targets")
    }
    var placed = values
    for (place, target) in order.enumerated() { placed[target] = values[place] }
    return try builder.joined(placed, named: name, for: self)
  }
}

extension Tensor.Elements {
  /// The elements in another datatype, as NumPy writes them in it; nil for what it would write otherwise.
  fileprivate func converted(to datatype: Datatype) -> Tensor.Elements? {
    if self.datatype == datatype { return self }
    switch (self, datatype) {
    case (.int32(let elements), .string): return .string(elements.map(String.init))
    case (.int64(let elements), .string): return .string(elements.map(String.init))
    case (.bool(let elements), .string): return .string(elements.map { $0 ? "True" : "False" })
    case (_, .string): return nil
    case (.bool(let elements), .int32): return .int32(elements.map { $0 ? 1 : 0 })
    case (.bool(let elements), .int64): return .int64(elements.map { $0 ? 1 : 0 })
    case (.int32(let elements), .int64): return .int64(elements.map(Int64.init))
    case (_, .float64): return doubles.map { .float64($0) }
    default: return nil
    }
  }
}
