import Domain
import Encoding
import Inference

extension InferRequest {
  /// Reads a `ModelInferRequest`.
  ///
  /// A field that the schema does not have is stepped over; one of the schema's with another wire type is refused.
  init(protobuf bytes: ArraySlice<UInt8>) throws(Problem) {
    wire = .protobuf
    var reader = ProtobufReader(bytes, origin: bytes.startIndex)
    var inputs: [ArraySlice<UInt8>] = []
    var raw: [ArraySlice<UInt8>] = []
    var isPastNames = false
    while let field = try reader.nextField() {
      switch field.number {
      case 1, 2:
        // Read before, by `ModelQuery`.
        guard !isPastNames else { throw ModelQuery.repeated(field) }
        continue
      case 3:
        let text = try field.text("id")
        id = text.isEmpty ? nil : text
      case 4: try field.refuseParameter(at: "")
      case 5:
        guard inputs.count < Self.mostTensors else {
          throw malformedInfer("expected at most \(Self.mostTensors) inputs, found more", at: "/inputs")
        }
        inputs.append(try field.message("inputs"))
      case 6:
        guard outputs.count < Self.mostTensors else {
          throw malformedInfer("expected at most \(Self.mostTensors) outputs, found more", at: "/outputs")
        }
        outputs.append(
          try Output(
            protobuf: try field.message("outputs"), origin: bytes.startIndex, at: "/outputs/\(outputs.count)")
        )
      case 7:
        guard raw.count < Self.mostTensors else {
          throw malformedInfer(
            "expected at most \(Self.mostTensors) inputs, found more", at: "/raw_input_contents")
        }
        raw.append(try field.message("raw_input_contents"))
      default: break
      }
      isPastNames = true
    }
    guard raw.isEmpty || raw.count == inputs.count else {
      throw malformedInfer(
        "expected the contents of \(inputs.count) inputs, or none, found those of \(raw.count)",
        at: "/raw_input_contents")
    }
    // A caller who sends bytes can read them.
    prefersBinary = !raw.isEmpty
    tensors.reserveCapacity(inputs.count)
    for (index, input) in inputs.enumerated() {
      tensors.append(
        try InferTensor(
          protobuf: input, origin: bytes.startIndex, raw: raw.isEmpty ? nil : raw[index], index: index))
    }
  }
}

extension InferRequest.Output {
  /// Reads an `InferRequestedOutputTensor`.
  fileprivate init(protobuf message: ArraySlice<UInt8>, origin: Int, at pointer: String) throws(Problem) {
    var name = ""
    var reader = ProtobufReader(message, origin: origin)
    while let field = try reader.nextField() {
      switch field.number {
      case 1: name = try field.text("name")
      case 2: try field.refuseParameter(at: pointer)
      default: break
      }
    }
    self.init(name: name, isBinary: nil, pointer: pointer)
  }
}

extension InferTensor {
  /// Reads an `InferInputTensor`; `raw` are its elements where the request has them all in `raw_input_contents`.
  fileprivate init(
    protobuf message: ArraySlice<UInt8>, origin: Int, raw: ArraySlice<UInt8>?, index: Int
  ) throws(Problem) {
    let pointer = Self.pointer(index)
    var name = ""
    var datatypeName = ""
    var shape: [Int] = []
    var hasContents = false
    var reader = ProtobufReader(message, origin: origin)
    while let field = try reader.nextField() {
      switch field.number {
      case 1: name = try field.text("name")
      case 2: datatypeName = try field.text("datatype")
      case 3:
        guard shape.count + field.integerCount <= Self.mostAxes else {
          throw malformedInfer("expected at most \(Self.mostAxes) axes, found more", at: "\(pointer)/shape")
        }
        try field.integers("shape") { shape.append(Int($0)) }
      case 4: try field.refuseParameter(at: pointer)
      case 5: hasContents = try !field.message("contents").isEmpty || hasContents
      default: break
      }
    }
    guard let datatype = Datatype(datatypeName) else {
      throw malformedInfer(
        "expected a datatype such as FP64, INT64 or BYTES, found '\(datatypeName.excerpt(20))'",
        at: "\(pointer)/datatype")
    }
    let count = try Self.count(of: shape, at: pointer)
    let elements: Elements
    if let raw {
      guard !hasContents else {
        throw malformedInfer(
          "expected elements in 'raw_input_contents' or in 'contents', found both", at: "\(pointer)/contents")
      }
      elements = try datatype.elements(in: raw, count: count, at: "/raw_input_contents/\(index)")
    } else {
      elements = try datatype.elements(inContentsOf: message, origin: origin, count: count, at: pointer)
    }
    self.init(name: name, shape: shape, elements: elements, index: index)
  }
}

extension ProtobufField {
  /// Looks at an entry of a map of parameters.
  ///
  /// They are left alone, but for those that would change what the data or the answer mean.
  fileprivate func refuseParameter(at parent: String) throws(Problem) {
    let entry = try message("parameters")
    var reader = ProtobufReader(entry, origin: entry.startIndex)
    while let field = try reader.nextField() {
      guard field.number == 1 else { continue }
      try InferRequest.refuseParameter(try field.text("key"), at: "\(parent)/parameters")
    }
  }
}
