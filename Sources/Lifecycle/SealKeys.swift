import Domain
import Encoding
import Provenance

/// The acts on keys of seals, and on what was sealed.
///
/// Each is in the registry before the data plane hears of it: a revocation that a data plane does not take must stay, and is
/// applied again at every later act and at each start. The other way round a crash between the two would lose it.
struct SealKeys {
  let registry: any RegistryReader & LedgerReader
  let bundles: any BundleStore
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource
  /// How many keys there may be, and how many versions may be revoked: as many as data planes are told of.
  var limit = Revocations.limit
  /// How many keys may be trusted at a time: each image names all of them, and so does the entry of the ledger that it
  /// can be packed again by.
  static let trustedLimit = 64

  /// Makes the key that the platform was started with the active one of a registry that knows none.
  func adopt(recorder: Recorder) async throws(Problem) {
    guard try await registry.sealKeys().isEmpty else { return }
    let key = seals.present.verificationKey
    try await recorder.record(.addSealKey, of: key.hint, details: ["curve": .string(key.curve.rawValue)]) {
      .done((), changes: [.addSealKey(SealKey(key, isOwn: true, state: .active, at: time.now()))])
    }
  }

  /// Seals by another key from now on; the former stays trusted until it is retired or revoked.
  ///
  /// A crash before the entry that says so leaves a key that nothing names and nothing seals by. Throws `seal-key.known`
  /// where an external signer has no new key.
  func rotate(to source: SealKeySource, recorder: Recorder) async throws(Problem) -> SealKey {
    let known = try await registry.sealKeys()
    // As far as it can be known before there is a key.
    try await requireRoom(for: known.first(where: \.isOwn), among: known)
    let former = known.first { $0.state == .active }
    let subject = former?.hint ?? seals.present.verificationKey.hint
    let key = try await recorder.record(
      .addSealKey, of: subject, details: ["rotates": true]
    ) { () async throws(Problem) in
      let signer = try await seals.store.provide(source)
      try await signer.requireSignature()
      guard !known.contains(where: { $0.hint == signer.verificationKey.hint }) else {
        throw Problem(
          .conflict, "seal-key.known",
          "expected a new key, found '\(signer.verificationKey.hint.prefix(12))…', which is known already",
          hint: "make a new key in the service, and name it in keys/signers.json")
      }
      let key = SealKey(signer.verificationKey, isOwn: true, state: .active, at: time.now())
      return .done(
        key, details: ["key": .string(key.hint), "curve": .string(key.curve)], changes: [.addSealKey(key)])
    }
    try await plane.apply(served.current())
    return key
  }

  /// Trusts the seals of somebody else's key, or again those of one that was retired.
  func trust(_ key: SealVerificationKey, recorder: Recorder) async throws(Problem) -> SealKey {
    let known = try await registry.sealKeys().first { $0.hint == key.hint }
    if let known, known.state.isTrusted { return known }
    let moment = time.now()
    let next =
      known?.changed(to: .trusted, at: moment)
      ?? SealKey(key, isOwn: false, state: .trusted, at: moment)
    if let known, !known.state.allows(.trusted) { throw Self.conflict(known, "trusted") }
    // With room for a key of ours: the active one is not revoked before another has its place.
    try await requireRoom(for: known == nil ? next : nil, among: try await registry.sealKeys(), sparing: 1)
    try await recorder.record(.addSealKey, of: key.hint, details: ["curve": .string(key.curve.rawValue)]) {
      let change = SealKeyChange(hint: key.hint, state: .trusted, reason: nil, moment: moment)
      return .done((), changes: [known == nil ? .addSealKey(next) : .changeSealKey(change)])
    }
    try await plane.apply(served.current())
    return next
  }

  /// Ends the time of a key against which nothing is held.
  ///
  /// Throws `seal-key.in-use` while something is served, or named by an alias, that it sealed.
  func retire(_ hint: String, recorder: Recorder) async throws(Problem) {
    let key = try await find(hint)
    guard key.state.allows(.retired) else { throw Self.conflict(key, "retired") }
    if let version = try await servedBundles(sealedBy: [key.hint]).first {
      throw Problem(
        .conflict, "seal-key.in-use",
        "expected a key that sealed nothing that is served, found '\(key.hint.prefix(12))…', which sealed \(version)",
        subject: key.hint, hint: "run 'gatehouse seal-keys reseal' first")
    }
    try await change(key, to: .retired, nil, .retireSealKey, recorder)
  }

