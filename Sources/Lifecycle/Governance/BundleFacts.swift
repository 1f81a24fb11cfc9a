import Domain
import Provenance
import Synchronization

/// Reads what bundles say, each once: it never changes.
struct BundleFacts: Sendable {
  private final class Known: Sendable {
    // By the digest of the bundle; what is in it was verified.
    let facts = Mutex([Digest: VersionFacts]())
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
  func callAsFunction(of bundle: Digest) async -> VersionFacts? {
    if let facts = known.facts.withLock({ $0[bundle] }) { return facts }
    guard let keys = try? await seals.trusted(),
      let sealed = try? await bundles.sealed(bundle, trusting: keys)
    else { return nil }
    let facts = VersionFacts(sealed.contents)
    known.facts.withLock { known in
      if known.count >= Self.knownLimit { known = [:] }
      known[bundle] = facts
    }
    return facts
  }
}
