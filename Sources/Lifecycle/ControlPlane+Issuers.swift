public import Access
public import Domain
public import Encoding
import Provenance

extension ControlPlane {
  /// The key set that is published at a URL, as issuers are configured with.
  public func fetchKeySet(at url: KeySetURL) async throws(Problem) -> JSON { try await issuers.fetch(url) }

  /// Where an issuer publishes its key set, by its own metadata.
  public func discoverKeySet(of url: String) async throws(Problem) -> KeySetURL {
    try await issuers.discover(url)
  }

  /// Takes the tokens of an issuer; throws `issuer.keys` where it has no key that could be used.
  public func setIssuer(_ issuer: TokenIssuer, by actor: Actor) async throws(Problem) {
    guard issuer.keySet["keys"]?.array?.isEmpty != true else { throw TokenKeySet.withoutKeys }
    try await perform(by: actor, .manageIssuers, on: .platform) { [issuers] recorder async throws(Problem) in
      try await issuers.set(issuer, recorder: recorder)
    }
  }

  /// Takes the tokens of an issuer no more.
  public func removeIssuer(id: String, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageIssuers, on: .platform) { [issuers] recorder async throws(Problem) in
      try await issuers.remove(id: id, recorder: recorder)
    }
  }
}
