public import Domain
public import Provenance

/// Of a platform whose seals are signed by a key that is in no file of it: the public key alone is here.
extension KeyFiles {
  /// The key that seals, where its public key stands without a private one; nil where there is none, or both.
  ///
  /// It was published so, or its private key was taken away once another had its place.
  public static func publishedAlone(in directory: String) throws(Problem) -> SealVerificationKey? {
    guard try SecretFile.read("\(directory)/seal.key.pem") == nil,
      let bytes = try DurableFile.read("\(directory)/seal.pub.pem", limit: 1 << 16)
    else { return nil }
    return try SealVerificationKey(pem: String(decoding: bytes, as: UTF8.self))
  }

  /// Throws `seal-key.made` where there is a key that seals in a file, which others may know the platform by.
  public static func requireNone(in directory: String) throws(Problem) {
    let path = "\(directory)/seal.key.pem"
    guard try SecretFile.read(path) == nil else {
      throw Problem(
        .conflict, "seal-key.made", "expected a platform without a key that seals, found one in a file",
        subject: path,
        hint: "start it without --seal-signer, then run 'gatehouse seal-keys rotate --signer NAME'")
    }
  }

  /// Publishes the key that seals from the first start on; durable when this returns, so that the next start knows it.
  ///
  /// Throws `seal-key.made` as `requireNone` does.
  public static func publish(_ key: SealVerificationKey, in directory: String) throws(Problem) {
    try publish(key, in: directory, disk: Disk())
  }

  static func publish(_ key: SealVerificationKey, in directory: String, disk: Disk) throws(Problem) {
    try requireNone(in: directory)
    try disk.createDirectory(directory)
    try disk.removeUnfinished(in: directory)
    try disk.replaceDurably("\(directory)/seal.pub.pem", with: Array(key.pem.utf8), mode: 0o644)
  }

  /// Reads the ledger's key alone, or makes it: as `openOrCreate` does beside a key that seals.
  public static func openOrCreateLedger(
    in directory: String, ledgerName: String, passphrase: Passphrase? = nil
  ) throws(Problem) -> CheckpointSigningKey {
    try openOrCreateLedger(in: directory, ledgerName: ledgerName, passphrase: passphrase, disk: Disk())
  }

  static func openOrCreateLedger(
    in directory: String, ledgerName: String, passphrase: Passphrase? = nil, disk: Disk
  ) throws(Problem) -> CheckpointSigningKey {
    try disk.createDirectory(directory)
    try disk.removeUnfinished(in: directory)
    return try ledgerKey(in: directory, named: ledgerName, passphrase: passphrase, disk: disk)
  }
}
