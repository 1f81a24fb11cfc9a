import Artifacts
import Encoding

/// Reads the input with the scanner of JSON and with the strict reader; what the strict one takes the other takes
/// too, and keeps all of it, up to numbers past a double.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONOutline(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let outline = try? JSONOutline.read(bytes[...])
  guard let strict = try? JSON(parsing: bytes), strict.object != nil || strict.array != nil else { return 0 }
  guard let outline else { return 0 }
  precondition(outline.scan.duplicates.isEmpty)
  if outline.isWhole { precondition(outline.root == strict) }
  return 0
}
