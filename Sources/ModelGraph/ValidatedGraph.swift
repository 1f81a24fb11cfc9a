public import Domain

/// A graph that has passed every structural check: the only thing that is planned, encoded into a bundle
/// or served.
///
/// What holds of it: every node reads what the graph is given or an earlier node, names are unique, every
/// operator has found its constants and operands right, nothing is there that no result needs; the results are
/// what the signature says; every size is within bounds.
public struct ValidatedGraph: Sendable {
  /// One operator with the numbers of the values it reads.
  package struct Step: Sendable {
    /// What it computes.
    package let operation: any Operator
    /// The values it reads: 0 for the numbers of the rows, 1 for their texts, n + 2 for the output of step n.
    package let inputs: [Int]
    /// What those values are.
    package let operands: [ValueType]
    /// What it gives.
    package let type: ValueType
    /// The estimator it came from.
    package let origin: String
    /// How much it takes.
    package let work: Work
  }

  /// The graph as it was given.
  public let graph: ModelGraph
  /// Its operators in order.
  package let steps: [Step]
  /// The values that each method gives, numbered as in `Step.inputs`.
  package let results: [PredictionMethod: [Int]]
  /// How much all operators together take; no operator takes more than 2³⁴ steps a row, nor all of them 2³⁶.
  public let work: Work

  /// Checks `graph`; throws the first thing that is wrong with it.
  public init(_ graph: ModelGraph) throws(Problem) {
    var checker = GraphChecker(graph: graph)
    try checker.check()
    self.graph = graph
    self.steps = checker.steps
    self.results = checker.results
    self.work = checker.work
  }

  /// What goes in and what comes out.
  public var signature: ModelSignature { graph.signature }
}

extension ValidatedGraph.Step {
  /// How much an operator takes with reading the columns of its operands and writing its own.
  package static func work(
    of operation: any Operator, on operands: [ValueType], gives type: ValueType
  ) -> Work {
    // No overflow: there are few operands, of few columns each.
    operation.work(on: operands) + Work(row: operands.reduce(type.columns) { $0 + $1.columns })
  }
}

/// Goes through a graph in order and collects its steps.
struct GraphChecker {
  let graph: ModelGraph
  private(set) var steps: [ValidatedGraph.Step] = []
  private(set) var results: [PredictionMethod: [Int]] = [:]
  private(set) var work = Work.none
  /// The value numbers by name.
  private var numbers = [ModelGraph.inputName: 0, ModelGraph.textsName: 1]
  private var types: [ValueType] = []
  private var readValues: Set<Int> = []
  private var hasEngineModel = false

  init(graph: ModelGraph) {
    self.graph = graph
  }

  mutating func check() throws(Problem) {
    guard 1...GraphLimits.operators ~= graph.nodes.count else {
      throw Self.malformed(
        "operator-count",
        "expected 1 to \(GraphLimits.operators) operators, found \(graph.nodes.count)")
    }
    try checkFeatures()
    types = [
      .numbers(graph.signature.features.numberCount),
      ValueType(.texts, columns: graph.signature.features.texts.count),
    ]
    for (index, node) in graph.nodes.enumerated() { try check(node, at: index) }
    try checkResults()
    try checkNothingIsLeftOver()
  }

  private mutating func check(_ node: ModelGraph.Node, at index: Int) throws(Problem) {
    guard !node.output.isEmpty, node.output.utf8.count <= GraphLimits.nameLength,
      node.origin.utf8.count <= GraphLimits.nameLength
    else {
      throw Self.malformed(
        "name-length",
        "expected names of 1 to \(GraphLimits.nameLength) bytes, found another at operator \(index)")
    }
    guard 1...GraphLimits.operands ~= node.inputs.count else {
      throw Self.malformed(
        "operand-count",
        "expected '\(node.output)' to read 1 to \(GraphLimits.operands) values, found \(node.inputs.count)")
    }
    var inputs: [Int] = []
    for name in node.inputs {
      guard let number = numbers[name], types[number].columns > 0 else {
        throw Self.malformed(
          "edge",
          "expected '\(node.output)' to read the input or an earlier value, found '\(name.prefix(200))'")
      }
      inputs.append(number)
    }
    guard numbers.updateValue(types.count, forKey: node.output) == nil else {
      throw Self.malformed("duplicate-value", "expected each value once, found '\(node.output)' again")
    }
    if node.operator is ONNXRuntimeModel {
      // Each takes a process with memory of its own.
      guard !hasEngineModel else {
        throw Self.malformed(
          "engine-count",
          "expected at most one model that ONNX Runtime runs, found '\(node.output)' as another")
      }
      hasEngineModel = true
    }
    readValues.formUnion(inputs)
    let operands = inputs.map { types[$0] }
    let type = try node.operator.check(Operands(operands, node: node.output))
    guard 1...GraphLimits.columns ~= type.columns else {
      throw Self.malformed(
        "column-count",
        "expected '\(node.output)' to have 1 to \(GraphLimits.columns) columns, found \(type.columns)")
    }
    let stepWork = ValidatedGraph.Step.work(of: node.operator, on: operands, gives: type)
    try checkWork(stepWork, of: "'\(node.output)'", limit: GraphLimits.work)
    work += stepWork
    try checkWork(work, of: "the operators up to '\(node.output)'", limit: GraphLimits.graphWork)
    steps.append(
      ValidatedGraph.Step(
        operation: node.operator, inputs: inputs, operands: operands, type: type, origin: node.origin,
        work: stepWork))
    types.append(type)
  }

