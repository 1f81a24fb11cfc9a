import enum Crypto.Curve25519
import enum Crypto.P256
import enum Crypto.P384
import enum Crypto.P521
import struct Crypto.SHA256
import Domain
import Encoding
import Foundation
import Testing

@testable import Provenance

/// Keys and signatures, held against another library's.
struct SignatureKeyTests {
  private static let message = Array("what is signed".utf8)

  // MARK: Curves

  /// What another library does with a key of a curve.
  private struct Peer: Sendable {
    let publicPEM: String
    let privatePEM: String
    let sign: @Sendable ([UInt8]) throws -> [UInt8]
    let isValid: @Sendable (_ signature: [UInt8], _ message: [UInt8]) throws -> Bool

    init(_ curve: SealCurve, privatePEM pem: String? = nil) throws {
      switch curve {
      case .p256:
        let key =
          try pem.map { try P256.Signing.PrivateKey(pemRepresentation: $0) } ?? P256.Signing.PrivateKey()
        publicPEM = key.publicKey.pemRepresentation
        privatePEM = key.pemRepresentation
        sign = { Array(try key.signature(for: $0).derRepresentation) }
        isValid = {
          key.publicKey.isValidSignature(try P256.Signing.ECDSASignature(derRepresentation: $0), for: $1)
        }
      case .p384:
        let key =
          try pem.map { try P384.Signing.PrivateKey(pemRepresentation: $0) } ?? P384.Signing.PrivateKey()
        publicPEM = key.publicKey.pemRepresentation
        privatePEM = key.pemRepresentation
        sign = { Array(try key.signature(for: $0).derRepresentation) }
        isValid = {
          key.publicKey.isValidSignature(try P384.Signing.ECDSASignature(derRepresentation: $0), for: $1)
        }
      case .p521:
        let key =
          try pem.map { try P521.Signing.PrivateKey(pemRepresentation: $0) } ?? P521.Signing.PrivateKey()
        publicPEM = key.publicKey.pemRepresentation
        privatePEM = key.pemRepresentation
        sign = { Array(try key.signature(for: $0).derRepresentation) }
        isValid = {
          key.publicKey.isValidSignature(try P521.Signing.ECDSASignature(derRepresentation: $0), for: $1)
        }
      }
    }
  }

  @Test(arguments: SealCurve.allCases)
  func `what a key signs another library verifies, and what that signs the key does`(curve: SealCurve) throws
  {
    for _ in 0..<20 {
      let key = SealingKey(curve)
      let peer = try Peer(curve, privatePEM: key.pem)
      let signature = try key.sign(Self.message)
      #expect(try peer.isValid(signature, Self.message))
      #expect(key.verificationKey.isValid(try peer.sign(Self.message), for: Self.message))
    }
  }

  @Test(arguments: SealCurve.allCases)
  func `a key of another library is read, and its public text is the same to the letter`(curve: SealCurve)
    throws
  {
    let peer = try Peer(curve)
    let key = try SealingKey(pem: peer.privatePEM)
    #expect(key.verificationKey.pem == peer.publicPEM + "\n")
    #expect(try SealVerificationKey(pem: peer.publicPEM) == key.verificationKey)
    #expect(key.verificationKey.curve == curve)
    #expect(try SealingKey(pem: key.pem).verificationKey == key.verificationKey)
  }

  @Test(arguments: SealCurve.allCases)
  func `a signature is over every bit, of itself and of the message`(curve: SealCurve) throws {
    let key = SealingKey(curve)
    let signature = try key.sign(Self.message)
    #expect(key.verificationKey.isValid(signature, for: Self.message))
    for bit in 0..<(signature.count * 8) {
      var other = signature
      other[bit / 8] ^= 1 << (bit % 8)
      #expect(!key.verificationKey.isValid(other, for: Self.message))
    }
    #expect(!key.verificationKey.isValid(signature, for: Self.message + [0]))
    #expect(!key.verificationKey.isValid([], for: Self.message))
    #expect(!key.verificationKey.isValid(signature + [0], for: Self.message))
    #expect(!SealingKey(curve).verificationKey.isValid(signature, for: Self.message))
  }

