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

  /// Fetches every key set that is published anew, all at a time, and takes over what has changed; the problems of those
  /// that could not be had, whose issuers go on with the keys that they have.
  public func refreshIssuers() async throws(Problem) -> [Problem] {
    let configured = try await registry.issuers()
    let issuers = issuers
    let fetched = await withTaskGroup(of: (TokenIssuer, Result<JSON, Problem>).self) { group in
      for issuer in configured.map(\.issuer) {
        guard let url = issuer.keySetURL else { continue }
        group.addTask {
          do throws(Problem) { return (issuer, .success(try await issuers.fetch(url))) } catch {
            return (issuer, .failure(error))
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var problems: [Problem] = []
    for (issuer, outcome) in fetched {
      do throws(Problem) {
        // An administrator may have set it anew meanwhile: only the keys change, and only what is there.
        try await replaceKeySet(of: issuer, by: try outcome.get())
      } catch {
        problems.append(error)
      }
    }
    return problems
  }

  private func replaceKeySet(of issuer: TokenIssuer, by keySet: JSON) async throws(Problem) {
    guard issuer.keySet != keySet else { return }
    let next = try issuer.with(keySet: keySet)
    try await perform(for: .platform) { [issuers, registry] recorder async throws(Problem) in
      guard try await registry.issuers().contains(where: { $0.issuer == issuer }) else { return }
      try await issuers.set(next, recorder: recorder)
    }
  }
}
