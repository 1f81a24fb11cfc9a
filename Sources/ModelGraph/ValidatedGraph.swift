public import Domain

/// A graph that has passed every structural check: the only thing that is planned, encoded into a bundle
/// or served.
///
/// What holds of it: every node reads the input or an earlier node, names are unique, every constant is
/// there, has the datatype and shape that its operator asks for and is read by one; trees are trees; the
/// results are what the signature says; every size is within bounds.
public struct ValidatedGraph: Sendable {
  /// The graph as it was given.
  public let graph: ModelGraph
  /// Its operators in order, with their constants.
  package let steps: [Step]
  /// The value that each method gives: n for the output of step n − 1.
  package let results: [PredictionMethod: Int]

  /// Checks `graph`; throws the first thing that is wrong with it.
  public init(_ graph: ModelGraph) throws(Problem) {
    var checker = GraphChecker(graph: graph)
    try checker.check()
    self.graph = graph
    self.steps = checker.steps
    self.results = checker.results
  }

  /// What goes in and what comes out.
  public var signature: ModelSignature { graph.signature }
}

/// What is known of a value between operators.
struct CheckedValue {
  /// What its elements are.
  enum Content: Equatable {
    case numbers
    /// Whole numbers from 0 to below `bound`.
    case indices(bound: Int)
    case labels(String, Datatype)
  }

  /// How many columns it has.
  let columns: Int
  /// What its elements are.
  let content: Content
}

/// Goes through a graph in order and collects its steps.
struct GraphChecker {
  let graph: ModelGraph
  private(set) var steps: [Step] = []
  private(set) var results: [PredictionMethod: Int] = [:]
  /// The value numbers by name; 0 is the input.
  private var numbers = [ModelGraph.inputName: 0]
  private var values: [CheckedValue] = []
  private var readValues: Set<Int> = []
  private var readTensors: Set<String> = []

  init(graph: ModelGraph) {
    self.graph = graph
  }

  mutating func check() throws(Problem) {
    try checkSizes()
    try checkInput()
    values.append(CheckedValue(columns: graph.signature.featureCount, content: .numbers))
    for (index, node) in graph.nodes.enumerated() { try check(node, at: index) }
    try checkResults()
    try checkNothingIsLeftOver()
  }

  private func checkSizes() throws(Problem) {
    guard 1...GraphLimits.operators ~= graph.nodes.count else {
      throw Self.malformed(
        "operator-count",
        "expected 1 to \(GraphLimits.operators) operators, found \(graph.nodes.count)")
    }
    guard graph.tensors.count <= GraphLimits.tensors else {
      throw Self.malformed(
        "tensor-count", "expected at most \(GraphLimits.tensors) tensors, found \(graph.tensors.count)")
    }
  }

  private mutating func check(_ node: ModelGraph.Node, at index: Int) throws(Problem) {
    guard !node.output.isEmpty, node.output.utf8.count <= GraphLimits.nameLength,
      node.origin.utf8.count <= GraphLimits.nameLength
    else {
      throw Self.malformed(
        "name-length",
        "expected names of 1 to \(GraphLimits.nameLength) bytes, found another at operator \(index)")
    }
    guard let input = numbers[node.input] else {
      throw Self.malformed(
        "edge", "expected '\(node.output)' to read the input or an earlier value, found '\(node.input)'")
    }
    guard numbers.updateValue(index + 1, forKey: node.output) == nil else {
      throw Self.malformed("duplicate-value", "expected each value once, found '\(node.output)' again")
    }
    readValues.insert(input)
    var constants = ConstantReader(tensors: graph.tensors, node: node.output)
    let (computation, value) = try constants.resolve(node.operator, on: values[input])
    readTensors.formUnion(constants.read)
    guard value.columns <= GraphLimits.columns else {
      throw Self.malformed(
        "column-count",
        "expected '\(node.output)' to have at most \(GraphLimits.columns) columns, found \(value.columns)")
    }
    steps.append(
      Step(
        computation: computation, input: input, inputColumns: values[input].columns,
        columns: value.columns, origin: node.origin))
    values.append(value)
  }

