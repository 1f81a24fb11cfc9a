import Encoding

/// Goes over the input as fields, those inside fields included, which all lie within it and come in order.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProtobuf(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var messages = [bytes[...]]
  var visited = 0
  while let message = messages.popLast(), visited < 10_000 {
    visited += 1
    var reader = ProtobufReader(message, origin: 0)
    var last = message.startIndex - 1
    while let field = try? reader.next() {
      precondition(field.offset > last && field.offset < message.endIndex, "a field starts where it stands")
      last = field.offset
      if let inner = field.bytes {
        precondition(
          inner.startIndex > last && inner.endIndex <= message.endIndex, "a field is in its message")
        messages.append(inner)
      }
    }
  }
  return 0
}
