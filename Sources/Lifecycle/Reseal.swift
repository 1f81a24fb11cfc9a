import Domain
import Encoding
import Provenance

/// Seals versions again, by the key that is active: so that honest ones outlive the key that sealed them.
struct Reseal {
  let registry: any RegistryReader
  let bundles: any BundleStore
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane

  /// Seals again every version in force that another key of our own has sealed, or that one alone; answers with them.
  ///
  /// What is sealed is what the ledger has the digest of, under the name and number that it gave: a seal by the former key
  /// is no reason, since others may have made it. The first that is not what it was ends it; those before it stay sealed
  /// anew. A crash leaves each version with its former seal or the new one, whole.
  func callAsFunction(_ key: SealKey?, recorder: Recorder) async throws(Problem) -> [VersionReference] {
    let keys = try await registry.sealKeys()
    let signer = try await seals.signer()
    let own = Set(keys.filter(\.isOwn).map(\.hint))
    let revocations = try await seals.revocations()
    var done: [VersionReference] = []
    for name in try await registry.modelNames() {
      for version in try await registry.versions(of: name)
      where revocations.problem(of: version.bundle) == nil {
        let hint = try SealVerifier.keyHint(of: try await bundles.seal(of: version.bundle))
        guard hint != signer.verificationKey.hint, own.contains(hint), key == nil || key?.hint == hint else {
          continue
        }
        try await seal(version, formerly: hint, by: signer, among: keys, recorder)
        done.append(version.reference)
      }
    }
    // What was withdrawn with its key is served again.
    if !done.isEmpty { try await plane.apply(served.current()) }
    return done
  }

  private func seal(
    _ version: ModelVersion, formerly hint: String, by signer: any SealSigner, among keys: [SealKey],
    _ recorder: Recorder
  ) async throws(Problem) {
    try await recorder.record(.reseal, of: version.reference.description, details: ["from": .string(hint)]) {
      () async throws(Problem) in
      guard let former = keys.first(where: { $0.hint == hint }) else {
        throw Problem(.internal, "reseal.no-key", "expected the former key among those known, found none")
      }
      // The paths are no part of the digest, so that the former seal has to hold as well.
      let sealed = try await bundles.sealed(
        version.bundle, trusting: [try SealVerificationKey(pem: former.pem)])
      let manifest = try Manifest(parsing: try sealed.contents.requiredBytes(at: Manifest.path))
      guard sealed.digest == version.bundle, manifest.reference == version.reference else {
        throw Problem(
          .integrity, "reseal.foreign-bundle",
          "expected the bundle of \(version.reference) that the ledger has, found that of \(manifest.reference)",
          subject: version.bundle.short)
      }
      let draft = sealed.contents.sealDraft(name: version.reference.description)
      _ = try await bundles.publish(
        try draft.sealed(by: signer.verificationKey, signature: try await signer.sign(draft.message)))
      return .done(
        (),
        details: [
          "bundle": .string(version.bundle.description), "key": .string(signer.verificationKey.hint),
        ])
    }
  }
}
