import Artifacts
import Domain
import Inspection

/// Inspects the input as a Keras configuration: by itself, and as the `config` of a layer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKeras(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let wrapped = Array(#"{"class_name": "Lambda", "config": "#.utf8) + bytes + Array("}".utf8)
  for input in [bytes, wrapped] {
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: input[...])])
    let report = Inspector.inspect(artifact, path: "input", budget: ReadingBudget())
    precondition(report.verdict == .liftable || !report.findings.isEmpty, "a refusal says why")
    _ = report.text
  }
  return 0
}
