public import Domain

/// What private keys are encrypted under.
///
/// Its description does not show it.
public struct Passphrase: Sendable, Equatable, CustomStringConvertible {
  /// The fewest bytes that new files are encrypted under.
  public static let shortest = 12
  /// The rounds of PBKDF2 that a file takes to open: what OWASP's Password Storage Cheat Sheet asks for with SHA-256.
  public static let standardRounds: UInt32 = 600_000
  private static let longest = 1024

  let bytes: [UInt8]
  /// The rounds of what is encrypted under it.
  let rounds: UInt32

  /// Takes the text of a file, without one line feed at its end; throws `passphrase.malformed`, which does not repeat it.
  public init(parsing text: String, rounds: UInt32 = Passphrase.standardRounds) throws(Problem) {
    self.rounds = rounds
    let line = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
    bytes = Array(line.utf8)
    guard 1...Self.longest ~= bytes.count, !bytes.contains(0), !line.contains(where: \.isNewline) else {
      throw Problem(
        .badInput, "passphrase.malformed",
        "expected a passphrase of one line and 1 to \(Self.longest) bytes, found \(bytes.count) bytes")
    }
  }

  /// Throws `passphrase.too-short` where it is shorter than what new files are encrypted under.
  public func requireStrength() throws(Problem) {
    guard bytes.count >= Self.shortest else {
      throw Problem(
        .badInput, "passphrase.too-short",
        "expected a passphrase of at least \(Self.shortest) bytes, found \(bytes.count)",
        hint: "make one with 'openssl rand -base64 24'")
    }
  }

  /// Nothing of it.
  public var description: String { "Passphrase(…)" }
}

/// Private keys under a passphrase: `ENCRYPTED PRIVATE KEY` in PEM (RFC 7468), PBES2 with PBKDF2 over HMAC-SHA-256 and
/// AES-256 in CBC (RFC 8018), which `openssl pkey` reads and writes.
enum EncryptedKey {
  static let label = "ENCRYPTED PRIVATE KEY"
  /// The most rounds that are made for what is read; beyond it a file could have the program compute for hours.
  static let roundLimit: UInt64 = 10_000_000

  static func isEncrypted(_ pem: String) -> Bool {
    pem.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("-----BEGIN \(label)-----") }
  }

  /// Opens a key.
  ///
  /// Throws `key.encrypted` without a passphrase, `key.malformed`, `key.too-costly`, and `key.wrong-passphrase`.
  static func open(_ pem: String, _ passphrase: Passphrase?) throws(Problem) -> SignatureKey {
    guard let der = PEM.decode(pem, labels: [label]) else { throw malformed }
    // Asked before it is opened: whoever wrote it has chosen the number.
    let rounds = SignatureKey.rounds(ofEncrypted: der)
    guard rounds > 0 else { throw malformed }
    guard rounds <= roundLimit else {
      throw Problem(
        .integrity, "key.too-costly",
        "expected a key that at most \(roundLimit) rounds of PBKDF2 open, found one that takes \(rounds)",
        hint: "encrypt it anew: openssl pkcs8 -topk8 -iter \(Passphrase.standardRounds) -v2 aes-256-cbc")
    }
    guard let passphrase else {
      throw Problem(
        .unauthenticated, "key.encrypted", "expected a passphrase for an encrypted private key, found none",
        hint:
          "name its file by --passphrase-file or GATEHOUSE_PASSPHRASE_FILE, or give the credential 'gatehouse-passphrase'"
      )
    }
    guard let key = SignatureKey(encryptedDER: der, passphrase: passphrase.bytes) else {
      throw Problem(
        .unauthenticated, "key.wrong-passphrase",
        "expected the passphrase that the private key is encrypted under, found another",
        hint: "a file that was changed reads as one under another passphrase")
    }
    return key
  }

  /// Encrypts a key; throws `passphrase.too-short`.
  static func close(_ key: SignatureKey, _ passphrase: Passphrase) throws(Problem) -> String {
    try passphrase.requireStrength()
    guard let der = key.encryptedDER(passphrase: passphrase.bytes, rounds: passphrase.rounds) else {
      throw Problem(.internal, "key.not-encrypted", "expected an encrypted private key, found a failure")
    }
    return PEM.encode(der, label)
  }

  private static let malformed = Problem(
    .integrity, "key.malformed",
    "expected a private key encrypted by PBES2 with PBKDF2 over HMAC-SHA-256 or HMAC-SHA-1, found another",
    hint: "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256")
}

extension SealingKey {
  /// Whether a PEM text is a private key under a passphrase.
  public static func isEncrypted(_ pem: String) -> Bool { EncryptedKey.isEncrypted(pem) }

  /// Reads a private key in PEM: PKCS #8 under a passphrase or without one, or SEC 1.
  ///
  /// Throws `seal.malformed-key`, and for one under a passphrase `key.encrypted`, `key.wrong-passphrase`, `key.malformed` or
  /// `key.too-costly`. Takes some 0.2 s for one under a passphrase that this has written.
  public init(pem: String, passphrase: Passphrase?) throws(Problem) {
    guard EncryptedKey.isEncrypted(pem) else {
      self = try SealingKey(pem: pem)
      return
    }
    let key = try EncryptedKey.open(pem, passphrase)
    guard SealCurve(key.kind) != nil else {
      throw Problem(
        .integrity, "seal.malformed-key",
        "expected an encrypted private key on the curve P-256, P-384 or P-521, found another kind of key")
    }
    self = try SealingKey(pem: PEM.encode(key.privateDER, "PRIVATE KEY"))
  }

  /// The private key in PEM under a passphrase, with a final line feed; throws `passphrase.too-short`.
  public func pem(passphrase: Passphrase) throws(Problem) -> String {
    guard let der = PEM.decode(pem, labels: ["PRIVATE KEY"]), let key = SignatureKey(privateDER: der) else {
      throw Problem(.internal, "key.not-encrypted", "expected a private key to encrypt, found none")
    }
    return try EncryptedKey.close(key, passphrase)
  }
}

extension CheckpointSigningKey {
  /// Reads a key in the form of signed notes, or in PEM under a passphrase, which does not say the ledger's `name`.
  ///
  /// Throws `checkpoint.malformed-key`, and for one under a passphrase as `SealingKey` does.
  public init(text: String, name: String, passphrase: Passphrase?) throws(Problem) {
    guard EncryptedKey.isEncrypted(text) else {
      self = try CheckpointSigningKey(parsing: text.hasSuffix("\n") ? String(text.dropLast()) : text)
      return
    }
    let key = try EncryptedKey.open(text, passphrase)
    guard key.kind == .ed25519 else {
      throw Problem(
        .integrity, "checkpoint.malformed-key",
        "expected an encrypted private key of Ed25519, found another kind of key")
    }
    self = try CheckpointSigningKey(name: name, key: key)
  }

  /// The private key in PEM (PKCS #8) under a passphrase; throws `passphrase.too-short`.
  public func pem(passphrase: Passphrase) throws(Problem) -> String {
    try EncryptedKey.close(key, passphrase)
  }
}
