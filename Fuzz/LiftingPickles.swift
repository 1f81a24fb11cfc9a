import Artifacts
import Domain
import Encoding
import Inspection
import Lifting
import ModelGraph

/// Reads the input as a pickle, inspects it, and lifts what it describes, whatever the inspection says.
///
/// What is lifted has passed every check of a graph, and is the same graph again after its files.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLiftedPickles(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.opcodes = 100_000
  budget.values = 100_000
  let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
  _ = Inspector.inspect(artifact, path: "input", budget: budget)
  guard let document = PickleReading.read(bytes[...], budget: budget).document,
    let lifted = try? Lifter.lift(document)
  else { return 0 }
  let encoded = lifted.graph.graph.encoded()
  guard let again = try? ModelGraph(decoding: encoded.graph, weights: encoded.weights) else {
    preconditionFailure("what was lifted and encoded decodes")
  }
  // By their bytes, for a constant may be NaN.
  precondition(again.encoded() == encoded)
  return 0
}
