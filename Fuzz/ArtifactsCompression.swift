import Artifacts

/// Unpacks the input as zlib or gzip; what comes out stays within the budget.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCompression(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.decompressedBytes = 1 << 22
  budget.freeBytes = 1 << 20
  budget.opcodes = 100_000
  for compression in [Compression.zlib, .gzip] {
    guard case .compressed(compression) = ArtifactFormat.detect(bytes[...]) else { continue }
    let reading = FileReading.read(bytes[...], budget: budget)
    precondition(reading.compressedCount + reading.bytesAfterCompression <= bytes.count)
  }
  return 0
}
