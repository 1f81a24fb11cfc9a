import Artifacts

/// Unpacks the input by the compression that its first byte chooses, with and without that byte.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStreams(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let compression = Compression.allCases[Int(first) % Compression.allCases.count]
  var budget = ReadingBudget()
  budget.decompressedBytes = 1 << 20
  for input in [bytes[...], bytes.dropFirst()] {
    guard let inner = try? compression.decompress(input, budget: budget) else { continue }
    precondition(inner.compressedCount <= input.count)
    precondition(inner.bytes.count <= budget.decompressedBytes)
  }
  return 0
}
