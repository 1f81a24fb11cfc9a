public import Domain
public import Provenance

/// The platform's own keys, kept in files: made at the first start, the same ones ever after.
///
/// `seal.key.pem` and `ledger.key` are secret, `seal.pub.pem` and `ledger.pub` are for whoever verifies.
public struct KeyFiles: Sendable {
  /// What seals bundles.
  public let sealing: SealingKey
  /// What signs the checkpoints of the ledger.
  public let ledger: CheckpointSigningKey

  /// Reads the keys in `directory`; where there are none at all, makes them first, the ledger's with the name
  /// `ledgerName`, the other on `curve`, both encrypted under the passphrase where there is one.
  ///
  /// Throws `key.missing` where a public key stands without its private key, `key.mismatch` where they are no
  /// pair, and the problems of `SecretFile`, of encrypted keys and of the keys' own texts. A key is durable before it is
  /// used.
  public static func openOrCreate(
    in directory: String, ledgerName: String, passphrase: Passphrase? = nil, curve: SealCurve = .p256
  ) throws(Problem) -> KeyFiles {
    try openOrCreate(
      in: directory, ledgerName: ledgerName, passphrase: passphrase, curve: curve, disk: Disk())
  }

  static func openOrCreate(
    in directory: String, ledgerName: String, passphrase: Passphrase? = nil, curve: SealCurve = .p256,
    disk: Disk
  ) throws(Problem) -> KeyFiles {
    try disk.createDirectory(directory)
    try disk.removeUnfinished(in: directory)
    // The same steps at the first start and at every other: a crash between any two of them leaves a state
    // that the next start completes.
    let sealing = try KeyPair(
      disk: disk, secretPath: "\(directory)/seal.key.pem", publicPath: "\(directory)/seal.pub.pem"
    ).openOrCreate { () throws(Problem) in
      SealingKey(curve)
    } parse: { text throws(Problem) in
      try SealingKey(pem: text, passphrase: passphrase)
    } secret: { key throws(Problem) in
      try key.secretText(under: passphrase)
    } published: {
      $0.verificationKey.pem
    }
    return KeyFiles(
      sealing: sealing,
      ledger: try ledgerKey(in: directory, named: ledgerName, passphrase: passphrase, disk: disk))
  }

  static func ledgerKey(
    in directory: String, named ledgerName: String, passphrase: Passphrase?, disk: Disk
  ) throws(Problem) -> CheckpointSigningKey {
    try KeyPair(
      disk: disk, secretPath: "\(directory)/ledger.key", publicPath: "\(directory)/ledger.pub"
    ).openOrCreate { () throws(Problem) in
      try CheckpointSigningKey(name: ledgerName)
    } parse: { text throws(Problem) in
      try CheckpointSigningKey(text: text, name: ledgerName, passphrase: passphrase)
    } secret: { key throws(Problem) in
      try key.secretText(under: passphrase)
    } published: {
      $0.verificationKey.description + "\n"
    }
  }

  /// Reads the ledger's public key alone, to verify without the right to sign.
  public static func ledgerVerificationKey(at path: String) throws(Problem) -> CheckpointVerificationKey {
    try CheckpointVerificationKey(parsing: try text(at: path).trimmingFinalLineFeed())
  }

  /// Reads the public key that verifies seals alone, to verify without the right to sign.
  public static func sealVerificationKey(at path: String) throws(Problem) -> SealVerificationKey {
    try SealVerificationKey(pem: try text(at: path))
  }

  private static func text(at path: String) throws(Problem) -> String {
    guard let bytes = try DurableFile.read(path, limit: 1 << 16) else {
      throw Problem(.notFound, "key.missing", "expected a public key, found no file", subject: path)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A private key's file and its public key's file.
struct KeyPair {
  let disk: Disk
  let secretPath: String
  let publicPath: String

  func openOrCreate<Key>(
    make: () throws(Problem) -> Key, parse: (String) throws(Problem) -> Key,
    secret: (Key) throws(Problem) -> String, published text: (Key) -> String
  ) throws(Problem) -> Key {
    let published = try DurableFile.read(publicPath, limit: 1 << 16)
    let key: Key
    if let text = try SecretFile.read(secretPath) {
      key = try parse(text)
    } else {
      guard published == nil else {
        throw Problem(
          .integrity, "key.missing", "expected the private key of '\(publicPath)', found no file",
          subject: secretPath,
          hint: "restore it from a backup; without it nothing more can be signed under that key")
      }
      key = try make()
      // Durable before anything is signed with it. A crash before this leaves no key at all, one after it a
      // private key without its public one, which is written below at the next start.
      guard try disk.createDurably(secretPath, with: Array(try secret(key).utf8)) else {
        throw Problem(
          .conflict, "file.exists", "expected no file of this name yet, found one", subject: secretPath)
      }
    }
    let expected = Array(text(key).utf8)
    switch published {
    case nil: try disk.replaceDurably(publicPath, with: expected, mode: 0o644)
    case expected: break
    default:
      throw Problem(
        .integrity, "key.mismatch", "expected the public key of '\(secretPath)', found another",
        subject: publicPath, hint: "restore both files from the same backup")
    }
    return key
  }
}

extension SealingKey {
  /// The text of its file.
  func secretText(under passphrase: Passphrase?) throws(Problem) -> String {
    guard let passphrase else { return pem }
    return try pem(passphrase: passphrase)
  }
}

extension CheckpointSigningKey {
  /// The text of its file.
  func secretText(under passphrase: Passphrase?) throws(Problem) -> String {
    guard let passphrase else { return encoded + "\n" }
    return try pem(passphrase: passphrase)
  }
}

extension String {
  fileprivate func trimmingFinalLineFeed() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