  private func checkWork(_ work: Work, of what: String, limit: Int) throws(Problem) {
    guard work.row > limit else { return }
    throw Self.malformed("work", "expected \(what) to take at most \(limit) steps a row, found more")
  }

  /// A problem of the graph's structure, under the code `graph.` and `what`.
  static func malformed(_ what: String, _ message: String) -> Problem {
    Problem(.badInput, "graph.\(what)", message)
  }
}

// MARK: - Signature

extension GraphChecker {
  private func checkFeatures() throws(Problem) {
    let features = graph.signature.features
    guard 1...GraphLimits.columns ~= features.count else {
      throw Self.malformed(
        "feature-count", "expected 1 to \(GraphLimits.columns) features, found \(features.count)")
    }
    if let names = features.names, names.count != features.count {
      throw Self.malformed(
        "feature-names", "expected \(features.count) feature names, found \(names.count)")
    }
    for list in [features.texts, features.ignored] {
      guard list.allSatisfy({ 0..<features.count ~= $0 }), zip(list, list.dropFirst()).allSatisfy(<) else {
        throw Self.malformed(
          "feature-kinds", "expected ascending features from 0 to below \(features.count), found others")
      }
    }
    guard Set(features.texts).isDisjoint(with: features.ignored) else {
      throw Self.malformed("feature-kinds", "expected each feature to be of one kind, found one of two")
    }
    let isMixed = features.numberCount != features.count && features.texts.count != features.count
    let read = features.count - features.ignored.count
    guard !isMixed || read <= GraphLimits.mixedFeatures else {
      throw Self.malformed(
        "feature-kinds",
        "expected at most \(GraphLimits.mixedFeatures) features where not all are of one kind, found \(read)")
    }
    switch features.form {
    case .rows: return
    case .unread:
      guard features.count == 1, features.numberCount == 1, features.names == nil else {
        throw Self.malformed(
          "feature-kinds", "expected one number a row without a name for the form 'unread', found others")
      }
    case .documents, .mappings, .lists:
      guard features.count == 1, features.texts == [0] else {
        throw Self.malformed(
          "feature-kinds", "expected one text a row for the form '\(features.form.rawValue)', found others")
      }
    }
  }

  private mutating func checkResults() throws(Problem) {
    let signature = graph.signature
    guard !signature.outputs.isEmpty else {
      throw Self.malformed("results", "expected at least one output, found none")
    }
    for output in signature.outputs {
      let method = output.method
      guard results[method] == nil else {
        throw Self.malformed("results", "expected each output once, found '\(method.rawValue)' again")
      }
      guard let names = graph.results[method], names.count == output.ports.count, !names.isEmpty,
        names.count <= GraphLimits.operands
      else {
        throw Self.malformed(
          "results",
          "expected \(output.ports.count) values for the output '\(method.rawValue)', found"
            + " \(graph.results[method]?.count ?? 0)")
      }
      var values: [Int] = []
      for (index, name) in names.enumerated() {
        guard let number = numbers[name], number > 1 else {
          throw Self.malformed(
            "results",
            "expected the output '\(method.rawValue)' to be the value of an operator, found '\(name.prefix(200))'"
          )
        }
        if case .parts = types[number].content {
          throw Self.malformed(
            "results", "expected the output '\(method.rawValue)' to be one value, found several at once")
        }
        try check(
          output.ports[index], named: names.count == 1 ? method.rawValue : "\(method.rawValue).\(index)",
          shows: types[number])
        values.append(number)
      }
      results[method] = values
    }
    for method in graph.results.keys where results[method] == nil {
      throw Self.malformed(
        "results", "expected results for the outputs of the signature, found '\(method.rawValue)' besides")
    }
    let methods = signature.methods
    guard methods.first == .predict || (methods.first == .transform && results[.predict] == nil) else {
      throw Self.malformed(
        "results", "expected 'predict', or else 'transform', first, found '\(methods[0].rawValue)'")
    }
    try checkClasses()
  }

  private func check(
    _ port: ModelSignature.Port, named name: String, shows type: ValueType
  ) throws(Problem) {
    let isVector = type.columns == 1 && port.shape == [-1]
    guard port.name == name, port.datatype == type.datatype,
      isVector || port.shape == [-1, type.columns]
    else {
      throw Self.malformed(
        "output-shape",
        "expected the output '\(name)' to be \(type.datatype.rawValue) of shape [-1, \(type.columns)],"
          + " found '\(port.name.prefix(200))' of \(port.datatype.rawValue) and shape \(port.shape)")
    }
  }

  /// Classes have a label for each column of the probabilities, and labels are of the classes' datatype.
  private func checkClasses() throws(Problem) {
    let classes = graph.signature.classes
    guard !classes.isEmpty else { return }
    guard classes.allSatisfy({ $0.shape.count == 1 && $0.shape[0] > 0 }) else {
      throw Self.malformed("classes", "expected a list of labels for each target, found none for one")
    }
    guard let probabilities = results[.predictProbabilities], probabilities.count == classes.count else {
      return
    }
    for (value, labels) in zip(probabilities, classes) where types[value].columns != labels.shape[0] {
      throw Self.malformed(
        "classes",
        "expected a probability for each of \(labels.shape[0]) classes, found \(types[value].columns)")
    }
  }

  /// A graph carries nothing that no prediction needs.
  private func checkNothingIsLeftOver() throws(Problem) {
    let used = readValues.union(results.values.joined())
    for (index, node) in graph.nodes.enumerated() where !used.contains(index + 2) {
      throw Self.malformed(
        "unused-value", "expected every value to be read, found '\(node.output)' that nothing reads")
    }
  }
}
