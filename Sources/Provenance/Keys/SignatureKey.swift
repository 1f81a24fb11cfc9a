import CBoringSSL

/// A key that signs or verifies, public or private, as BoringSSL holds it.
///
/// Never changes once it is made, and so may be used by several threads at once.
@safe final class SignatureKey: Sendable {
  /// What a key is for.
  enum Kind: Sendable {
    case p256
    case p384
    case p521
    case ed25519
    case rsa

    fileprivate init?(_ kind: gatehouse_key_kind) {
      switch kind {
      case GATEHOUSE_KEY_P256: self = .p256
      case GATEHOUSE_KEY_P384: self = .p384
      case GATEHOUSE_KEY_P521: self = .p521
      case GATEHOUSE_KEY_ED25519: self = .ed25519
      case GATEHOUSE_KEY_RSA: self = .rsa
      default: return nil
      }
    }

    fileprivate var native: gatehouse_key_kind {
      switch self {
      case .p256: GATEHOUSE_KEY_P256
      case .p384: GATEHOUSE_KEY_P384
      case .p521: GATEHOUSE_KEY_P521
      case .ed25519: GATEHOUSE_KEY_ED25519
      case .rsa: GATEHOUSE_KEY_RSA
      }
    }
  }

  /// How a signature over a message is made; those of ECDSA are in DER (RFC 3279 section 2.2.3).
  enum Scheme: Sendable {
    case ecdsaSHA256
    case ecdsaSHA384
    case ecdsaSHA512
    case ed25519
    case pkcs1SHA256
    case pkcs1SHA384
    case pkcs1SHA512
    case pssSHA256
    case pssSHA384
    case pssSHA512

    fileprivate var native: gatehouse_scheme {
      switch self {
      case .ecdsaSHA256: GATEHOUSE_ECDSA_SHA256
      case .ecdsaSHA384: GATEHOUSE_ECDSA_SHA384
      case .ecdsaSHA512: GATEHOUSE_ECDSA_SHA512
      case .ed25519: GATEHOUSE_ED25519
      case .pkcs1SHA256: GATEHOUSE_RSA_PKCS1_SHA256
      case .pkcs1SHA384: GATEHOUSE_RSA_PKCS1_SHA384
      case .pkcs1SHA512: GATEHOUSE_RSA_PKCS1_SHA512
      case .pssSHA256: GATEHOUSE_RSA_PSS_SHA256
      case .pssSHA384: GATEHOUSE_RSA_PSS_SHA384
      case .pssSHA512: GATEHOUSE_RSA_PSS_SHA512
      }
    }
  }

  nonisolated(unsafe) let key: OpaquePointer
  /// What it is for.
  let kind: Kind

  /// Takes over a key; nil for none, or for one of a kind that nothing here uses.
  init?(_ key: OpaquePointer?) {
    guard let key = unsafe key else { return nil }
    guard let kind = unsafe Kind(gatehouse_key_kind(key)) else {
      unsafe gatehouse_key_free(key)
      return nil
    }
    unsafe self.key = key
    self.kind = kind
  }

  deinit { unsafe gatehouse_key_free(key) }

  // MARK: Where keys come from

  /// Makes a new private key from the system's random numbers.
  static func generate(_ kind: Kind) -> SignatureKey {
    guard let key = unsafe SignatureKey(gatehouse_key_generate(kind.native)) else {
      preconditionFailure("BoringSSL makes a key of a kind that it has, where there is memory")
    }
    return key
  }

  /// Reads a SubjectPublicKeyInfo (RFC 5280); nil for anything else.
  convenience init?(publicDER: [UInt8]) {
    unsafe self.init(gatehouse_key_read_public(publicDER, publicDER.count))
  }

  /// Reads a PrivateKeyInfo (RFC 5208); nil for anything else.
  convenience init?(privateDER: [UInt8]) {
    unsafe self.init(gatehouse_key_read_private(privateDER, privateDER.count))
  }

  /// Reads an ECPrivateKey (RFC 5915); nil for anything else.
  convenience init?(curveDER: [UInt8]) {
    unsafe self.init(gatehouse_key_read_curve_private(curveDER, curveDER.count))
  }

  /// Takes the 32 bytes of a public key of Ed25519 (RFC 8032), or an uncompressed point of a curve (SEC 1 section 2.3.3);
  /// nil where they are none.
  convenience init?(publicBytes: [UInt8], of kind: Kind) {
    unsafe self.init(gatehouse_key_from_public_bytes(kind.native, publicBytes, publicBytes.count))
  }

  /// Takes the seed of a private key of Ed25519; nil unless it has 32 bytes.
  convenience init?(seed: [UInt8]) {
    guard seed.count == 32 else { return nil }
    unsafe self.init(gatehouse_key_from_seed(seed))
  }

  /// Takes the numbers of a public key of RSA, the first byte the most significant; nil where they make none.
  convenience init?(modulus: [UInt8], exponent: [UInt8]) {
    unsafe self.init(gatehouse_key_from_modulus(modulus, modulus.count, exponent, exponent.count))
  }

  // MARK: What they are

  /// The public key, as a SubjectPublicKeyInfo.
  var publicDER: [UInt8] {
    must(unsafe Self.written(capacity: 2048) { unsafe gatehouse_key_write_public(key, $0, $1) })
  }

  /// The private key, as a PrivateKeyInfo; of a private key alone.
  var privateDER: [UInt8] {
    must(unsafe Self.written(capacity: 2048) { unsafe gatehouse_key_write_private(key, $0, $1) })
  }

  /// The public key of Ed25519, its 32 bytes.
  var publicBytes: [UInt8] {
    must(unsafe Self.written(capacity: 32) { unsafe gatehouse_key_raw(key, false, $0, $1) })
  }

  /// The seed of a private key of Ed25519.
  var seed: [UInt8] {
    must(unsafe Self.written(capacity: 32) { unsafe gatehouse_key_raw(key, true, $0, $1) })
  }

  /// Bytes that every key of the right kind has: an empty secret must not be taken for one.
  private func must(_ bytes: [UInt8]?) -> [UInt8] {
    guard let bytes else { preconditionFailure("a key is asked for what its kind has") }
    return bytes
  }

  // MARK: Signatures

  /// Signs a message; nil where the key is not for that.
  func sign(_ message: [UInt8], by scheme: Scheme) -> [UInt8]? {
    unsafe Self.written(capacity: 1024) {
      unsafe gatehouse_key_sign(key, scheme.native, message, message.count, $0, $1)
    }
  }

  /// Whether a signature over a message is by this key.
  func isValid(_ signature: [UInt8], over message: [UInt8], by scheme: Scheme) -> Bool {
    unsafe gatehouse_key_verify(
      key, scheme.native, message, message.count, signature, signature.count)
  }

  /// A signature of ECDSA in DER from two numbers of the same length, end to end (RFC 7518 section 3.4); nil for those of
  /// another length than `count` together.
  static func der(halves: [UInt8], count: Int) -> [UInt8]? {
    guard halves.count == count else { return nil }
    return unsafe written(capacity: 256) { unsafe gatehouse_ecdsa_from_halves(halves, halves.count, $0, $1) }
  }

  /// What `write` puts into room for so many bytes; nil where it puts nothing.
  static func written(capacity: Int, _ write: (UnsafeMutablePointer<UInt8>?, Int) -> Int) -> [UInt8]? {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      unsafe count = write(buffer.baseAddress, buffer.count)
    }
    return bytes.isEmpty ? nil : bytes
  }
}
