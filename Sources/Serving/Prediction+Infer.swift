import Domain
import Encoding
import Inference
import ModelGraph

/// How the answer to an inference request is written.
struct InferForm: Sendable {
  /// What the caller called the request; it gets it back.
  let id: String?

  func write(_ outputs: [(PredictionMethod, [Tensor])], model: ServedModel) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes +=
      "{\"model_name\":\"\(model.reference.name)\",\"model_version\":\"\(model.reference.version)\"".utf8
    if let id {
      bytes += ",\"id\":".utf8
      bytes += JSON.string(id).canonicalBytes
    }
    bytes += ",\"outputs\":[".utf8
    var isFirst = true
    for (method, tensors) in outputs {
      for (index, tensor) in tensors.enumerated() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        let shape = tensor.shape.map(\.description).joined(separator: ",")
        let name = tensors.count == 1 ? method.rawValue : "\(method.rawValue).\(index)"
        bytes += "{\"name\":\"\(name)\",\"datatype\":\"\(tensor.elements.datatype.rawValue)\"".utf8
        bytes += ",\"shape\":[\(shape)],\"data\":[".utf8
        ResultText.append(tensor.elements, 0..<tensor.elements.count, to: &bytes)
        bytes += "]}".utf8
      }
    }
    bytes += "]}".utf8
    return bytes
  }
}

extension Prediction {
  /// Reads an inference request of the Open Inference Protocol, version 2, with its tensors in JSON.
  init(inferring json: JSON, with model: ServedModel) throws(Problem) {
    guard json.object != nil else {
      throw malformedInfer("expected an object such as {\"inputs\": [...]}, found \(json.kind)", at: "")
    }
    let id = try json.optional("id", at: "", "a string", \.string)
    try refuseHarmfulParameters(of: json, at: "")
    guard let inputs = json["inputs"]?.array else {
      throw malformedInfer(
        "expected an array as 'inputs', found \(json["inputs"]?.kind ?? "none")", at: "/inputs")
    }
    self.init(
      model: model, rows: try InputTensors(inputs, of: model).rows,
      methods: try Self.methods(json, model.signature), form: .infer(InferForm(id: id)))
  }

  private static func methods(_ json: JSON, _ signature: ModelSignature) throws(Problem) -> [PredictionMethod]
  {
    guard let outputs = try json.optional("outputs", at: "", "an array", \.array), !outputs.isEmpty else {
      return signature.methods
    }
    var methods: [PredictionMethod] = []
    for (index, output) in outputs.enumerated() {
      let position = "/outputs/\(index)"
      guard let name = output["name"]?.string else {
        throw malformedInfer("expected an object with the 'name' of an output", at: position)
      }
      try refuseHarmfulParameters(of: output, at: position)
      let method = try signature.method(named: name, position: "\(position)/name")
      guard !methods.contains(method) else {
        throw malformedInfer("expected each output once, found '\(name)' again", at: position)
      }
      methods.append(method)
    }
    return methods
  }
}

/// A problem of a request's form, at a JSON pointer.
func malformedInfer(_ message: String, at pointer: String) -> Problem {
  Problem(.badInput, "infer.malformed", message, position: pointer.isEmpty ? nil : pointer)
}

/// Parameters are left alone, but for those that would change what the data or the answer mean.
func refuseHarmfulParameters(of json: JSON, at pointer: String) throws(Problem) {
  guard let parameters = try json.optional("parameters", at: pointer, "an object", \.object) else { return }
  for name in ["binary_data_size", "classification", "shared_memory_region"]
  where parameters[name] != nil {
    throw Problem(
      .badInput, "infer.unsupported-parameter", "expected no parameter '\(name)', found it",
      position: "\(pointer)/parameters/\(name)")
  }
}

extension JSON {
  /// The member `name` in the form that `read` takes; nil where it is absent.
  func optional<Value>(
    _ name: String, at pointer: String, _ expected: String, _ read: (JSON) -> Value?
  ) throws(Problem) -> Value? {
    guard let member = self[name] else { return nil }
    guard let value = read(member) else {
      throw malformedInfer(
        "expected \(expected) as '\(name)', found \(member.kind)", at: "\(pointer)/\(name)")
    }
    return value
  }
}