  @Test func `a key in the form that openssl ecparam writes is read`() throws {
    let text = """
      -----BEGIN EC PRIVATE KEY-----
      MHcCAQEEIHfGKzSq5nYBgExSDjzi3RpGPgVuTpvC58sq50RRpqOzoAoGCCqGSM49
      -----END EC PRIVATE KEY-----
      """
    // Cut off: what is left is base 64, and no key.
    #expect(throws: Problem.self) { _ = try SealingKey(pem: text) }
    let peer = P256.Signing.PrivateKey()
    let whole = PEM.encode(Self.ecPrivateKey(Array(peer.rawRepresentation)), "EC PRIVATE KEY")
    #expect(
      try SealingKey(pem: whole).verificationKey.pem == peer.publicKey.pemRepresentation + "\n")
  }

  /// An ECPrivateKey (RFC 5915) on P-256 without its public key.
  private static func ecPrivateKey(_ scalar: [UInt8]) -> [UInt8] {
    let curve: [UInt8] = [0xA0, 0x0A, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]
    let content: [UInt8] = [2, 1, 1, 4, 32] + scalar + curve
    return [0x30, UInt8(content.count)] + content
  }

  @Test(arguments: [
    "", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", String(repeating: "a", count: 70_000),
  ])
  func `text that is no key is refused, and not repeated`(text: String) {
    for problem in [
      #expect(throws: Problem.self) { _ = try SealVerificationKey(pem: text) },
      #expect(throws: Problem.self) { _ = try SealingKey(pem: text) },
    ] {
      #expect(problem?.code == "seal.malformed-key")
      #expect(problem?.message.contains("AAAA") == false)
    }
  }

  @Test func `a public key of a kind that seals nothing is refused`() {
    let ed25519 = PEM.encode(SignatureKey.generate(.ed25519).publicDER, "PUBLIC KEY")
    #expect(throws: Problem.self) { _ = try SealVerificationKey(pem: ed25519) }
  }

  @Test func `a key with something behind it is none`() {
    let der = SignatureKey.generate(.p256).publicDER
    #expect(SignatureKey(publicDER: der) != nil)
    #expect(SignatureKey(publicDER: der + [0]) == nil)
    for count in 0..<der.count { #expect(SignatureKey(publicDER: Array(der[..<count])) == nil) }
  }

  @Test func `lines may end as on other systems, with white space around them`() throws {
    let key = SealingKey().verificationKey
    let text = "\n  " + key.pem.replacing("\n", with: " \r\n") + "\r\n\r\n"
    #expect(try SealVerificationKey(pem: text) == key)
  }

  // MARK: Ed25519

  @Test func `Ed25519 is what another library says it is`() throws {
    let peer = Curve25519.Signing.PrivateKey()
    let key = try #require(SignatureKey(seed: Array(peer.rawRepresentation)))
    #expect(key.publicBytes == Array(peer.publicKey.rawRepresentation))
    #expect(key.seed == Array(peer.rawRepresentation))
    let signature = try #require(key.sign(Self.message, by: .ed25519))
    #expect(peer.publicKey.isValidSignature(signature, for: Self.message))
    let other = try peer.signature(for: Self.message)
    #expect(key.isValid(Array(other), over: Self.message, by: .ed25519))
    #expect(SignatureKey(seed: [1, 2, 3]) == nil)
    #expect(SignatureKey(publicBytes: [1, 2, 3], of: .ed25519) == nil)
  }

  @Test func `a public key signs nothing`() throws {
    let key = try #require(SignatureKey(publicDER: SignatureKey.generate(.p256).publicDER))
    #expect(key.sign(Self.message, by: .ecdsaSHA256) == nil)
  }

  @Test func `a key under the label of another form is none`() throws {
    let key = SignatureKey.generate(.p256)
    let curve = Self.ecPrivateKey([UInt8](repeating: 1, count: 32))
    #expect(SignatureKey(curveDER: curve) != nil)
    for (bytes, label) in [
      (curve, "PRIVATE KEY"), (key.privateDER, "EC PRIVATE KEY"), (key.publicDER, "PRIVATE KEY"),
    ] {
      #expect(throws: Problem.self) { _ = try SealingKey(pem: PEM.encode(bytes, label)) }
    }
  }

  @Test func `a key is of use for the schemes of its kind alone`() throws {
    let key = SignatureKey.generate(.p256)
    #expect(key.sign(Self.message, by: .ed25519) == nil)
    #expect(key.sign(Self.message, by: .pssSHA256) == nil)
    #expect(SignatureKey.generate(.ed25519).sign(Self.message, by: .ecdsaSHA256) == nil)
  }

  @Test func `a point that is not on the curve is no key`() {
    let point: [UInt8] = [4] + [UInt8](repeating: 1, count: 64)
    #expect(SignatureKey(publicBytes: point, of: .p256) == nil)
    #expect(SignatureKey(publicBytes: [0], of: .p256) == nil)
    #expect(SignatureKey(publicBytes: [], of: .p256) == nil)
  }

  // MARK: Digests

  @Test func `a digest is what another library says it is, in whatever pieces the bytes come`() {
    var generator = SystemRandomNumberGenerator()
    for count in [0, 1, 55, 56, 63, 64, 65, 119, 128, 1000, 100_000] {
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      var hasher = DigestHasher()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...(count / 3 + 1), using: &generator))
        hasher.update(piece)
        rest = rest.dropFirst(piece.count)
      }
      #expect(hasher.digest.bytes == Array(SHA256.hash(data: bytes)))
      #expect(hasher.digest == Digest(of: bytes))
      #expect(Digest(of: bytes.lazy.map { $0 }) == hasher.digest)
    }
  }

  @Test func `a hasher that was copied goes its own way`() {
    var first = DigestHasher()
    first.update([1, 2, 3])
    var second = first
    second.update([4])
    #expect(first.digest == Digest(of: [1, 2, 3]))
    #expect(second.digest == Digest(of: [1, 2, 3, 4]))
  }
}
