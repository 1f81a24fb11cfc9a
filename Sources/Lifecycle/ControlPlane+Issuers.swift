public import Domain
public import Encoding

extension ControlPlane {
  /// The key set that is published at a URL, as issuers are configured with.
  public func fetchKeySet(at url: String) async throws(Problem) -> JSON { try await issuers.fetch(url) }

  /// Takes the tokens of an issuer.
  public func setIssuer(_ issuer: TokenIssuer, by principal: Principal) async throws(Problem) {
    let (recorder, issuers) = (recorder(for: principal), issuers)
    try await perform { () async throws(Problem) in
      try await issuers.set(issuer, recorder: recorder)
    }
  }

  /// Takes the tokens of an issuer no more.
  public func removeIssuer(id: String, by principal: Principal) async throws(Problem) {
    let (recorder, issuers) = (recorder(for: principal), issuers)
    try await perform { () async throws(Problem) in
      try await issuers.remove(id: id, recorder: recorder)
    }
  }

  /// Fetches every key set that is published anew, and takes over what has changed; the problems of those that could not
  /// be had, whose issuers go on with the keys that they have.
  public func refreshIssuers() async throws(Problem) -> [Problem] {
    var problems: [Problem] = []
    for configured in try await registry.issuers() {
      guard let url = configured.issuer.keySetURL else { continue }
      do throws(Problem) {
        let keySet = try await fetchKeySet(at: url)
        // An administrator may have set it anew meanwhile: only the keys change, and only what is there.
        try await replaceKeySet(of: configured.issuer, by: keySet)
      } catch {
        problems.append(error)
      }
    }
    return problems
  }

  private func replaceKeySet(of issuer: TokenIssuer, by keySet: JSON) async throws(Problem) {
    guard issuer.keySet != keySet else { return }
    let (recorder, issuers, registry) = (recorder(for: .platform), issuers, registry)
    let next = try issuer.with(keySet: keySet)
    try await perform { () async throws(Problem) in
      guard try await registry.issuers().contains(where: { $0.issuer == issuer }) else { return }
      try await issuers.set(next, recorder: recorder)
    }
  }
}
