import Domain
import Encoding
import Threats

/// Reads the input as a threat model of a bundle, or as a decision on a threat, as its first byte chooses.
///
/// What is taken is written again as what reads to the same, and its document is made.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzThreats(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  do throws(Problem) {
    if form % 2 == 0 {
      let model = try ThreatModel(parsing: bytes.dropFirst())
      let again = try ThreatModel(parsing: model.canonicalBytes)
      precondition(again == model, "a model reads as it was written")
      _ = model.markdown()
    } else {
      guard let json = try? JSON(parsing: bytes.dropFirst()) else { return 0 }
      let decision = try ThreatDecision(json: json)
      let again = try ThreatDecision(json: decision.json)
      precondition(again == decision, "a decision reads as it was written")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
