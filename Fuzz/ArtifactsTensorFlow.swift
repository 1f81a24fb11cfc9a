import Artifacts

/// Reads the input as every kind of TensorFlow message, and as a TensorFlow Lite file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTensorFlow(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  _ = ModelMessage.recognise(bytes[...])
  var readings = [TensorFlowLiteReader.read(bytes[...])]
  let messages: [ModelMessage] = [
    .savedModel(isWhole: true), .metaGraph(isWhole: true), .graph(isWhole: true),
    .kerasMetadata(isWhole: true),
  ]
  for message in messages { readings.append(TensorFlowReader.read(bytes[...], as: message)) }
  for observation in readings.flatMap(\.observations) {
    precondition(observation.offset >= 0 && observation.offset <= count, "an observation is in the file")
  }
  return 0
}
