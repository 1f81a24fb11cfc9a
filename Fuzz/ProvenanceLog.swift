import Domain
import Encoding
import Provenance

/// A checkpoint that a witness is asked for; the signature of a stand-in has no byte, and a line has to have one.
private let checkpoint: Checkpoint? = {
  guard let key = try? CheckpointSigningKey(name: "a"),
    let text = try? key.sign(size: 2, root: MerkleTree.leafHash([])).text,
    let space = text.lastIndex(of: " "), let id = Base64.decode(text[space...].dropFirst().dropLast())
  else { return nil }
  let signed = "\(text[...space])\(Base64.encode(id + [0]))\n"
  return try? Checkpoint(parsing: signed, trusting: key.verificationKey)
}()

private let ledger = (try? CheckpointSigningKey(name: "a"))?.verificationKey

private let witnessID = Array(
  Digest(of: Array("w\n".utf8) + [4] + [UInt8](repeating: 7, count: 32)).bytes.prefix(4))
private let witness = try? WitnessKey(
  parsing: "w+\(Hexadecimal.encode(witnessID))+\(Base64.encode([4] + [UInt8](repeating: 7, count: 32)))")

private func readCosignature(_ answer: [UInt8]) throws(Problem) {
  guard let checkpoint, let witness else { preconditionFailure("there are a checkpoint and a witness") }
  let cosignature = try Cosignature(answer: answer, of: witness, over: checkpoint)
  let again = try Cosignature(answer: Array("\(cosignature.line)\n".utf8), of: witness, over: checkpoint)
  precondition(again == cosignature, "a cosignature reads as it was written")
  let text = checkpoint.text(with: [cosignature])
  precondition(
    (try? UnverifiedCheckpoint(parsing: text)) != nil, "a line that is taken is one of a checkpoint")
}

/// Reads the input as the path of a tile, as a proof of an entry, as a checkpoint, as the key of a witness, as what one
/// answers, as the proof of a receipt or as a list of files, as its first byte chooses; what is taken is written again as the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLog(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  let text = String(decoding: input, as: UTF8.self)
  do throws(Problem) {
    switch form % 9 {
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
    case 5: try readCosignature(input)
    case 6:
      guard let json = try? JSON(parsing: input, limits: JSONLimits(depth: 8, values: 1000)),
        let proof = RecordProof(json: json)
      else { return 0 }
      precondition(RecordProof(json: proof.json) == proof, "a proof reads as it was written")
      if let ledger { _ = try proof.verify(trusting: ledger) }
    case 8:
      let sums = try FileSums(parsing: input)
      precondition(sums.bytes == input, "a list of files has one spelling")
    default: try readCosignature(Array("\u{2014} w \(Base64.encode(witnessID + input))\n".utf8))
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
