import Artifacts
import Domain
import Inspection

/// Inspects the input as a whole artifact, whatever its format, under a small budget.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInspection(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.opcodes = 100_000
  budget.values = 100_000
  budget.decompressedBytes = 1 << 22
  let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
  let report = Inspector.inspect(artifact, path: "input", budget: budget)
  precondition(report.verdict == .liftable || !report.findings.isEmpty, "a refusal says why")
  _ = report.text
  return 0
}
