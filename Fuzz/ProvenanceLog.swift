import Domain
import Encoding
import Provenance

private let key = try? CheckpointSigningKey(name: "a")
private let checkpoint = try? key?.sign(size: 2, root: MerkleTree.leafHash([]))

/// Reads the input as the path of a tile, as a proof of an entry, as a checkpoint, as the key of a witness or as what one
/// answers, as its first byte chooses; what is taken is written again as the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLog(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  let text = String(decoding: input, as: UTF8.self)
  do throws(Problem) {
    switch form % 6 {
    case 0:
      let resource = try LogResource(path: text)
      precondition(Array(resource.path.utf8) == input, "a path has one spelling")
    case 1:
      let proof = try EntryProof(parsing: input)
      precondition(Array(proof.text.utf8) == input, "a proof has one spelling")
    case 2:
      let checkpoint = try UnverifiedCheckpoint(parsing: text)
      precondition(checkpoint.size >= 0, "a ledger has no fewer entries than none")
    case 3: _ = try WitnessKey(parsing: text)
    case 4:
      guard let size = WitnessExchange.size(parsing: input) else { return 0 }
      precondition(Array("\(size)\n".utf8) == input, "a size has one spelling")
    default:
      // The key and what it is to have signed, a line each.
      let lines = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
      guard lines.count == 2, let checkpoint else { return 0 }
      let witness = try WitnessKey(parsing: String(decoding: lines[0], as: UTF8.self))
      let cosignature = try Cosignature(answer: Array(lines[1]), of: witness, over: checkpoint)
      let again = try Cosignature(answer: Array("\(cosignature.line)\n".utf8), of: witness, over: checkpoint)
      precondition(again == cosignature, "a cosignature reads as it was written")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
