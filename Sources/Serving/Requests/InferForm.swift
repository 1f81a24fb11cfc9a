import Domain
import Encoding
import ModelGraph

/// How the answer to an inference request is written.
struct InferForm: Sendable {
  /// What the caller called the request; it gets it back.
  let id: String?
  var outputs: [InferOutput]
  let wire: InferRequest.Wire
  /// Whether the caller named the outputs.
  var areNamed = false

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
    var json: [UInt8] = []
    json.reserveCapacity(512)
    json.append("{\"model_name\":")
    json.append(jsonString: model.reference.name.description)
    json.append(",\"model_version\":\"")
    json.append(decimal: model.reference.version.value)
    json.append("\"")
    if let id {
      json.append(",\"id\":")
      json.append(jsonString: id)
    }
    json.append(",\"outputs\":[")
    var binary: [UInt8] = []
    for (index, output) in outputs.enumerated() {
      let tensor = try tensor(output, tensors)
      json.append(index > 0 ? ",{\"name\":" : "{\"name\":")
      json.append(jsonString: output.name)
      json.append(",\"datatype\":\"")
      json += tensor.elements.datatype.rawValue.utf8
      json.append("\",\"shape\":[")
      for (axis, length) in tensor.shape.enumerated() {
        if axis > 0 { json.append(",") }
        json.append(decimal: length)
      }
      if output.isBinary {
        let start = binary.count
        tensor.elements.appendBinary(to: &binary)
        json.append("],\"parameters\":{\"binary_data_size\":")
        json.append(decimal: binary.count - start)
        json.append("}}")
      } else {
        json.append("],\"data\":[")
        ResultText.append(tensor.elements, 0..<tensor.elements.count, to: &json)
        json.append("]}")
      }
    }
    json.append("]}")
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
