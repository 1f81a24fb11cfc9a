import Domain
import Encoding
import Provenance

/// A new key, shown this once and kept nowhere.
public struct IssuedKey: Equatable, Sendable {
  /// The handle that it is listed and revoked by.
  public let id: String
  /// The key itself; a secret.
  public let key: String
}

/// Makes and revokes the keys that open deployments.
struct PredictionKeys: Sendable {
  let registry: any RegistryReader
  let served: ServedState
  let plane: any DataPlane
  let entropy: any Entropy
  let time: any TimeSource

  /// Makes a key; it opens the deployment by the time this returns.
  func create(
    for name: ModelName, terms: KeyTerms = .unbounded, recorder: Recorder
  ) async throws(Problem) -> IssuedKey {
    guard try await registry.deployments().contains(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let id = Hexadecimal.encode(entropy.bytes(6))
    // The prefix lets secret scanners and people tell what it is; 32 random bytes cannot be guessed.
    let secret = "gh_\(id)_\(Hexadecimal.encode(entropy.bytes(32)))"
    let key = PredictionKey(
      id: id, hash: Digest(of: Array(secret.utf8)), deployment: name, createdAt: time.now(),
      terms: terms)
    return try await recorder.record(.createKey, of: id) { () async throws(Problem) in
      try await plane.apply(served.with(keys: registry.keys() + [key]))
      return .done(
        IssuedKey(id: id, key: secret),
        details: ["hash": .string(key.hash.description), "deployment": .string(name.description)],
        changes: [.addKey(key)])
    }
  }

  /// Revokes a key; it opens nothing any more by the time this returns.
  func revoke(id: String, recorder: Recorder) async throws(Problem) {
    let keys = try await registry.keys()
    guard let key = keys.first(where: { $0.id == id }) else {
      throw Problem(.notFound, "key.unknown", "expected the id of a key, found '\(id.prefix(80))'")
    }
    guard key.revokedAt == nil else { return }
    try await recorder.record(.revokeKey, of: id) { () async throws(Problem) in
      try await plane.apply(served.with(keys: keys.filter { $0.id != id }))
      return .done(
        (), details: ["deployment": .string(key.deployment.description)],
        changes: [.revokeKey(id: id, at: time.now())])
    }
  }
}
