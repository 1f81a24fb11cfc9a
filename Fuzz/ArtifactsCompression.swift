import Artifacts

/// Unpacks the input by what its first bytes say it is, under a small budget.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCompression(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let compression = Compression(beginning: bytes[...]) else { return 0 }
  var budget = ReadingBudget()
  budget.decompressedBytes = 1 << 22
  guard let inner = try? compression.decompress(bytes[...], budget: budget) else { return 0 }
  precondition(inner.compressedCount <= bytes.count)
  precondition(inner.bytes.count <= budget.decompressedBytes)
  return 0
}
