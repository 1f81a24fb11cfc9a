import Access
public import Domain
import Encoding
import Provenance

/// The key sets that issuers of tokens publish, at the data plane and at the control plane, fetched anew.
///
/// An administrator may set one anew while its keys are on their way: only the keys change, and only of what is there.
extension ControlPlane {
  /// Fetches every key set of the data plane's issuers anew, all at a time, and takes over what has changed; the problems
  /// of those that could not be had, whose issuers go on with the keys that they have.
  public func refreshIssuers() async throws(Problem) -> [Problem] {
    let configured = try await registry.issuers().map(\.issuer)
    return await replaceKeySets(of: configured, at: \.keySetURL) { [self] issuer, keySet throws(Problem) in
      _ = try await replaceKeySet(of: issuer, by: keySet)
    }
  }

  /// Fetches the key sets of all providers of identities anew, as `refreshIssuers` does.
  public func refreshProviders() async throws(Problem) -> [Problem] {
    let configured = Array(try await rules.current().providers.values)
    return await replaceKeySets(of: configured, at: \.tokens.keySetURL) {
      [self] provider, keySet throws(Problem) in
      _ = try await replaceKeySet(of: provider, by: keySet)
    }
  }

  /// Fetches the key set of one provider anew; whether it is another now.
  ///
  /// One that cannot be had is the same.
  func hasNewKeySet(_ url: String) async -> Bool {
    do throws(Problem) {
      guard let provider = try await rules.current().providers[url], let place = provider.tokens.keySetURL
      else { return false }
      return try await replaceKeySet(of: provider, by: try await issuers.fetch(place))
    } catch {
      return false
    }
  }

  private func replaceKeySets<Source: Sendable>(
    of sources: [Source], at place: (Source) -> KeySetURL?,
    _ replace: (Source, JSON) async throws(Problem) -> Void
  ) async -> [Problem] {
    let issuers = issuers
    let fetched = await withTaskGroup(of: (Source, Result<JSON, Problem>).self) { group in
      for source in sources {
        guard let url = place(source) else { continue }
        group.addTask {
          do throws(Problem) { return (source, .success(try await issuers.fetch(url))) } catch {
            return (source, .failure(error))
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var problems: [Problem] = []
    for (source, outcome) in fetched {
      do throws(Problem) { try await replace(source, try outcome.get()) } catch { problems.append(error) }
    }
    return problems
  }

  private func replaceKeySet(of issuer: TokenIssuer, by keySet: JSON) async throws(Problem) -> Bool {
    guard issuer.keySet != keySet else { return false }
    let next = try issuer.with(keySet: keySet)
    return try await perform(for: .platform) { [issuers, registry] recorder async throws(Problem) in
      guard try await registry.issuers().contains(where: { $0.issuer == issuer }) else { return true }
      try await issuers.set(next, recorder: recorder)
      return true
    }
  }

  private func replaceKeySet(of provider: IdentityProvider, by keySet: JSON) async throws(Problem) -> Bool {
    guard provider.tokens.keySet != keySet else { return false }
    let next = try provider.with(keySet: keySet)
    return try await perform(for: .platform) { [accessActs, rules] recorder async throws(Problem) in
      guard try await rules.current().providers[provider.url] == provider else { return true }
      try await accessActs.setProvider(next, recorder: recorder)
      return true
    }
  }
}
