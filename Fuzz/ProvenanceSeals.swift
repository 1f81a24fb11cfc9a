import Domain
import Encoding
import Provenance

/// Reads the input as a seal, as the statement that a seal signs, as a manifest, as a key, as a set of keys, as a list of what
/// was revoked, as what a signer answers or as an encrypted key, as its first byte chooses; whatever comes of it, nothing
/// traps, and no file is taken that the statement does not name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSeals(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  let key = SealingKey().verificationKey
  do throws(Problem) {
    switch form % 9 {
    case 0: _ = try SealVerifier.verify(seal: input, files: [:], trusting: [key])
    case 1:
      let seal: JSON = [
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": ["publicKey": ["hint": .string(key.hint)], "tlogEntries": []],
        "dsseEnvelope": [
          "payload": .string(Base64.encode(input)), "payloadType": "application/vnd.in-toto+json",
          "signatures": [["sig": "", "keyid": ""]],
        ],
      ]
      let verified = try SealVerifier.verify(seal: seal.canonicalBytes, files: [:], trusting: [key])
      preconditionFailure("a seal is over a file at least, found \(verified.files.count)")
    case 2: _ = try Manifest(parsing: input)
    case 3: _ = try SealVerificationKey(pem: String(decoding: input, as: UTF8.self))
    case 5:
      // Whoever signed it: the keys here take every signature, of the key that it has to name.
      let line = Array(String(decoding: input, as: UTF8.self).replacing("HINT", with: key.hint).utf8)
      let revoked = try RevocationList.read(line, trusting: [key])
      precondition(revoked.keys.count + revoked.versions.count <= 2 * Revocations.limit, "a list is bounded")
      let again = try Revocations(json: revoked.json, at: "")
      precondition(again == revoked, "a list reads back as it was written")
    case 6: _ = try SignerMessage.signature(in: input, over: [1], by: key)
    case 7: _ = try SignerMessage.publicKey(in: input)
    case 8:
      _ = try SealingKey(
        pem: String(decoding: input, as: UTF8.self), passphrase: try Passphrase(parsing: "a long passphrase"))
    default:
      guard let json = try? JSON(parsing: input) else { return 0 }
      let keys = try TokenKeySet(json: json)
      precondition(
        (try? TokenKeySet(json: keys.json))?.json == keys.json, "a set reads back as it was written")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}
