public import Domain
public import Encoding

/// The public keys of an issuer, read from a JSON Web Key Set (RFC 7517, RFC 7518 section 6, RFC 8037).
///
/// Keys that are not for signatures, or of kinds that are not known here, are left out, as RFC 7517 asks. A key that is
/// private or shared refuses the whole set: it is nobody's to hand on.
public struct TokenKeySet: Sendable {
  /// The most keys that a set may have here.
  public static let countLimit = 32
  /// The most that are looked at.
  private static let publishedLimit = 256
  /// The most bytes of a set as it is published.
  public static let sizeLimit = 256 << 10

  let keys: [TokenKey]

  /// Reads a set that somebody configures, or one that `json` wrote.
  ///
  /// Throws `issuer.keys` where it is none, where a key is malformed, too short, private or shared, where two cannot be
  /// told apart, and where none of those that stand in it is of use.
  public init(json: JSON) throws(Problem) {
    let elements = try Self.elements(of: json)
    guard elements.count <= Self.countLimit else {
      throw Self.malformed("expected at most \(Self.countLimit) keys, found \(elements.count)")
    }
    var keys: [TokenKey] = []
    for (index, element) in elements.enumerated() {
      if let key = try TokenKey(json: element, at: "/keys/\(index)") { keys.append(key) }
    }
    guard !keys.isEmpty || elements.isEmpty else {
      throw Self.withoutKeys
    }
    for (index, key) in keys.enumerated() where keys[..<index].contains(where: { $0.isConfused(with: key) }) {
      throw Self.malformed(
        "expected keys with ids of their own, found '\(key.id?.excerpt(40) ?? "none")' again")
    }
    self.keys = keys
  }

  /// Reads a set as its issuer publishes it, where what is gone must open nothing whatever else stands there.
  ///
  /// Keys that cannot be used are left out, all of those that cannot be told apart too; none may be left. Throws
  /// `issuer.keys` for what is no set, for one of more than 32 keys that can be used, and for one with a private or
  /// shared key.
  public init(published json: JSON) throws(Problem) {
    var keys: [TokenKey] = []
    for (index, element) in try Self.elements(of: json).enumerated() {
      try TokenKey.checkPublic(element, at: "/keys/\(index)")
      if let key = try? TokenKey(json: element, at: "/keys/\(index)") { keys.append(key) }
    }
    keys = keys.enumerated().filter { index, key in
      !keys.enumerated().contains { $0 != index && $1.isConfused(with: key) }
    }.map(\.element)
    guard keys.count <= Self.countLimit else {
      throw Self.malformed("expected at most \(Self.countLimit) keys, found \(keys.count)")
    }
    self.keys = keys
  }

  /// The JSON of a set that was found at `subject`; throws `issuer.keys`.
  public static func json(parsing bytes: [UInt8], subject: String) throws(Problem) -> JSON {
    do { return try JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 20_000)) } catch {
      throw Problem(
        .badInput, "issuer.keys", "expected a key set in JSON, found other bytes", subject: subject,
        cause: error.description)
    }
  }

  private static func elements(of json: JSON) throws(Problem) -> [JSON] {
    guard let elements = json["keys"]?.array else {
      throw malformed(
        "expected an object with an array 'keys', found \(json.object == nil ? json.kind : "none")")
    }
    guard elements.count <= publishedLimit else {
      throw malformed("expected at most \(publishedLimit) keys, found \(elements.count)")
    }
    return elements
  }

  /// The set with what verifying needs and nothing else, in an order of its own, so that the same keys are the same bytes.
  public var json: JSON {
    ["keys": .array(keys.map(\.json).sorted { $0.canonicalText < $1.canonicalText })]
  }

  /// The key that a token names, or the only one that it may mean.
  func key(for token: UnverifiedToken) throws(Problem) -> TokenKey {
    let named = keys.filter { $0.fits(token.algorithm) && (token.keyID == nil || $0.id == token.keyID) }
    guard let only = named.first, named.count == 1 else {
      throw Problem(
        .unauthenticated, "token.unknown-key",
        "expected a token by one of the issuer's keys for \(token.algorithm.rawValue), found \(named.count) that it may mean"
      )
    }
    return only
  }

  /// Why a set of no keys that could be used is refused.
  public static var withoutKeys: Problem {
    malformed("expected a public key for signatures (RSA, P-256, P-384, P-521, Ed25519), found none")
  }

  static func malformed(_ message: String, at pointer: String? = nil) -> Problem {
    Problem(.badInput, "issuer.keys", message, position: pointer)
  }
}

