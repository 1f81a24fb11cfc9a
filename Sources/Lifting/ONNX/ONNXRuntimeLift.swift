import Artifacts
import Domain
import Encoding
import ModelGraph

/// Makes a graph of one operator of a model of ONNX: the model itself, for ONNX Runtime to run.
///
/// Taken is what needs nothing but the file and the library: operators of the standard and those of ONNX Runtime's
/// own that compute, weights in the file, tensors in and out, rows along the first axis of each and a known length
/// along every other. Control flow is taken: the engine is cut off from everything and has a deadline.
enum ONNXRuntimeLift {
  /// Adds to a refusal of our operators that ONNX Runtime would take the model, if it would.
  static func hinting(at bytes: ArraySlice<UInt8>, _ problem: Problem) -> Problem {
    guard (try? lift(bytes, natively: problem)) != nil else { return problem }
    var problem = problem
    problem.hint =
      "let ONNX Runtime run the model: --engine onnxruntime" + (problem.hint.map { "; or \($0)" } ?? "")
    return problem
  }

  /// Makes the graph; `problem` is why our own operators do not do.
  static func lift(
    _ bytes: ArraySlice<UInt8>, natively problem: Problem
  ) throws(Problem) -> LiftedGraph {
    let cause = problem.message
    let model: ONNXModel
    do {
      model = try ONNXModel(reading: bytes)
    } catch {
      throw problem
    }
    guard bytes.count <= ONNXRuntimeModel.byteLimit else {
      throw refusal("at most \(ONNXRuntimeModel.byteLimit) bytes", "\(bytes.count)", cause)
    }
    // Inspection has read it in the same way; a graph is made only of what it has nothing to say about.
    let reading = ONNXReader.read(bytes)
    if let observation = reading.observations.first {
      throw refusal("nothing but operators of the standard", observation.detail.excerpt(200), cause)
    }
    guard reading.damage == nil, reading.externalData.isEmpty else {
      throw refusal("all weights in the file", "some in another", cause)
    }
    if let node = reading.random {
      throw Problem(
        .refused, "lift.random-operator",
        "expected operators that answer the same for the same rows, found '\(node.operation.excerpt(80))', which draws"
          + " random numbers", position: "byte \(node.offset)",
        hint: "export the model for inference, with what is drawn as an input",
        cause: "our own operators do not do: \(cause)")
    }
    return try lift(model, Array(bytes), cause)
  }

  private static func lift(
    _ model: ONNXModel, _ bytes: [UInt8], _ cause: String
  ) throws(Problem) -> LiftedGraph {
    let defaults = Set(model.graph.initializers.map(\.name))
    let inputs = try ports(model.graph.inputs.filter { !defaults.contains($0.name) }, "input", cause)
    let outputs = try ports(model.graph.outputs, "output", cause)
    guard Set((inputs + outputs).map(\.takesOneRow)).count == 1, let first = inputs.first else {
      throw refusal("inputs and outputs with rows along the first axis", "some without", cause)
    }
    let operation = ONNXRuntimeModel(
      bytes: bytes, inputs: inputs.map(\.port), outputs: outputs.map(\.port), takesOneRow: first.takesOneRow)
    let producer =
      model.producer.isEmpty ? "" : " of \(model.producer.excerpt(40)) \(model.producerVersion.excerpt(40))"
    let version = model.operatorSets.sorted { $0.key < $1.key }.map { domain, version in
      "\(domain.isEmpty ? "ai.onnx" : domain.excerpt(40)) \(version)"
    }
    return LiftedGraph(
      graph: try Lifter.validated(graph(operation)), framework: "onnx",
      frameworkVersion: version.prefix(8).joined(separator: ", "), estimator: "ONNX model\(producer)")
  }

  // MARK: - Ports

  private struct Declared {
    let port: ModelSignature.Port
    let takesOneRow: Bool
  }

