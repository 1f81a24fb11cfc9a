import Artifacts

/// Reads the input as a PyTorch pickle and as a file of the older format, under a small budget.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTorch(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.opcodes = 100_000
  budget.values = 100_000
  if let document = PickleReading.readTorch(bytes[...], budget: budget).document {
    let references = TorchReferences(document, calls: { _ in true })
    for storage in references.storages { _ = storage.byteCount }
  }
  let file = TorchLegacyFile(bytes[...], budget: budget)
  precondition(file.byteCount ?? 0 <= bytes.count)
  return 0
}