  /// Revokes a key: its seals hold no more, and what it sealed is withdrawn by the time this returns.
  ///
  /// The active key gives way to another first. Answers with what was served until then; where that cannot be told, since
  /// a seal cannot be read, throws `seal-key.revoked-untold` and the key is revoked all the same.
  func revoke(
    _ hint: String, _ reason: RevocationReason, recorder: Recorder
  ) async throws(Problem) -> [VersionReference] {
    let key = try await find(hint)
    guard key.state != .active else {
      throw Problem(
        .conflict, "seal-key.active",
        "expected a key that seals nothing more, found the active one, '\(key.hint.prefix(12))…'",
        subject: key.hint, hint: "run 'gatehouse seal-keys rotate' first")
    }
    guard key.state.allows(.revoked) else { throw Self.conflict(key, "revoked") }
    try await change(key, to: .revoked, reason.description, .revokeSealKey, recorder)
    // What names versions is as before: they are withdrawn, not gone.
    do throws(Problem) { return try await servedBundles(sealedBy: [key.hint]) } catch {
      throw Problem(
        error.category, "seal-key.revoked-untold",
        "expected to tell which versions it had sealed, found a seal that cannot be read; the key is revoked, and what it"
          + " sealed is withdrawn", subject: key.hint,
        hint:
          "run 'gatehouse audit verify' for what cannot be read, and 'gatehouse seal-keys list' for the key",
        cause: error.code)
    }
  }

  /// Withdraws a version for good, by the time this returns; only a new push brings the model back, as another version.
  func revoke(
    _ reference: VersionReference, _ reason: RevocationReason, recorder: Recorder
  ) async throws(Problem) -> Revocations.Version {
    let version = try await registry.version(reference)
    if let known = try await registry.revokedVersions().first(where: { $0.reference == reference }) {
      return known
    }
    let revocation = Revocations.Version(
      reference: reference, bundle: version.bundle, since: time.now(), reason: reason.description)
    // With room for another key to take over: it is what helps where there is none for versions.
    try requireRoom(
      keys: try await registry.sealKeys(), sparing: RevocationList.signatureLimit,
      versions: try await registry.revokedVersions() + [revocation],
      "revoke the key that sealed it: 'gatehouse seal-keys rotate', then 'gatehouse seal-keys revoke'")
    try await recorder.record(
      .revokeVersion, of: reference.description, details: ["reason": .string(reason.description)]
    ) {
      .done(
        (), details: ["bundle": .string(version.bundle.description)], changes: [.revokeVersion(revocation)])
    }
    try await plane.apply(served.current())
    return revocation
  }

  private func change(
    _ key: SealKey, to state: SealKey.State, _ reason: String?, _ act: Act, _ recorder: Recorder
  ) async throws(Problem) {
    var details: [String: JSON] = [:]
    details["reason"] = reason.map { .string($0) }
    try await recorder.record(act, of: key.hint, details: details) {
      let change = SealKeyChange(hint: key.hint, state: state, reason: reason, moment: time.now())
      return .done((), changes: [.changeSealKey(change)])
    }
    try await plane.apply(served.current())
  }

  /// The key that a hint, or the beginning of one, names.
  ///
  /// Throws `seal-key.unknown` and `seal-key.ambiguous`.
  func find(_ hint: String) async throws(Problem) -> SealKey {
    let found = try await registry.sealKeys().filter { $0.hint.hasPrefix(hint) }
    guard let key = found.first, hint.utf8.count >= 8 else {
      throw Problem(
        .notFound, "seal-key.unknown",
        "expected the hint of a key, at least 8 digits of it, found '\(hint.excerpt(80))'",
        hint: "list them with 'gatehouse seal-keys list'")
    }
    guard found.count == 1 else {
      throw Problem(
        .badInput, "seal-key.ambiguous",
        "expected the hint of one key, found '\(hint.excerpt(80))' of \(found.count)")
    }
    return key
  }

  /// What is served, or named by an alias, under seals by these keys.
  private func servedBundles(sealedBy hints: Set<String>) async throws(Problem) -> [VersionReference] {
    var bundlesByVersion: [VersionReference: Digest] = [:]
    for deployment in try await registry.deployments() {
      bundlesByVersion[VersionReference(name: deployment.name, version: deployment.version)] =
        deployment.bundle
    }
    for alias in try await registry.aliases() {
      bundlesByVersion[VersionReference(name: alias.model, version: alias.version)] = alias.bundle
    }
    var found: [VersionReference] = []
    for (reference, bundle) in bundlesByVersion {
      let hint: String
      do throws(Problem) {
        hint = try SealVerifier.keyHint(of: try await bundles.seal(of: bundle))
      } catch  where error.category == .integrity {
        // One that is not there, or is none, is not by this key: the data plane has said so already. What cannot be read at
        // the moment may be.
        continue
      }
      if hints.contains(hint) { found.append(reference) }
    }
    return found.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
  }

  private static func conflict(_ key: SealKey, _ next: String) -> Problem {
    Problem(
      .conflict, "seal-key.state",
      "expected a key that can be \(next), found '\(key.hint.prefix(12))…', which is \(key.state.rawValue)",
      subject: key.hint)
  }
}
