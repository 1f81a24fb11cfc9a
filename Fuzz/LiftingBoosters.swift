import Artifacts
import Domain
import Encoding
import Lifting
import ModelGraph

/// Lifts the input as a model file of XGBoost and of LightGBM.
///
/// What is lifted has passed every check of a graph, and is the same graph again after its files.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLiftedBoosters(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  for source in [ModelSource.xgboost(bytes[...]), .lightGBM(bytes[...])] {
    guard let lifted = try? Lifter.lift(source) else { continue }
    let encoded = lifted.graph.graph.encoded()
    guard let again = try? ModelGraph(decoding: encoded.graph, weights: encoded.weights) else {
      preconditionFailure("what was lifted and encoded decodes")
    }
    // By their bytes, for a constant may be NaN.
    precondition(again.encoded() == encoded)
  }
  return 0
}