  private static func ports(
    _ ports: [ONNXModel.Port], _ what: String, _ cause: String
  ) throws(Problem) -> [Declared] {
    guard !ports.isEmpty else { throw refusal("a model with an \(what)", "none", cause) }
    var declared: [Declared] = []
    var columns = 0
    for port in ports {
      let name = "the \(what) '\(port.name.excerpt(80))'"
      guard case .tensor(let element, let dimensions?) = port.type, let first = dimensions.first else {
        throw refusal("\(name) to be a tensor with axes", "another value", cause)
      }
      guard let datatype = Datatype(element) else {
        throw refusal(
          "\(name) to be of single or double precision, integers of 32 or 64 bits, truth values or texts",
          "another type", cause)
      }
      var shape = [-1]
      for (axis, dimension) in dimensions.enumerated().dropFirst() {
        guard case .size(let size) = dimension, size > 0 else {
          throw refusal("\(name) to have a known length along axis \(axis)", "none", cause)
        }
        shape.append(size)
      }
      guard let count = Tensor.elementCount(of: Array(shape.dropFirst())),
        count <= GraphLimits.columns - columns
      else { throw refusal("at most \(GraphLimits.columns) columns of \(what)s", "more", cause) }
      columns += count
      let takesOneRow: Bool
      switch first {
      case .open: takesOneRow = false
      case .size(1): takesOneRow = true
      case .size(let size):
        throw refusal("\(name) to have any number of rows along its first axis, or 1", "\(size)", cause)
      }
      declared.append(
        Declared(
          port: ModelSignature.Port(name: port.name, datatype: datatype, shape: shape),
          takesOneRow: takesOneRow))
    }
    return declared
  }

  private static func refusal(_ expected: String, _ found: String, _ cause: String) -> Problem {
    Problem(
      .refused, "lift.unsupported-by-engine",
      "expected \(expected) in a model that ONNX Runtime is to run, found \(found)",
      hint: "export the model anew: weights inside, rows along the first axis, all other lengths fixed",
      cause: "our own operators do not do: \(cause)")
  }

  // MARK: - Graph

  private static func graph(_ model: ONNXRuntimeModel) -> ModelGraph {
    var texts: [Int] = []
    var names: [String] = []
    for input in model.inputs {
      let columns = input.columns
      if input.datatype == .string { texts += names.count..<(names.count + columns) }
      names +=
        columns == 1 ? [input.name] : (0..<columns).map { "\(input.name)[\($0)]" }
    }
    let features = FeatureList(
      count: names.count, names: model.inputs.count > 1 ? names : nil, texts: texts)
    let origin = "ONNX model"
    let operands =
      (texts.count < names.count ? [ModelGraph.inputName] : [])
      + (texts.isEmpty ? [] : [ModelGraph.textsName])
    var nodes = [
      ModelGraph.Node(output: "model", inputs: operands, operator: model, origin: origin)
    ]
    for index in model.outputs.indices {
      nodes.append(
        ModelGraph.Node(output: "part_\(index)", inputs: ["model"], operator: Part(index), origin: origin))
    }
    let methods = methods(of: model.outputs)
    var outputs: [ModelSignature.Output] = []
    var results: [PredictionMethod: [String]] = [:]
    for method in [PredictionMethod.predict, .predictProbabilities, .decisionFunction] {
      let own = methods.indices.filter { methods[$0] == method }
      guard !own.isEmpty else { continue }
      results[method] = own.map { "part_\($0)" }
      let ports = own.enumerated().map { place, index in
        let output = model.outputs[index]
        return ModelSignature.Port(
          name: own.count == 1 ? method.rawValue : "\(method.rawValue).\(place)", datatype: output.datatype,
          shape: output.shape.count == 1 ? [-1] : [-1, output.columns])
      }
      outputs.append(ModelSignature.Output(method: method, ports: ports))
    }
    return ModelGraph(
      signature: ModelSignature(features: features, outputs: outputs, classes: []), nodes: nodes,
      results: results)
  }

  /// A label and what stands beside it by their kinds and names, anything else one prediction beside another.
  private static func methods(of outputs: [ModelSignature.Port]) -> [PredictionMethod] {
    let all = [PredictionMethod](repeating: .predict, count: outputs.count)
    guard outputs.count == 2, outputs[0].columns == 1,
      [.int64, .int32, .string].contains(outputs[0].datatype)
    else { return all }
    let name = outputs[1].name.lowercased()
    if name.contains("prob") { return [.predict, .predictProbabilities] }
    return name.contains("score") || name.contains("decision") ? [.predict, .decisionFunction] : all
  }
}

extension Datatype {
  /// The datatype of an element that models of ONNX Runtime are asked in; nil for others.
  fileprivate init?(_ type: ONNXElementType?) {
    switch type {
    case .float: self = .float32
    case .double: self = .float64
    case .int64: self = .int64
    case .int32: self = .int32
    case .bool: self = .bool
    case .string: self = .string
    default: return nil
    }
  }
}
