import enum Crypto.P256
import Encoding
import Provenance

/// Signs any payload as a seal would be signed.
struct SigningDouble {
  private let key = P256.Signing.PrivateKey()

  func seal(_ payload: [UInt8]) throws -> (seal: [UInt8], key: SealVerificationKey) {
    let type = "application/vnd.in-toto+json"
    let message = Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    let signature = Array(try key.signature(for: message).derRepresentation)
    let verificationKey = try SealVerificationKey(pem: key.publicKey.pemRepresentation)
    let seal: JSON = [
      "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
      "verificationMaterial": [
        "publicKey": ["hint": .string(verificationKey.hint)], "tlogEntries": [],
      ],
      "dsseEnvelope": [
        "payload": .string(Base64.encode(payload)), "payloadType": .string(type),
        "signatures": [["sig": .string(Base64.encode(signature)), "keyid": ""]],
      ],
    ]
    return (seal.canonicalBytes, verificationKey)
  }
}
