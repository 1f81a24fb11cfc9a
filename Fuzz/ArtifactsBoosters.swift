import Artifacts
import Encoding

/// Reads the input as a model of XGBoost in each of its forms, and as one of LightGBM.
///
/// A model cannot have more trees than bytes, and its faults stand within it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBoosters(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  for form in [XGBoostModel.Form.json, .ubjson, .binary] {
    let model = XGBoostModel.read(bytes[...], as: form)
    precondition(model.treeCount <= bytes.count)
    precondition(model.faults.allSatisfy { $0.offset >= 0 && $0.offset <= bytes.count })
  }
  if let model = XGBoostModel.readHandle(bytes[...], keepingTrees: true) {
    precondition(model.forest.count <= model.treeCount)
  }
  precondition(LightGBMModel.read(bytes[...], keepingTrees: true).forest.count <= bytes.count)
  let model = LightGBMModel.read(bytes[...])
  precondition(model.treeCount <= bytes.count)
  precondition(model.faults.allSatisfy { $0.offset >= 0 && $0.offset <= bytes.count })
  return 0
}
