import Domain
import Encoding
import ModelGraph

/// How the answer to an inference request is written.
struct InferForm: Sendable {
  /// What the caller called the request; it gets it back.
  let id: String?
  let outputs: [InferOutput]
  let wire: InferRequest.Wire

  /// The answer with the outputs in their order.
  func answer(_ tensors: [PredictionMethod: [Tensor]], from model: ServedModel) throws(Problem) -> Answer {
    switch wire {
    case .json: try json(tensors, from: model)
    case .protobuf: try message(tensors, from: model)
    }
  }

  /// One of the tensors that were predicted.
  func tensor(_ output: InferOutput, _ tensors: [PredictionMethod: [Tensor]]) throws(Problem) -> Tensor {
    guard let tensor = tensors[output.method]?[output.place] else {
      throw Problem(.internal, "predict.no-result", "expected a result, found none")
    }
    return tensor
  }

  /// The answer in JSON, with the outputs that are wanted in binary behind it.
  private func json(_ tensors: [PredictionMethod: [Tensor]], from model: ServedModel) throws(Problem)
    -> Answer
  {
    var json = Array("{\"model_name\":\"\(model.reference.name)\"".utf8)
    json += ",\"model_version\":\"\(model.reference.version)\"".utf8
    if let id {
      json += ",\"id\":".utf8
      json += JSON.string(id).canonicalBytes
    }
    json += ",\"outputs\":[".utf8
    var binary: [UInt8] = []
    for (index, output) in outputs.enumerated() {
      let tensor = try tensor(output, tensors)
      if index > 0 { json.append(UInt8(ascii: ",")) }
      let shape = tensor.shape.map(\.description).joined(separator: ",")
      json += "{\"name\":\"\(output.name)\",\"datatype\":\"\(tensor.elements.datatype.rawValue)\"".utf8
      json += ",\"shape\":[\(shape)],".utf8
      if output.isBinary {
        let start = binary.count
        tensor.elements.appendBinary(to: &binary)
        json += "\"parameters\":{\"binary_data_size\":\(binary.count - start)}}".utf8
      } else {
        json += "\"data\":[".utf8
        ResultText.append(tensor.elements, 0..<tensor.elements.count, to: &json)
        json += "]}".utf8
      }
    }
    json += "]}".utf8
    guard outputs.contains(where: \.isBinary) else { return .ok(json) }
    return Answer(status: 200, body: json + binary, form: .binaryTensors(headerBytes: json.count))
  }
}

extension Tensor.Elements {
  /// Appends the elements as the protocol's binary form has them: the least significant byte first, a text behind the
  /// number of its bytes.
  func appendBinary(to bytes: inout [UInt8]) {
    switch self {
    case .bool(let values): for value in values { bytes.append(value ? 1 : 0) }
    case .int32(let values): Self.append(values, to: &bytes)
    case .int64(let values): Self.append(values, to: &bytes)
    case .float32(let values): Self.append(values, to: &bytes)
    case .float64(let values): Self.append(values, to: &bytes)
    case .string(let values):
      for value in values {
        bytes += UInt32(clamping: value.utf8.count).littleEndianBytes
        bytes += value.utf8
      }
    }
  }

  private static func append<Number: BitwiseCopyable>(_ values: [Number], to bytes: inout [UInt8]) {
    #if _endian(big)
      #error("numbers go out as they lie in memory, the least significant byte first")
    #endif
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
}
