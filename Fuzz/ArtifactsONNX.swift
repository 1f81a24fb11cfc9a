import Artifacts

/// Reads the input as an ONNX model, whatever it looks like.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzONNX(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  _ = ModelMessage.recognise(bytes[...])
  let reading = ONNXReader.read(bytes[...])
  for observation in reading.observations {
    precondition(observation.offset >= 0 && observation.offset <= count, "an observation is in the file")
  }
  decodeModel(bytes[...])
  return 0
}

/// Reads the input as a model and decodes whatever stands in it.
private func decodeModel(_ bytes: ArraySlice<UInt8>) {
  guard let model = try? ONNXModel(reading: bytes) else { return }
  var tensors = model.graph.initializers
  for attribute in model.graph.nodes.flatMap(\.attributes) {
    _ = try? attribute.float()
    _ = try? attribute.integer()
    _ = try? attribute.text()
    _ = try? attribute.floats()
    _ = try? attribute.integers()
    _ = try? attribute.texts()
    if let tensor = try? attribute.tensor() { tensors.append(tensor) }
  }
  for tensor in tensors where tensor.type != nil && !tensor.isExternal {
    if let doubles = try? tensor.doubles() {
      precondition(doubles.count == tensor.count, "a tensor has as many elements as its shape says")
    }
    if let texts = try? tensor.texts() {
      precondition(texts.count == tensor.count, "a tensor has as many texts as its shape says")
    }
  }
}
