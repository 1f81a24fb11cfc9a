import Artifacts

/// Reads the input as a pickle, under a small budget, so that a run that hangs or grows is a fault.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPickle(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.opcodes = 100_000
  budget.values = 100_000
  let reading = PickleReading.read(bytes[...], budget: budget)
  guard let document = reading.document else {
    precondition(!reading.observations.isEmpty, "a reading that broke off says why")
    return 0
  }
  precondition(document.values.count <= budget.values)
  _ = document.describe(document.root)
  return 0
}
