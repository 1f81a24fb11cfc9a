import Artifacts

/// Goes through the input as a template; every tag is inside the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJinja(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var template = JinjaTemplate(bytes[...])
  while let tag = template.next() { precondition(tag.offset < bytes.count) }
  return 0
}
