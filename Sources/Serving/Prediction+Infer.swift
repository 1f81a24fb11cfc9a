import Domain
import Encoding
import Inference
import ModelGraph

/// How the answer to an inference request is written.
struct InferForm: Sendable {
  /// What the caller called the request; it gets it back.
  let id: String?

  func write(_ outputs: [(PredictionMethod, Tensor?)], model: ServedModel) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes +=
      "{\"model_name\":\"\(model.reference.name)\",\"model_version\":\"\(model.reference.version)\"".utf8
    if let id {
      bytes += ",\"id\":".utf8
      bytes += JSON.string(id).canonicalBytes
    }
    bytes += ",\"outputs\":[".utf8
    var isFirst = true
    for case (let method, let tensor?) in outputs {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      let shape = tensor.shape.map(\.description).joined(separator: ",")
      bytes += "{\"name\":\"\(method.rawValue)\",\"datatype\":\"\(tensor.elements.datatype.rawValue)\"".utf8
      bytes += ",\"shape\":[\(shape)],\"data\":[".utf8
      ResultText.append(tensor.elements, 0..<tensor.elements.count, to: &bytes)
      bytes += "]}".utf8
    }
    bytes += "]}".utf8
    return bytes
  }
}

extension Prediction {
  /// Reads an inference request of the Open Inference Protocol, version 2, with its tensors in JSON.
  init(inferring json: JSON, with model: ServedModel) throws(Problem) {
    guard json.object != nil else {
      throw malformed("expected an object such as {\"inputs\": [...]}, found \(json.kind)", at: "")
    }
    let id = try json.optional("id", at: "", "a string", \.string)
    try refuseHarmfulParameters(of: json, at: "")
    guard let inputs = json["inputs"]?.array else {
      throw malformed("expected an array as 'inputs', found \(json["inputs"]?.kind ?? "none")", at: "/inputs")
    }
    guard let input = inputs.first, inputs.count == 1 else {
      throw malformed(
        "expected one input, '\(model.signature.input.name)', found \(inputs.count)", at: "/inputs")
    }
    self.init(
      model: model, rows: try InputTensor(input, model.signature).rows,
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
        throw malformed("expected an object with the 'name' of an output", at: position)
      }
      try refuseHarmfulParameters(of: output, at: position)
      let method = try signature.method(named: name, position: "\(position)/name")
      guard !methods.contains(method) else {
        throw malformed("expected each output once, found '\(name)' again", at: position)
      }
      methods.append(method)
    }
    return methods
  }
}

/// The one input of a request as rows.
private struct InputTensor {
  let rows: Rows

  init(_ json: JSON, _ signature: ModelSignature) throws(Problem) {
    let expected = signature.input.name
    guard let name = json["name"]?.string, name == expected else {
      let found = json["name"]?.string.map { "'\($0.prefix(80))'" } ?? "none"
      throw malformed("expected the input '\(expected)', found \(found)", at: "/inputs/0/name")
    }
    try refuseHarmfulParameters(of: json, at: "/inputs/0")
    let text = json["datatype"]?.string
    guard let datatype = text.flatMap(NumericDatatype.init(rawValue:)) else {
      throw malformed(
        "expected a numeric datatype such as FP64, found \(text.map { "'\($0.prefix(20))'" } ?? "none")",
        at: "/inputs/0/datatype")
    }
    let (rowCount, featureCount) = try Self.shape(json, signature)
    let (count, overflow) = rowCount.multipliedReportingOverflow(by: featureCount)
    guard let data = json["data"]?.array else {
      throw malformed(
        "expected an array as 'data', found \(json["data"]?.kind ?? "none")", at: "/inputs/0/data")
    }
    var values: [Double] = []
    var isNested = false
    if case .array = data.first { isNested = true }
    if isNested {
      guard data.count == rowCount else {
        throw malformed("expected \(rowCount) rows, as in 'shape', found \(data.count)", at: "/inputs/0/data")
      }
      for (index, row) in data.enumerated() {
        guard let elements = row.array, elements.count == featureCount else {
          let found = row.array.map { "\($0.count)" } ?? row.kind
          throw malformed("expected a row of \(featureCount), found \(found)", at: "/inputs/0/data/\(index)")
        }
        try Self.append(elements, datatype, at: "/inputs/0/data/\(index)", to: &values)
      }
    } else {
      guard !overflow, data.count == count else {
        throw malformed(
          "expected \(rowCount) × \(featureCount) elements, as in 'shape', found \(data.count)",
          at: "/inputs/0/data")
      }
      try Self.append(data, datatype, at: "/inputs/0/data", to: &values)
    }
    rows = Rows(values: values, rowCount: rowCount, featureCount: featureCount)
  }

  private static func shape(_ json: JSON, _ signature: ModelSignature) throws(Problem) -> (Int, Int) {
    let shape = json["shape"]?.array?.compactMap(\.int)
    guard let shape, shape.count == json["shape"]?.array?.count, shape.count == 2, shape[0] >= 1 else {
      throw malformed(
        "expected a shape of rows and features, such as [1,\(signature.featureCount)]", at: "/inputs/0/shape")
    }
    guard shape[1] == signature.featureCount else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(signature.featureCount) features in each row, found \(shape[1])",
        position: "/inputs/0/shape/1")
    }
    return (shape[0], shape[1])
  }

  private static func append(
    _ elements: [JSON], _ datatype: NumericDatatype, at pointer: String, to values: inout [Double]
  ) throws(Problem) {
    for (index, element) in elements.enumerated() {
      guard let value = datatype.value(of: element) else {
        throw Problem(
          .badInput, "infer.element", "expected \(datatype.description), found \(element.kind) that is none",
          position: "\(pointer)/\(index)")
      }
      values.append(value)
    }
  }
}

private func malformed(_ message: String, at pointer: String) -> Problem {
  Problem(.badInput, "infer.malformed", message, position: pointer.isEmpty ? nil : pointer)
}

/// Parameters are left alone, but for those that would change what the data or the answer mean.
private func refuseHarmfulParameters(of json: JSON, at pointer: String) throws(Problem) {
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
  fileprivate func optional<Value>(
    _ name: String, at pointer: String, _ expected: String, _ read: (JSON) -> Value?
  ) throws(Problem) -> Value? {
    guard let member = self[name] else { return nil }
    guard let value = read(member) else {
      throw malformed("expected \(expected) as '\(name)', found \(member.kind)", at: "\(pointer)/\(name)")
    }
    return value
  }
}
