import Artifacts
import Domain
import Encoding
import ModelGraph

// From a file to a graph with a signature: what goes in, what comes out, and what the outputs are called.
extension ONNXLifter {
  /// Lifts the model in `bytes`.
  static func lift(_ bytes: ArraySlice<UInt8>) throws(Problem) -> LiftedGraph {
    let model: ONNXModel
    do {
      model = try ONNXModel(reading: bytes)
    } catch {
      throw Problem(
        .refused, "lift.malformed-model", "expected \(error.expected), found \(error.found)",
        position: "byte \(error.offset)")
    }
    // Trees have up to nine numbers a node, of which the file spends a byte or two on most.
    var lifter = ONNXLifter(model, builder: GraphBuilder(arrayBytes: bytes.count &* 4))
    try lifter.readInitializers()
    try lifter.readInputs()
    try lifter.liftNodes()
    let graph = try lifter.graph()
    let producer =
      model.producer.isEmpty ? "" : " of \(model.producer.excerpt(40)) \(model.producerVersion.excerpt(40))"
    let version = model.operatorSets.sorted { $0.key < $1.key }.map { domain, version in
      "\(domain.isEmpty ? "ai.onnx" : domain.excerpt(40)) \(version)"
    }
    return LiftedGraph(
      graph: try Lifter.validated(graph), framework: "onnx",
      frameworkVersion: version.prefix(8).joined(separator: ", "), estimator: "ONNX model\(producer)")
  }

  // MARK: - What goes in

  private mutating func readInitializers() throws(Problem) {
    let needed = Set(model.graph.nodes.flatMap(\.inputs)).union(model.graph.outputs.map(\.name))
    for tensor in model.graph.initializers where needed.contains(tensor.name) {
      guard values[tensor.name] == nil else {
        throw refusal("duplicate-value", "each weight once", "'\(tensor.name.excerpt(80))' again")
      }
      values[tensor.name] = .constant(try constant(of: tensor))
    }
  }

  /// An input and where its columns are among the features.
  private struct Input {
    let name: String
    let kind: ONNXKind
    let shape: [Int]
    let range: Range<Int>
  }

  private mutating func readInputs() throws(Problem) {
    var inputs: [Input] = []
    var count = 0
    // A weight that bears the name of an input is its default, and stays.
    for port in model.graph.inputs where values[port.name] == nil {
      let (kind, shape) = try type(of: port)
      guard let columns = ONNXAxes.count(shape), columns > 0 else { throw tooLarge() }
      inputs.append(Input(name: port.name, kind: kind, shape: shape, range: count..<(count + columns)))
      count += columns
      guard count <= ONNXAxes.placeLimit else { throw tooLarge() }
    }
    guard !inputs.isEmpty else {
      throw Problem(.refused, "lift.unsupported-model", "expected a model with an input, found none")
    }
    var names: [String]?
    if inputs.count > 1 {
      names = inputs.flatMap { input in
        input.range.count == 1
          ? [input.name] : input.range.indices.map { "\(input.name)[\($0 - input.range.lowerBound)]" }
      }
    }
    builder.declareFeatures(count: count, names: names)
    for input in inputs {
      let isText = input.kind == .text
      var value = try builder.features(input.range, isText: isText, origin: "ONNX model")
      if input.kind == .float32 { value = try apply(MapElements(.float32), to: [value], named: "single") }
      if input.kind == .integer {
        // Before any node there is none to name.
        value = try builder.apply(
          CheckWhole(), to: [value], named: "whole", origin: "the input '\(input.name.excerpt(80))'",
          position: nil)
      }
      values[input.name] = .batch(
        ONNXBatch(
          value: value, kind: input.kind, shape: input.shape, rowAxis: 0, content: isText ? .texts : .numbers)
      )
    }
  }

