import Domain
import Provenance
import Synchronization

/// Reads what bundles say, each once for as long as its seal is the one that was verified.
struct BundleFacts: Sendable {
  /// What a bundle says, and by whose word.
  struct Sealed: Sendable {
    let facts: VersionFacts
    /// The hint of the key that sealed it, which was trusted when this was asked for.
    let key: String
  }

  private final class Known: Sendable {
    // By the digest of the bundle; with the digest of the seal by which what is in it was verified.
    let facts = Mutex([Digest: (seal: Digest, sealed: Sealed)]())
  }

  /// How many bundles are remembered.
  private static let knownLimit = 256

  private let bundles: any BundleStore
  private let seals: Seals
  private let known = Known()

  init(bundles: any BundleStore, seals: Seals) {
    self.bundles = bundles
    self.seals = seals
  }

  /// What a bundle says whose seal verifies; nil where it does not, or where the bundle does not read.
  ///
  /// What was remembered counts for as long as the same seal stands there and its key is trusted: one that was damaged, or
  /// whose key was revoked, says nothing any more.
  func callAsFunction(of bundle: Digest) async -> Sealed? {
    guard let keys = try? await seals.trusted(), let seal = try? await bundles.seal(of: bundle),
      let hint = try? SealVerifier.keyHint(of: seal), keys.contains(where: { $0.hint == hint })
    else { return nil }
    let digest = Digest(of: seal)
    if let known = known.facts.withLock({ $0[bundle] }), known.seal == digest { return known.sealed }
    guard let whole = try? await bundles.sealed(bundle, trusting: keys) else { return nil }
    let sealed = Sealed(facts: VersionFacts(whole.contents), key: hint)
    known.facts.withLock { known in
      if known.count >= Self.knownLimit, let any = known.keys.first { known[any] = nil }
      known[bundle] = (digest, sealed)
    }
    return sealed
  }
}
