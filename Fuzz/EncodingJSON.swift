import Encoding

/// Reads the input as JSON; what comes out writes canonically, and reads back as the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let value = try? JSON(parsing: bytes) else { return 0 }
  let canonical = value.canonicalBytes
  guard let again = try? JSON(parsing: canonical) else { preconditionFailure("canonical bytes are JSON") }
  precondition(again.canonicalBytes == canonical)
  return 0
}
