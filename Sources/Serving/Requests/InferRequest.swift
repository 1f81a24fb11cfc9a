import Domain
import Encoding
import Inference
import ModelGraph

/// A request of the Open Inference Protocol, version 2, whatever wire it came on.
struct InferRequest {
  /// How a request came, and how it is answered.
  enum Wire {
    case json
    /// As messages of gRPC.
    case protobuf
  }

  /// How many inputs, or outputs, a request may name.
  static let mostTensors = 65_536
  /// The parameters that would change what the data or the answer mean.
  private static let refusedParameters: Set = ["classification", "shared_memory_region"]

  /// What the caller called the request; it gets it back.
  var id: String?
  var tensors: [InferTensor] = []
  /// The outputs that the caller named; all of the model's where there are none.
  var outputs: [Output] = []
  /// Whether outputs that do not say otherwise are answered in binary.
  var prefersBinary = false
  var wire = Wire.json

  /// An output that the caller named.
  struct Output {
    let name: String
    /// Whether it is to be answered in binary, where the caller says.
    let isBinary: Bool?
    /// Where it stands in its request.
    let pointer: String
  }

  /// Refuses a parameter that is not ignored; `pointer` is where its parameters stand.
  static func refuseParameter(_ name: String, at pointer: String) throws(Problem) {
    guard refusedParameters.contains(name) else { return }
    throw Problem(
      .badInput, "infer.unsupported-parameter", "expected no parameter '\(name)', found it",
      position: "\(pointer)/\(name)")
  }
}

/// One output of an answer: a tensor that a method gives.
struct InferOutput: Sendable, Equatable {
  let method: PredictionMethod
  /// Which of the method's tensors.
  let place: Int
  let name: String
  var isBinary: Bool

  /// Those that a method gives.
  static func all(of output: ModelSignature.Output, isBinary: Bool) -> [InferOutput] {
    output.ports.enumerated().map { place, port in
      InferOutput(method: output.method, place: place, name: port.name, isBinary: isBinary)
    }
  }
}

extension Prediction {
  /// Understands a request of the protocol for a model.
  init(_ request: InferRequest, with model: ServedModel) throws(Problem) {
    var (outputs, methods) = (model.outputs, model.methods)
    if !request.outputs.isEmpty {
      outputs = try Self.outputs(request, model.signature)
      methods = []
      for output in outputs where !methods.contains(output.method) { methods.append(output.method) }
    } else if request.prefersBinary {
      for place in outputs.indices { outputs[place].isBinary = true }
    }
    self.init(
      model: model, rows: try model.rows(of: request.tensors), methods: methods,
      form: .infer(
        InferForm(
          id: request.id, outputs: outputs, wire: request.wire, areNamed: !request.outputs.isEmpty)))
  }

  /// The tensors that a request names; a method of several tensors may be named by its own name or by each of theirs.
  private static func outputs(
    _ request: InferRequest, _ signature: ModelSignature
  ) throws(Problem) -> [InferOutput] {
    var chosen: [InferOutput] = []
    for requested in request.outputs {
      let position = "\(requested.pointer)/name"
      let isBinary = requested.isBinary ?? request.prefersBinary
      var found: [InferOutput] = []
      for output in signature.outputs {
        let all = InferOutput.all(of: output, isBinary: isBinary)
        found += output.method.rawValue == requested.name ? all : all.filter { $0.name == requested.name }
      }
      if found.isEmpty { _ = try signature.method(named: requested.name, position: position) }
      guard !found.contains(where: { output in chosen.contains { $0.name == output.name } }) else {
        throw malformedInfer(
          "expected each output once, found '\(requested.name.excerpt(40))' again", at: requested.pointer)
      }
      chosen += found
    }
    return chosen
  }
}

/// A problem of a request's form, at a JSON pointer.
func malformedInfer(_ message: String, at pointer: String) -> Problem {
  Problem(.badInput, "infer.malformed", message, position: pointer.isEmpty ? nil : pointer)
}

extension ModelSignature {
  /// The method of a name, where the model has it.
  func method(named name: String, position: String) throws(Problem) -> PredictionMethod {
    if let method = PredictionMethod(rawValue: name), methods.contains(method) { return method }
    throw Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(name.excerpt(40))'", position: position,
      hint: "use \(methods.map { "'\($0.rawValue)'" }.joined(separator: ", "))")
  }
}
