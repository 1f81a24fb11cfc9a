import Artifacts
import Inspection

/// Inspects the input as text: as a template, inside JSON, in a directory as what loaders look for by name; with
/// it the scanner for secrets.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTexts(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let names = ["MLmodel", "conda.yaml", "requirements.txt"]
  let directory = Artifact(files: names.map { ArtifactFile(path: $0, bytes: bytes[...]) })
  _ = Inspector.inspect(directory, path: "input").text
  let template = Array("{% set x = y %}".utf8) + bytes
  _ = Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: template[...])]), path: "input").text
  return 0
}
