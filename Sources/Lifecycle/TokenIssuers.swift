import Domain
import Encoding
import Provenance

/// Configures whose tokens are taken.
struct TokenIssuers: Sendable {
  /// The most issuers.
  private static let countLimit = 32

  let registry: any RegistryReader
  let served: ServedState
  let plane: any DataPlane
  let keySets: any KeySetSource
  let time: any TimeSource

  /// The key set at a URL, with what verifying needs and nothing else, and without keys that are of no use here.
  func fetch(_ url: KeySetURL) async throws(Problem) -> JSON {
    let bytes = try await keySets.keySet(at: url, limit: TokenKeySet.sizeLimit)
    let json = try TokenKeySet.json(parsing: bytes, subject: url.description)
    return try TokenKeySet(published: json).json
  }

  /// Where the issuer with this URL publishes its keys, by its own word: OpenID Connect Discovery 1.0, section 4.
  ///
  /// Throws `issuer.metadata` where that is of another issuer (section 4.3) or names no key set.
  func discover(_ url: String) async throws(Problem) -> KeySetURL {
    var base = url
    while base.hasSuffix("/") { base.removeLast() }
    let place = try KeySetURL(parsing: base + "/.well-known/openid-configuration")
    let bytes = try await keySets.keySet(at: place, limit: TokenKeySet.sizeLimit)
    let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 20_000))
    guard let json, let issuer = json["issuer"]?.string, issuer.utf8.elementsEqual(url.utf8) else {
      throw Problem(
        .badInput, "issuer.metadata",
        "expected metadata of the issuer '\(url.excerpt(120))', found none, or another's",
        subject: place.description, hint: "spell the issuer as it spells itself")
    }
    guard let keys = json["jwks_uri"]?.string else {
      throw Problem(
        .badInput, "issuer.metadata",
        "expected a text as 'jwks_uri', found \(json["jwks_uri"]?.kind ?? "nothing")",
        subject: place.description)
    }
    return try KeySetURL(parsing: keys)
  }

  /// Takes the tokens of an issuer, with these settings and no former ones; they are taken by the time this returns.
  ///
  /// Throws `issuer.keys` for a key set that cannot be used and `issuer.too-many`.
  func set(_ issuer: TokenIssuer, recorder: Recorder) async throws(Problem) {
    let issuer = try issuer.with(keySet: TokenKeySet(json: issuer.keySet).json)
    // Before anything has an effect: behind it there is no way back but to undo it.
    guard issuer.json.canonicalBytes.count <= TokenIssuer.sizeLimit else {
      throw Problem(
        .tooLarge, "issuer.too-large",
        "expected an issuer of at most \(TokenIssuer.sizeLimit) bytes, found more",
        hint: "publish fewer keys")
    }
    let present = try await registry.issuers()
    guard present.first(where: { $0.issuer.url == issuer.url })?.issuer != issuer else { return }
    let others = present.filter { $0.issuer.url != issuer.url }
    guard others.count < Self.countLimit else {
      throw Problem(
        .conflict, "issuer.too-many", "expected at most \(Self.countLimit) issuers, found one more",
        hint: "remove one with 'gatehouse issuers remove'")
    }
    let configured = ConfiguredIssuer(issuer: issuer, since: time.now())
    try await recorder.record(.setIssuer, of: issuer.id, details: ["url": .string(issuer.url)]) {
      () async throws(Problem) in
      try await plane.apply(served.with(issuers: others + [configured]))
      return .done((), changes: [.setIssuer(configured)])
    }
  }

  /// Takes the tokens of an issuer no more by the time this returns.
  func remove(id: String, recorder: Recorder) async throws(Problem) {
    let present = try await registry.issuers()
    guard let configured = present.first(where: { $0.issuer.id == id }) else {
      throw Problem(
        .notFound, "issuer.unknown", "expected the id of an issuer, found '\(id.excerpt(40))'",
        hint: "list them with 'gatehouse issuers list'")
    }
    let url = configured.issuer.url
    try await recorder.record(.removeIssuer, of: id, details: ["url": .string(url)]) {
      () async throws(Problem) in
      try await plane.apply(served.with(issuers: present.filter { $0.issuer.url != url }))
      return .done((), changes: [.removeIssuer(url: url, at: time.now())])
    }
  }
}