/// One public key of an issuer.
struct TokenKey: Sendable {
  /// What tokens name it by (`kid`).
  let id: String?
  /// The one algorithm that it is for; nil where any that fits will do.
  private let algorithm: TokenAlgorithm?
  private let key: SignatureKey
  /// The members that it is made of.
  let json: JSON

  /// Reads a key; nil for one that is of no use here.
  init?(json: JSON, at pointer: String) throws(Problem) {
    let fields = KeyFields(json: json, pointer: pointer)
    try Self.checkPublic(json, at: pointer)
    let kind = try fields.text("kty")
    if let use = json["use"], use != "sig" { return nil }
    if let operations = json["key_ops"]?.array, !operations.contains("verify") { return nil }
    var algorithm: TokenAlgorithm?
    if json["alg"] != nil {
      algorithm = TokenAlgorithm(rawValue: try fields.text("alg"))
      guard algorithm != nil else { return nil }
    }
    var members: [String: JSON] = ["kty": .string(kind)]
    switch (kind, json["crv"]?.string) {
    case ("RSA", _): key = try fields.rsa(into: &members)
    case ("EC", "P-256"): key = try fields.point(32, of: .p256, into: &members)
    case ("EC", "P-384"): key = try fields.point(48, of: .p384, into: &members)
    case ("EC", "P-521"): key = try fields.point(66, of: .p521, into: &members)
    case ("OKP", "Ed25519"):
      let bytes = try fields.bytes("x", count: 32, into: &members)
      key = try fields.made(SignatureKey(publicBytes: bytes, of: .ed25519))
    default: return nil
    }
    members["crv"] = kind == "RSA" ? nil : json["crv"]
    members["alg"] = algorithm.map { .string($0.rawValue) }
    id = json["kid"] == nil ? nil : try fields.text("kid")
    members["kid"] = id.map { .string($0) }
    self.algorithm = algorithm
    self.json = .object(members)
    if let algorithm, !fits(algorithm) {
      throw TokenKeySet.malformed(
        "expected an algorithm that the key is for, found \(algorithm.rawValue) for a key of kind \(kind)",
        at: pointer)
    }
  }

  /// Throws where a key is private or shared.
  static func checkPublic(_ json: JSON, at pointer: String) throws(Problem) {
    guard json["kty"] != "oct", json["d"] == nil, json["k"] == nil else {
      throw TokenKeySet.malformed(
        "expected public keys alone, found one that is private or shared", at: pointer)
    }
  }