  /// What an input holds for each row: its kind, and its shape with 1 in the place of the rows.
  private func type(of port: ONNXModel.Port) throws(Problem) -> (ONNXKind, [Int]) {
    func refused(_ expected: String, _ found: String) -> Problem {
      Problem(
        .refused, "lift.unsupported-input",
        "expected the input '\(port.name.excerpt(80))' to be \(expected), found \(found)",
        hint: "export the model with inputs of known types, the rows along the first axis")
    }
    guard case .tensor(let element, let dimensions?) = port.type else {
      throw refused("a tensor with a shape", "another value")
    }
    guard let kind = ONNXKind(element) else {
      throw refused("of single or double precision, integers, truth values or texts", "another type")
    }
    guard !dimensions.isEmpty else { throw refused("at least a vector", "a single element") }
    var shape = [1]
    for (axis, dimension) in dimensions.enumerated().dropFirst() {
      switch dimension {
      case .size(let size) where size > 0: shape.append(size)
      default:
        guard axis == 1, dimensions.count == 2, let width = width(of: port.name) else {
          throw refused("of a known length along axis \(axis)", "none")
        }
        shape.append(width)
      }
    }
    return (kind, shape)
  }

  /// How many columns the first node that reads an input expects, where the input does not say.
  private func width(of name: String) -> Int? {
    let shapes = Dictionary(
      model.graph.initializers.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    for node in model.graph.nodes where node.inputs.first == name {
      switch node.operation {
      case "Scaler", "Imputer":
        let attribute = node.attribute("offset") ?? node.attribute("imputed_value_floats")
        if let count = try? attribute?.count(), count > 1 { return count }
      case "MatMul", "Gemm":
        guard node.inputs.count > 1, let shape = shapes[node.inputs[1]], shape.count == 2 else { return nil }
        let isTransposed = (try? node.attribute("transB")?.integer()) == 1
        return isTransposed ? shape[1] : shape[0]
      case "Sub", "Add", "Mul", "Div":
        if node.inputs.count > 1, let size = shapes[node.inputs[1]]?.last, size > 1 { return size }
      case "LinearRegressor":
        let targets = Int((try? node.attribute("targets")?.integer()) ?? 1)
        if let count = try? node.attribute("coefficients")?.count(), targets > 0 { return count / targets }
      case "LinearClassifier":
        let outputs = (try? node.attribute("intercepts")?.count()) ?? 0
        if let count = try? node.attribute("coefficients")?.count(), outputs > 0 { return count / outputs }
      default: break
      }
    }
    return nil
  }

  // MARK: - What comes out

  /// An output as a caller gets it.
  private struct Output {
    let name: String
    let value: GraphValue
    let isVector: Bool
    /// The labels that it picks, where it is a label.
    let labels: Tensor?
    let isZipped: Bool
  }

  private mutating func graph() throws(Problem) -> ModelGraph {
    var outputs: [Output] = []
    for port in model.graph.outputs {
      if let batches = sequences[port.name] {
        for batch in batches { outputs.append(try output(batch, port)) }
        continue
      }
      guard case .batch(let batch)? = values[port.name] else {
        throw Problem(
          .refused, "lift.unsupported-output",
          "expected the output '\(port.name.excerpt(80))' to depend on the rows, found one that does not")
      }
      outputs.append(try output(batch, port))
    }
    guard let first = outputs.first else {
      throw Problem(.refused, "lift.unsupported-model", "expected a model with an output, found none")
    }
    let methods = Self.methods(of: outputs)
    var results: [PredictionMethod: [String]] = [:]
    var signatures: [ModelSignature.Output] = []
    for method in [PredictionMethod.predict, .predictProbabilities, .decisionFunction, .transform] {
      let own = zip(outputs, methods).filter { $0.1 == method }.map(\.0)
      guard !own.isEmpty else { continue }
      results[method] = own.map(\.value.name)
      signatures.append(
        ModelSignature.Output(
          method: method,
          ports: own.enumerated().map { index, output in
            ModelSignature.Port(
              name: own.count == 1 ? method.rawValue : "\(method.rawValue).\(index)",
              datatype: output.value.type.datatype,
              shape: output.isVector ? [-1] : [-1, output.value.columns])
          }))
    }
    var classes: [Tensor] = []
    if methods[0] == .predict, let labels = first.labels, methods.dropFirst().allSatisfy({ $0 != .predict }) {
      let probabilities = zip(outputs, methods).first { $0.1 == .predictProbabilities }?.0
      if probabilities == nil || probabilities?.value.columns == labels.elements.count { classes = [labels] }
    }
    return builder.graph(outputs: signatures, results: results, classes: classes)
  }

  /// The method that each output answers: a label and what stands beside it by their kinds and names, anything
  /// else one prediction beside another.
  private static func methods(of outputs: [Output]) -> [PredictionMethod] {
    // Names that say it all, with `.0`, `.1` … behind them where a method gives several.
    let stated = outputs.compactMap { output in
      PredictionMethod(rawValue: String(output.name.split(separator: ".").first ?? ""))
    }
    if stated.count == outputs.count { return stated }
    guard outputs.count > 1 else { return [.predict] }
    // Labels of several targets, and a sequence of the probabilities of each.
    if outputs.count == outputs[0].value.columns + 1, outputs[0].value.columns > 1,
      [.int64, .int32, .string].contains(outputs[0].value.type.datatype),
      outputs.dropFirst().allSatisfy({ $0.name == outputs[1].name && $0.name != outputs[0].name }),
      outputs[1].name.lowercased().contains("prob")
    {
      return [.predict] + [PredictionMethod](repeating: .predictProbabilities, count: outputs.count - 1)
    }
    var methods = [PredictionMethod.predict]
    let isLabel =
      outputs[0].value.columns == 1 && outputs[0].value.type.datatype != .float32
      && outputs[0].value.type.datatype != .float64
    for output in outputs.dropFirst() {
      let name = output.name.lowercased()
      let method: PredictionMethod?
      if output.isZipped || (isLabel && name.contains("prob")) {
        method = .predictProbabilities
      } else if isLabel, outputs[0].labels?.elements.count == output.value.columns, outputs.count == 2,
        !name.contains("score")
      {
        method = .predictProbabilities
      } else if isLabel, name.contains("score") || name.contains("decision") {
        method = .decisionFunction
      } else {
        method = nil
      }
      guard let method, !methods.contains(method) else {
        return [PredictionMethod](repeating: .predict, count: outputs.count)
      }
      methods.append(method)
    }
    return methods
  }

  private mutating func output(_ batch: ONNXBatch, _ port: ONNXModel.Port) throws(Problem) -> Output {
    let name = port.name
    let isVector = batch.columns == 1 && batch.shape.count - 1 == 0
    let table = tables[batch.value.name]
    func made(_ value: GraphValue, _ labels: Tensor?) -> Output {
      Output(name: name, value: value, isVector: isVector, labels: labels, isZipped: zipped.contains(name))
    }
    switch batch.content {
    case .names(let texts):
      let labels = Tensor(vector: .string(texts))
      return made(try apply(Label(labels), to: [batch.value], named: "label"), labels)
    case .texts:
      throw Problem(
        .refused, "lift.unsupported-output",
        "expected the output '\(name.excerpt(80))' to be numbers or labels, found texts")
    case .indices, .numbers:
      let datatype: Datatype =
        switch batch.kind {
        case .float32: .float32
        case .float64: .float64
        case .integer: port.isShort ? .int32 : .int64
        case .boolean, .text: .bool
        }
      var value = batch.value
      // Columns in the order of the model, and the rows in front.
      if batch.rowAxis != 0 {
        let order = [batch.rowAxis] + (0..<batch.rank).filter { $0 != batch.rowAxis }
        value = try transposed(batch, to: order).value
      }
      if datatype != .float64 || value.type.content != .numbers {
        value = try apply(Cast(datatype), to: [value], named: "output")
      }
      return made(value, batch.kind == .integer ? table : nil)
    }
  }
}

extension ONNXModel.Port {
  /// Whether it is declared to hold integers of 32 bits.
  fileprivate var isShort: Bool {
    if case .tensor(.int32, _) = type { true } else { false }
  }
}
