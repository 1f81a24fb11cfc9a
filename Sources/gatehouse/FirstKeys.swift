import Domain
import Lifecycle
import Provenance
import Storage

/// The keys that a platform is started with: what seals while the registry knows no other, and the ledger's.
struct FirstKeys {
  let sealing: any SealSigner
  let ledger: CheckpointSigningKey

  /// Reads them, or makes them at the first start; `source` is where the one that seals comes from then.
  ///
  /// A signer's key is published durably before anything is sealed by it, and is never in a file. No later start asks the signer:
  /// predictions and all that needs no seal do without it. Throws as `KeyFiles` does, `seal-key.made`, and why a signer that is
  /// needed now does not sign.
  init(
    _ directory: DataDirectory, _ store: PlatformKeys, passphrase: Passphrase?, source: SealKeySource
  ) async throws(Problem) {
    if try store.mayHaveOthers(), let published = try KeyFiles.publishedAlone(in: directory.keys) {
      sealing = AbsentKey(verificationKey: published, store: store)
    } else if case .file(let curve) = source {
      let keys = try KeyFiles.openOrCreate(
        in: directory.keys, ledgerName: Self.ledgerName, passphrase: passphrase, curve: curve)
      (sealing, ledger) = (keys.sealing, keys.ledger)
      return
    } else {
      // Before the signer is asked, which may take its time.
      try KeyFiles.requireNone(in: directory.keys)
      let signer = try await store.provide(source)
      try await signer.requireSignature()
      try KeyFiles.publish(signer.verificationKey, in: directory.keys)
      sealing = signer
    }
    ledger = try KeyFiles.openOrCreateLedger(
      in: directory.keys, ledgerName: Self.ledgerName, passphrase: passphrase)
  }

  private static let ledgerName = "gatehouse"
}

/// A key of which the public half alone is here, looked for where it is needed.
private struct AbsentKey: SealSigner {
  let verificationKey: SealVerificationKey
  let store: PlatformKeys

  func sign(_ message: [UInt8]) async throws(Problem) -> [UInt8] {
    try await store.requiredSigner(for: verificationKey.hint).sign(message)
  }
}
