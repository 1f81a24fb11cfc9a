import Artifacts

/// Reads the input as a GGUF file; what it reads lies inside the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGGUF(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let file = GGUFFile.read(bytes[...])
  precondition(file.headerEnd <= bytes.count)
  for text in file.texts { precondition(text.offset + text.bytes.count <= bytes.count) }
  return 0
}
