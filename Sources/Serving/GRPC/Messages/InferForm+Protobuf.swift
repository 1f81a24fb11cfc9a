import Domain
import Encoding
import ModelGraph

extension InferForm {
  /// The answer as a `ModelInferResponse`: the tensors in `raw_output_contents` where the request sent its own so, else
  /// each with its `contents`.
  func message(_ tensors: [PredictionMethod: [Tensor]], from model: ServedModel) throws(Problem) -> Answer {
    var writer = ProtobufWriter(capacity: 256)
    writer.text(1, model.reference.name.description)
    writer.text(2, model.reference.version.description)
    if let id { writer.text(3, id) }
    var raw: [Tensor.Elements] = []
    for output in outputs {
      let tensor = try tensor(output, tensors)
      writer.message(5) { writer in
        writer.text(1, output.name)
        writer.text(2, tensor.elements.datatype.rawValue)
        writer.packed(3, tensor.shape.lazy.map { Int64($0) })
        if !output.isBinary { writer.message(5) { tensor.elements.append(to: &$0) } }
      }
      if output.isBinary { raw.append(tensor.elements) }
    }
    for elements in raw {
      writer.field(6, count: elements.binaryByteCount) { elements.appendBinary(to: &$0) }
    }
    return Answer(status: 200, body: writer.bytes, form: .protobuf)
  }
}

extension Tensor.Elements {
  /// How many bytes `appendBinary` appends.
  var binaryByteCount: Int {
    switch self {
    case .bool(let values): values.count
    case .int32, .float32: count * 4
    case .int64, .float64: count * 8
    case .string(let values): values.reduce(0) { $0 + 4 + $1.utf8.count }
    }
  }

  /// Appends the elements as the fields of an `InferTensorContents`.
  fileprivate func append(to writer: inout ProtobufWriter) {
    switch self {
    case .bool(let values): writer.packed(InferContents.booleans.rawValue, values.lazy.map { $0 ? 1 : 0 })
    case .int32(let values): writer.packed(InferContents.integers.rawValue, values.lazy.map { Int64($0) })
    case .int64(let values): writer.packed(InferContents.longIntegers.rawValue, values)
    case .float32:
      writer.field(InferContents.singles.rawValue, count: binaryByteCount) { appendBinary(to: &$0) }
    case .float64:
      writer.field(InferContents.doubles.rawValue, count: binaryByteCount) { appendBinary(to: &$0) }
    case .string(let values): for value in values { writer.text(InferContents.texts.rawValue, value) }
    }
  }
}
