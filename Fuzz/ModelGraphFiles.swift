import Domain
import Encoding
import ModelGraph

/// Takes the input apart at the first zero byte: `graph.json` before it, `weights.safetensors` after it.
///
/// What decodes encodes to the same graph again, and its structural check ends in an answer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModelGraph(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let border = bytes.firstIndex(of: 0) else { return 0 }
  let (graph, weights) = (Array(bytes[..<border]), Array(bytes[(border + 1)...]))
  guard let decoded = try? ModelGraph(decoding: graph, weights: weights) else { return 0 }
  let encoded = decoded.encoded()
  guard let again = try? ModelGraph(decoding: encoded.graph, weights: encoded.weights) else {
    preconditionFailure("what was encoded decodes")
  }
  precondition(again.encoded() == encoded)
  _ = try? ValidatedGraph(decoded)
  return 0
}
