public import Domain
public import Provenance

/// Encrypts the private keys of a data directory where they stand, or under another passphrase.
///
/// One file after another, each put whole in the place of the former and durable before the next: a crash leaves some under
/// the new passphrase and the others as they were, which the same command brings to its end, since what opens under the new
/// one is left alone. A platform starts with any mixture of keys in the clear and keys under one passphrase.
public struct KeyEncryption: Sendable {
  private let directory: String
  private let disk: Disk

  /// Looks at the keys in `directory`; nothing else may use it.
  public init(directory: String) { self.init(directory: directory, disk: Disk()) }

  init(directory: String, disk: Disk) {
    self.directory = directory
    self.disk = disk
  }

  /// Encrypts every private key that is not under `next` yet; `former` is what those are under that are encrypted already.
  ///
  /// Answers with the names of the files that were replaced. Throws `key.missing` where there are no keys, the problems of
  /// `SecretFile` and of encrypted keys, and `passphrase.too-short`; what was replaced before stays so.
  public func encrypt(under next: Passphrase, formerly former: Passphrase?) throws(Problem) -> [String] {
    try next.requireStrength()
    try disk.removeUnfinished(in: directory)
    var replaced: [String] = []
    let sealKeys = "\(directory)/\(Self.sealKeys)"
    var names = ["seal.key.pem"]
    if try DirectoryListing.kind(of: sealKeys) == .directory {
      try disk.removeUnfinished(in: sealKeys)
      names += try DirectoryListing.entries(of: sealKeys).map(\.name).filter { $0.hasSuffix(".key.pem") }
        .sorted()
        .map { "\(Self.sealKeys)/\($0)" }
    }
    for name in names {
      let isReplaced = try replace(name, next, former) { text, passphrase throws(Problem) in
        try SealingKey(pem: text, passphrase: passphrase)
      } secret: { key throws(Problem) in
        try key.pem(passphrase: next)
      }
      if isReplaced { replaced.append(name) }
    }
    // The name of the ledger is in the public key beside it.
    let ledger = try KeyFiles.ledgerVerificationKey(at: "\(directory)/ledger.pub").name
    let isReplaced = try replace("ledger.key", next, former) { text, passphrase throws(Problem) in
      try CheckpointSigningKey(text: text, name: ledger, passphrase: passphrase)
    } secret: { key throws(Problem) in
      try key.pem(passphrase: next)
    }
    if isReplaced { replaced.append("ledger.key") }
    return replaced
  }

  /// The directory of keys that were made after the first.
  public static let sealKeys = "seal-keys"

  private func replace<Key>(
    _ name: String, _ next: Passphrase, _ former: Passphrase?,
    parse: (String, Passphrase?) throws(Problem) -> Key, secret: (Key) throws(Problem) -> String
  ) throws(Problem) -> Bool {
    let path = "\(directory)/\(name)"
    guard let text = try SecretFile.read(path) else {
      // The first key may be gone once another has taken its place.
      if name == "seal.key.pem" { return false }
      throw Problem(
        .notFound, "key.missing", "expected a private key, found no file", subject: path,
        hint: "name the data directory of a platform with --data")
    }
    do throws(Problem) {
      if SealingKey.isEncrypted(text) {
        do throws(Problem) {
          _ = try parse(text, next)
          return false
        } catch  where error.code != "key.wrong-passphrase" || former == nil {
          throw error
        } catch {
          // It is under the former one, as it should be.
        }
      }
      let key = try parse(text, former)
      // Durable in the place of the former file, or that file still, whole.
      try disk.replaceDurably(path, with: Array(try secret(key).utf8))
      return true
    } catch {
      var problem = error
      problem.subject = problem.subject ?? path
      throw problem
    }
  }
}
