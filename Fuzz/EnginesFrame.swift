import Domain
import ModelGraph

/// Takes the input as what an engine sends: a head, and what is behind it as an answer and as a failure.
///
/// Whatever is read is of the declared datatypes, and as many elements as its axes say.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEngineFrame(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  _ = EngineFrame.parse(head: bytes)
  let payload = Array(bytes.dropFirst(EngineFrame.headBytes))
  _ = EngineFailure.parse(payload)
  let datatypes: [Datatype] = [.bool, .string, .float32, .int32, .int64, .float64]
  for count in 1...datatypes.count {
    let ports = datatypes.prefix(count).map {
      ModelSignature.Port(name: $0.rawValue, datatype: $0, shape: [-1, 2])
    }
    guard let tensors = FrameBytes.tensors(of: payload, like: ports) else { continue }
    precondition(tensors.map(\.elements.datatype) == ports.map(\.datatype))
    for tensor in tensors { precondition(Tensor.elementCount(of: tensor.shape) == tensor.elements.count) }
  }
  return 0
}
