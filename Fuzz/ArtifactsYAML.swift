import Artifacts

/// Looks at the input as YAML; every place that it names is inside the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzYAML(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let scan = YAMLScan.read(bytes[...])
  for tag in scan.tags { precondition(tag.offset < bytes.count) }
  for entry in scan.entries { precondition(entry.offset <= bytes.count) }
  return 0
}
