import Artifacts
import Domain
import Inspection

/// Changes one byte in each 64 of a sound or unsound model's pickle by the first two bytes of the input, and
/// inspects the rest: the checks of trees, indices and patterns are reached far more often than by chance.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStructure(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var bytes = Array(input.dropFirst(2))
  let place = (Int(input[0]) << 6 | Int(input[1]) & 63) % bytes.count
  bytes[place] ^= input[1]
  var budget = ReadingBudget()
  budget.opcodes = 100_000
  budget.values = 100_000
  budget.decompressedBytes = 1 << 22
  for bytes in [Array(input.dropFirst(2)), bytes] {
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
    let report = Inspector.inspect(artifact, path: "input", budget: budget)
    precondition(report.verdict == .liftable || !report.findings.isEmpty, "a refusal says why")
  }
  return 0
}
