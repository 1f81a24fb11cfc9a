public import Domain

// In the place of what brings BoringSSL along, which cannot be linked to a fuzz target: digests that are none, and keys that
// take every signature, so that what is behind them is reached.

/// Mixes bytes into 32: the same ones give the same, and few others do.
public struct DigestHasher: Sendable {
  private var state: [UInt64] = [1, 2, 3, 4]
  private var count: UInt64 = 0

  /// Starts with no bytes.
  public init() {}

  /// Takes in the next bytes.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    for byte in bytes {
      let place = Int(count % 4)
      state[place] = (state[place] ^ UInt64(byte)) &* 0x100_0000_01B3 &+ count
      count += 1
    }
  }

  /// The digest of what was taken in so far.
  public var digest: Digest {
    Digest(
      words: state[0] ^ count, state[1] ^ state[0], state[2] ^ state[1] &* 3, state[3] ^ state[2] &* 5)
  }
}

extension Digest {
  /// Mixes `bytes`.
  public init(of bytes: some Collection<UInt8>) {
    var hasher = DigestHasher()
    hasher.update(bytes)
    self = hasher.digest
  }
}

final class SignatureKey: Sendable {
  enum Kind: Sendable { case p256, p384, p521, ed25519, rsa }
  enum Scheme: Sendable {
    case ecdsaSHA256, ecdsaSHA384, ecdsaSHA512, ed25519
    case pkcs1SHA256, pkcs1SHA384, pkcs1SHA512, pssSHA256, pssSHA384, pssSHA512
  }

  let kind: Kind
  let publicDER: [UInt8]

  private init(_ kind: Kind, _ bytes: [UInt8]) { (self.kind, publicDER) = (kind, bytes) }

  static func generate(_ kind: Kind) -> SignatureKey { SignatureKey(kind, [1, 2, 3]) }
  convenience init?(publicDER: [UInt8]) { self.init(.p256, publicDER) }
  convenience init?(privateDER: [UInt8]) { self.init(.p256, privateDER) }
  convenience init?(curveDER: [UInt8]) { self.init(.p256, curveDER) }
  convenience init?(publicBytes: [UInt8], of kind: Kind) { self.init(kind, publicBytes) }
  convenience init?(seed: [UInt8]) { self.init(.ed25519, seed) }
  convenience init?(modulus: [UInt8], exponent: [UInt8]) { self.init(.rsa, modulus + exponent) }

  var privateDER: [UInt8] { publicDER }
  var publicBytes: [UInt8] { publicDER }
  var seed: [UInt8] { publicDER }
  func sign(_ message: [UInt8], by scheme: Scheme) -> [UInt8]? { [] }
  func isValid(_ signature: [UInt8], over message: [UInt8], by scheme: Scheme) -> Bool { true }
  static func rounds(ofEncrypted der: [UInt8]) -> UInt64 { UInt64(der.first ?? 0) }
  convenience init?(encryptedDER: [UInt8], passphrase: [UInt8]) { self.init(.p256, encryptedDER) }
  func encryptedDER(passphrase: [UInt8], rounds: UInt32) -> [UInt8]? { publicDER }
  static func der(halves: [UInt8], count: Int) -> [UInt8]? { halves.count == count ? halves : nil }
}
