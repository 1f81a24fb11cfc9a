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
  return 0
}
