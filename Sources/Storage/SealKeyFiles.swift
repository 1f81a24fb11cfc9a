public import Domain
public import Lifecycle
public import Provenance

/// The keys of seals that were made after the first, a pair of files each: `<hint>.key.pem` and `<hint>.pub.pem`.
public actor SealKeyFiles: SealKeyStore {
  private nonisolated let directory: String
  private let passphrase: Passphrase?
  private let disk: Disk
  private var opened: [String: SealingKey] = [:]
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Keeps keys in `directory`, which is made with the first of them; new ones are encrypted under the passphrase where there
  /// is one.
  public init(directory: String, passphrase: Passphrase?) {
    self.init(directory: directory, passphrase: passphrase, disk: Disk())
  }

  init(directory: String, passphrase: Passphrase?, disk: Disk) {
    self.directory = directory
    self.passphrase = passphrase
    self.disk = disk
  }

  /// Whether any private key is here.
  public nonisolated func hasKeys() throws(Problem) -> Bool {
    try DirectoryListing.entries(of: directory).contains { $0.name.hasSuffix(".key.pem") }
  }

  /// The key that seals name so; nil where it is not here.
  ///
  /// Throws `key.mismatch` where another key stands under its name, and the problems of `SecretFile` and of encrypted keys.
  public func signer(for hint: String) throws(Problem) -> (any SealSigner)? {
    if let key = opened[hint] { return key }
    // What the registry names is a hint; anything else would be a path.
    guard hint.utf8.count == 64, Digest(hexadecimal: hint) != nil,
      let text = try SecretFile.read("\(directory)/\(hint).key.pem")
    else { return nil }
    let key = try SealingKey(pem: text, passphrase: passphrase)
    guard key.verificationKey.hint == hint else {
      throw Problem(
        .integrity, "key.mismatch", "expected the private key of '\(hint.prefix(12))…', found another",
        subject: "\(directory)/\(hint).key.pem", hint: "restore keys/ from a backup")
    }
    opened[hint] = key
    return key
  }

  /// Makes a key, durable when this returns.
  ///
  /// A crash on the way leaves no private key, or a whole one that nothing names yet and nothing seals by.
  public func provide(_ source: SealKeySource) throws(Problem) -> any SealSigner {
    guard case .file(let curve) = source else {
      throw Problem(
        .badInput, "signer.unknown", "expected a signer that is named in keys/signers.json, found none",
        hint: "name it there and start the platform anew")
    }
    try disk.createDirectory(directory)
    try disk.removeUnfinished(in: directory)
    let key = SealingKey(curve)
    let path = "\(directory)/\(key.verificationKey.hint)"
    guard try disk.createDurably("\(path).key.pem", with: Array(try key.secretText(under: passphrase).utf8))
    else {
      throw Problem(.conflict, "file.exists", "expected no file of this name yet, found one", subject: path)
    }
    try disk.replaceDurably("\(path).pub.pem", with: Array(key.verificationKey.pem.utf8), mode: 0o644)
    opened[key.verificationKey.hint] = key
    return key
  }
}