  /// Whether signatures of an algorithm are made with such a key.
  func fits(_ wanted: TokenAlgorithm) -> Bool {
    if let algorithm, algorithm != wanted { return false }
    return switch (key.kind, wanted) {
    case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512),
      (.p256, .es256), (.p384, .es384), (.p521, .es512), (.ed25519, .edDSA):
      true
    default: false
    }
  }

  /// Whether a token that names one could mean the other.
  func isConfused(with other: TokenKey) -> Bool {
    id == other.id && TokenAlgorithm.allCases.contains { fits($0) && other.fits($0) }
  }

  /// Whether a signature (RFC 7518 section 3) over a message is by this key.
  func isValid(_ signature: [UInt8], over message: [UInt8], _ algorithm: TokenAlgorithm) -> Bool {
    guard fits(algorithm) else { return false }
    // r and s end to end, each as long as the curve's order; another length is no signature.
    func isValidECDSA(_ scheme: SignatureKey.Scheme, size: Int) -> Bool {
      guard let der = SignatureKey.der(halves: signature, count: 2 * size) else { return false }
      return key.isValid(der, over: message, by: scheme)
    }
    return switch algorithm {
    case .rs256: key.isValid(signature, over: message, by: .pkcs1SHA256)
    case .rs384: key.isValid(signature, over: message, by: .pkcs1SHA384)
    case .rs512: key.isValid(signature, over: message, by: .pkcs1SHA512)
    case .ps256: key.isValid(signature, over: message, by: .pssSHA256)
    case .ps384: key.isValid(signature, over: message, by: .pssSHA384)
    case .ps512: key.isValid(signature, over: message, by: .pssSHA512)
    case .es256: isValidECDSA(.ecdsaSHA256, size: 32)
    case .es384: isValidECDSA(.ecdsaSHA384, size: 48)
    case .es512: isValidECDSA(.ecdsaSHA512, size: 66)
    case .edDSA: key.isValid(signature, over: message, by: .ed25519)
    }
  }
}

/// The members of a key, with where it stands for the error.
private struct KeyFields {
  let json: JSON
  let pointer: String

  func text(_ name: String) throws(Problem) -> String {
    guard let text = json[name]?.string, 1...255 ~= text.utf8.count,
      text.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else {
      throw malformed("expected a text of 1 to 255 visible characters as '\(name)', found \(found(name))")
    }
    return text
  }

  /// A number or coordinate in base 64; nil for `count` takes any length up to 1,024 bytes.
  func bytes(_ name: String, count: Int? = nil, into members: inout [String: JSON]) throws(Problem) -> [UInt8]
  {
    guard let text = json[name]?.string, text.utf8.count <= 2048, let bytes = Base64URL.decode(text.utf8),
      1...1024 ~= bytes.count, count == nil || bytes.count == count
    else {
      throw malformed(
        "expected \(count.map { "\($0)" } ?? "1 to 1024") bytes in base 64 for URLs as '\(name)', found \(found(name))"
      )
    }
    members[name] = .string(text)
    return bytes
  }

  /// A point of a curve, as two coordinates of so many bytes.
  func point(_ size: Int, of kind: SignatureKey.Kind, into members: inout [String: JSON]) throws(Problem)
    -> SignatureKey
  {
    // Uncompressed (SEC 1 section 2.3.3).
    let point = try [4] + bytes("x", count: size, into: &members) + bytes("y", count: size, into: &members)
    return try made(SignatureKey(publicBytes: point, of: kind))
  }

  func rsa(into members: inout [String: JSON]) throws(Problem) -> SignatureKey {
    let modulus = try bytes("n", into: &members)
    let exponent = try bytes("e", into: &members)
    guard let first = modulus.first, first != 0 else {
      throw malformed("expected a modulus without leading zeros, found another")
    }
    let bits = modulus.count * 8 - first.leadingZeroBitCount
    guard 2048...8192 ~= bits else {
      throw malformed("expected an RSA key of 2048 to 8192 bits, found one of \(bits)")
    }
    guard exponent.count <= 4, exponent.first != 0, let last = exponent.last, last & 1 == 1, exponent != [1]
    else {
      throw malformed("expected an odd exponent above 1 of at most 32 bits, found another")
    }
    return try made(SignatureKey(modulus: modulus, exponent: exponent))
  }

  func made(_ key: SignatureKey?) throws(Problem) -> SignatureKey {
    guard let key else { throw malformed("expected a key of its kind, found numbers that make none") }
    return key
  }

  private func found(_ name: String) -> String {
    json[name].map { $0.string == nil ? $0.kind : "another text" } ?? "nothing"
  }

  private func malformed(_ message: String) -> Problem { TokenKeySet.malformed(message, at: pointer) }
}
