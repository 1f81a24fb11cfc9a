import Domain
import Encoding
import Provenance

/// Reads the input as the path of a tile, as a proof of an entry, as a checkpoint or as the key of a witness, as its first
/// byte chooses; what is taken is written again as the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLog(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  let text = String(decoding: input, as: UTF8.self)
  do throws(Problem) {
    switch form % 4 {
    case 0:
      let resource = try LogResource(path: text)
      precondition(Array(resource.path.utf8) == input, "a path has one spelling")
    case 1:
      let proof = try EntryProof(parsing: input)
      precondition(Array(proof.text.utf8) == input, "a proof has one spelling")
    case 2:
      let checkpoint = try UnverifiedCheckpoint(parsing: text)
      precondition(checkpoint.size >= 0, "a ledger has no fewer entries than none")
    default: _ = try WitnessKey(parsing: text)
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
