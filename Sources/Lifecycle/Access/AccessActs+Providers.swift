import Access
import Domain
import Encoding
import Provenance

extension AccessActs {
  /// Takes the word of a provider from now on; grants name its words afterwards.
  func setProvider(_ provider: IdentityProvider, recorder: Recorder) async throws(Problem) {
    let keySet = try TokenKeySet(json: provider.tokens.keySet)
    guard provider.tokens.keySet["keys"]?.array?.isEmpty != true else { throw TokenKeySet.withoutKeys }
    let provider = try provider.with(keySet: keySet.json)
    guard provider.json.canonicalBytes.count <= TokenIssuer.sizeLimit else {
      throw Problem(
        .tooLarge, "issuer.too-large",
        "expected a provider of at most \(TokenIssuer.sizeLimit) bytes, found more",
        hint: "publish fewer keys")
    }
    guard try await rules.current().providers[provider.url] != provider else { return }
    try await change(.setProvider, provider.url, .setProvider(provider, at: time.now()), recorder) {}
  }

  /// Takes the word of a provider no more; what was granted to words of its tokens is taken back.
  func removeProvider(_ url: String, recorder: Recorder) async throws(Problem) {
    let known = try await rules.current().providers
    guard known[url] != nil else { throw Problem.unknownProvider(url, among: known.keys) }
    try await change(.removeProvider, url, .removeProvider(url: url, at: time.now()), recorder) {}
  }
}
