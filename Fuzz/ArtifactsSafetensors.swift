import Artifacts

/// Reads the input as a safetensors file, whatever its first bytes are.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSafetensors(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let header = SafetensorsHeader.read(bytes[...])
  precondition(header.faults.isEmpty == false || header.text.count <= bytes.count)
  return 0
}