  /// A problem of the graph's structure, under the code `graph.` and `what`.
  static func malformed(_ what: String, _ message: String) -> Problem {
    Problem(.badInput, "graph.\(what)", message)
  }
}

// MARK: - Signature

extension GraphChecker {
  private func checkInput() throws(Problem) {
    let input = graph.signature.input
    guard input.name == ModelGraph.inputName, input.datatype == .float64, input.shape.count == 2,
      input.shape[0] == -1, 1...GraphLimits.columns ~= input.shape[1]
    else {
      throw Self.malformed(
        "input",
        "expected the input 'input' of FP64 and shape [-1, n] with n from 1 to \(GraphLimits.columns), found"
          + " '\(input.name)' of \(input.datatype.rawValue) and shape \(input.shape)")
    }
    if let names = graph.signature.featureNames, names.count != input.shape[1] {
      throw Self.malformed(
        "feature-names", "expected \(input.shape[1]) feature names, found \(names.count)")
    }
  }

  private mutating func checkResults() throws(Problem) {
    let signature = graph.signature
    guard !signature.outputs.isEmpty else {
      throw Self.malformed("results", "expected at least one output, found none")
    }
    for port in signature.outputs {
      guard let method = PredictionMethod(rawValue: port.name) else {
        throw Self.malformed(
          "results", "expected outputs named after methods, found '\(port.name)'")
      }
      guard results[method] == nil else {
        throw Self.malformed("results", "expected each output once, found '\(port.name)' again")
      }
      guard let name = graph.results[method], let number = numbers[name], number > 0 else {
        throw Self.malformed(
          "results",
          "expected the output '\(port.name)' to be the value of an operator, found"
            + " \(graph.results[method].map { "'\($0)'" } ?? "none")")
      }
      try check(port, shows: values[number])
      results[method] = number
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

  private func check(_ port: ModelSignature.Port, shows value: CheckedValue) throws(Problem) {
    let datatype: Datatype =
      switch value.content {
      case .numbers: .float64
      case .indices: .int64
      case .labels(_, let datatype): datatype
      }
    let isVector = value.columns == 1 && port.shape == [-1]
    guard port.datatype == datatype, isVector || port.shape == [-1, value.columns] else {
      throw Self.malformed(
        "output-shape",
        "expected the output '\(port.name)' to be \(datatype.rawValue) of shape [-1, \(value.columns)],"
          + " found \(port.datatype.rawValue) of shape \(port.shape)")
    }
  }

  /// Classes are there just where `predict` gives labels, and they are those labels.
  private func checkClasses() throws(Problem) {
    let classes = graph.signature.classes
    guard let number = results[.predict], case .labels(let name, _) = values[number].content else {
      guard classes == nil else {
        throw Self.malformed("classes", "expected no classes where 'predict' gives no labels, found some")
      }
      return
    }
    guard let classes, classes == graph.tensors[name] else {
      throw Self.malformed(
        "classes",
        "expected the classes to be the labels '\(name)', found \(classes == nil ? "none" : "others")"
      )
    }
    if let probabilities = results[.predictProbabilities],
      values[probabilities].columns != classes.elements.count
    {
      throw Self.malformed(
        "classes",
        "expected a probability for each of \(classes.elements.count) classes, found"
          + " \(values[probabilities].columns)")
    }
  }

  /// A graph carries nothing that no prediction needs.
  private func checkNothingIsLeftOver() throws(Problem) {
    let used = readValues.union(results.values)
    for (index, node) in graph.nodes.enumerated() where !used.contains(index + 1) {
      throw Self.malformed(
        "unused-value", "expected every value to be read, found '\(node.output)' that nothing reads")
    }
    if let unused = graph.tensors.keys.filter({ !readTensors.contains($0) }).min() {
      throw Self.malformed(
        "unused-tensor", "expected every tensor to be read, found '\(unused)' that nothing reads")
    }
  }
}
