import Artifacts
import Domain
import Encoding
import ModelGraph

/// Turns the graph of an ONNX model into a model graph, node by node.
///
/// Only what the outputs need is looked at. Whatever is known before anything runs is computed here; the axis
/// of the rows stays, every other axis is laid out in columns. A value of a type of single precision is rounded
/// to it after each operator, as the model's runtime does.
struct ONNXLifter {
  /// Makes the values of one node.
  typealias Handler = @Sendable (inout ONNXLifter) throws(Problem) -> [ONNXValue]

  let model: ONNXModel
  var builder: GraphBuilder
  var values: [String: ONNXValue] = [:]
  /// The node that is being lifted.
  var node = ONNXModel.Node()
  /// The attributes of the node that its handler has asked for.
  var asked: Set<String> = []
  /// The labels that a value of integers was picked from, by the value's name.
  var tables: [String: Tensor] = [:]
  /// The outputs of nodes that pair labels with probabilities, which stay columns.
  var zipped: Set<String> = []
  /// The values of sequences, by the names of those.
  var sequences: [String: [ONNXBatch]] = [:]
  /// Values that were laid one behind the other along the rows, and are so already as their one reader has them.
  var stacked: Set<String> = []

  init(_ model: ONNXModel, builder: GraphBuilder) {
    self.model = model
    self.builder = builder
  }

  /// The handlers by operator, of the standard's domain and, behind `ai.onnx.ml.`, of the one for classical models.
  static let handlers: [String: Handler] = {
    var all: [String: Handler] = [:]
    for family in [
      elementwise, activations, comparisons, shapes, selections, runs, reductions, products, convolutions,
      transposedConvolutions, normalizations, classical, encoders, linearModels, trees,
      scans, sequences,
    ] {
      all.merge(family) { first, _ in first }
    }
    return all
  }()

  /// The version of the operators of the standard's domain.
  var operatorSet: Int64 { model.operatorSets[""] ?? 1 }

  // MARK: - Nodes

  /// Lifts the nodes that the outputs need.
  mutating func liftNodes() throws(Problem) {
    guard model.functions.isEmpty else {
      throw Problem(
        .refused, "lift.unsupported-model",
        "expected a model of operators, found one that defines the function '\(model.functions[0].excerpt(80))'",
        hint: "export the model without functions")
    }
    guard !model.graph.hasSparseInitializers else {
      throw Problem(
        .refused, "lift.unsupported-model", "expected dense weights, found sparse ones",
        hint: "export the model with dense weights")
    }
    for index in try orderedNodes() {
      node = model.graph.nodes[index]
      asked = []
      try liftNode()
    }
  }

  /// The nodes that the outputs need, each behind those whose values it reads; files may have another order.
  private func orderedNodes() throws(Problem) -> [Int] {
    let nodes = model.graph.nodes
    var makers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard makers.updateValue(index, forKey: output) == nil, values[output] == nil else {
          throw Problem(
            .refused, "lift.duplicate-value", "expected each value once, found '\(output.excerpt(80))' again",
            position: "byte \(node.offset)")
        }
      }
    }
    enum State { case fresh, open, done }
    var states = [State](repeating: .fresh, count: nodes.count)
    var order: [Int] = []
    var stack = model.graph.outputs.reversed().compactMap { makers[$0.name] }
    while let index = stack.last {
      switch states[index] {
      case .done: stack.removeLast()
      case .open:
        states[index] = .done
        order.append(index)
        stack.removeLast()
      case .fresh:
        states[index] = .open
        for name in nodes[index].inputs.reversed() {
          guard let maker = makers[name] else { continue }
          guard states[maker] != .open else {
            throw Problem(
              .refused, "lift.circle",
              "expected nodes that need what others made before, found a circle at"
                + " '\(name.excerpt(80))'", position: "byte \(nodes[index].offset)")
          }
          if states[maker] == .fresh { stack.append(maker) }
        }
      }
    }
    return order
  }

  private mutating func liftNode() throws(Problem) {
    let key = node.domain.isEmpty ? node.operation : "\(node.domain).\(node.operation)"
    guard let handler = Self.handlers[key] else { throw unsupportedOperator() }
    let made = try handler(&self)
    if let ignored = node.attributes.first(where: { !asked.contains($0.name) }) {
      throw refusal(
        "unexpected-attribute", "attributes that are known", "'\(ignored.name.excerpt(80))'")
    }
    guard made.count <= max(node.outputs.count, 1) || node.outputs.isEmpty else {
      return define(made)
    }
    if let missing = node.outputs.dropFirst(made.count).first(where: { !$0.isEmpty }) {
      throw refusal("unsupported-output", "\(made.count) outputs", "the output '\(missing.excerpt(80))' too")
    }
    define(made)
  }

  private mutating func define(_ made: [ONNXValue]) {
    for (name, value) in zip(node.outputs, made) where !name.isEmpty { values[name] = value }
  }

  private func unsupportedOperator() -> Problem {
    let domain = node.domain.isEmpty ? "ai.onnx" : node.domain
    let version = model.operatorSets[node.domain].map { " of version \($0)" } ?? ""
    let known = Self.handlers.keys.map { String($0.split(separator: ".").last ?? "") }.sorted()
    return Problem(
      .refused, "lift.unsupported-operator",
      "expected an operator that can be lifted, found '\(node.operation.excerpt(80))' of the domain"
        + " '\(domain.excerpt(80))'\(version) at node '\(node.name.excerpt(80))'",
      position: "byte \(node.offset)", hint: "use \(known.joined(separator: ", "))")
  }

  // MARK: - Refusals

  /// A refusal of the node under the code `lift.` and `what`.
  func refusal(_ what: String, _ expected: String, _ found: String, hint: String? = nil) -> Problem {
    let name = node.name.isEmpty ? node.outputs.first ?? "" : node.name
    return Problem(
      .refused, "lift.\(what)",
      "expected \(expected) at the node '\(name.excerpt(80))' (\(node.operation.excerpt(80))), found \(found)",
      position: "byte \(node.offset)", hint: hint)
  }

  /// Runs a reading of the file, which has been read before and may fail only where it says nonsense.
  func reading<Value>(_ body: () throws(MalformedBytes) -> Value) throws(Problem) -> Value {
    do {
      return try body()
    } catch {
      throw refusal("malformed-model", error.expected, error.found)
    }
  }

  // MARK: - Attributes

  private mutating func attribute(_ name: String, _ kind: ONNXModel.Attribute.Kind) throws(Problem)
    -> ONNXModel.Attribute?
  {
    asked.insert(name)
    guard let attribute = node.attribute(name) else { return nil }
    guard attribute.kind == kind else {
      throw refusal(
        "unexpected-attribute", "the attribute '\(name)' to be of the kind \(kind)", "\(attribute.kind)")
    }
    return attribute
  }

  mutating func integer(_ name: String) throws(Problem) -> Int? {
    guard let attribute = try attribute(name, .integer) else { return nil }
    return Int(try reading { () throws(MalformedBytes) in try attribute.integer() })
  }

  mutating func integer(_ name: String, default other: Int) throws(Problem) -> Int {
    try integer(name) ?? other
  }

  mutating func float(_ name: String, default other: Float) throws(Problem) -> Double {
    guard let attribute = try attribute(name, .float) else { return Double(other) }
    return Double(try reading { () throws(MalformedBytes) in try attribute.float() })
  }

  mutating func text(_ name: String, default other: String) throws(Problem) -> String {
    guard let attribute = try attribute(name, .text) else { return other }
    return try reading { () throws(MalformedBytes) in try attribute.text() }
  }

  mutating func integers(_ name: String) throws(Problem) -> [Int]? {
    guard let attribute = try attribute(name, .integers) else { return nil }
    return try reading { () throws(MalformedBytes) in try attribute.integers() }.map { Int($0) }
  }

  mutating func floats(_ name: String) throws(Problem) -> [Double]? {
    guard let attribute = try attribute(name, .floats) else { return nil }
    return try reading { () throws(MalformedBytes) in try attribute.floats() }.map { Double($0) }
  }

  mutating func texts(_ name: String) throws(Problem) -> [String]? {
    guard let attribute = try attribute(name, .texts) else { return nil }
    var texts: [String] = []
    for bytes in try reading({ () throws(MalformedBytes) in try attribute.texts() }) {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw refusal("unexpected-attribute", "texts in UTF-8 as '\(name)'", "other bytes")
      }
      texts.append(text)
    }
    return texts
  }

  mutating func tensor(_ name: String) throws(Problem) -> ONNXConstant? {
    guard let attribute = try attribute(name, .tensor),
      let tensor = try reading({ () throws(MalformedBytes) in try attribute.tensor() })
    else { return nil }
    return try constant(of: tensor)
  }

  mutating func graph(_ name: String) throws(Problem) -> ONNXModel.Graph? {
    guard let attribute = try attribute(name, .graph) else { return nil }
    return try reading { () throws(MalformedBytes) in try attribute.graph() }
  }

  /// Says that an attribute makes no difference.
  mutating func ignore(_ names: String...) { asked.formUnion(names) }
}
