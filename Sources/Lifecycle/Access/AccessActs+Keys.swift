public import Access
public import Domain
import Encoding
import Provenance

/// What a new key is to open.
public struct APIKeyWish: Sendable {
  /// Whose it is to be.
  public var principal: Principal
  /// The rights that it is to have of its principal's; nil for all.
  public var rights: Set<Right>?
  /// Where it is to have them.
  public var scope: Scope
  /// When it is to end; nil where it has no end of itself.
  public var expiresAt: Timestamp?

  /// States what a key is to open.
  public init(
    principal: Principal, rights: Set<Right>? = nil, scope: Scope = .everything, expiresAt: Timestamp? = nil
  ) {
    self.principal = principal
    self.rights = rights
    self.scope = scope
    self.expiresAt = expiresAt
  }
}

extension AccessActs {
  /// How many keys one principal may ever have.
  static let keysOfOne = 256

  /// Throws `access.beyond` for a key that is narrowed or ends, which is to be used on any other key than itself.
  private func requireWhole(_ actor: Actor, _ state: AccessState, besides id: String?) throws(Problem) {
    guard case .apiKey(let own) = actor.credential, own != id, let key = state.keys[own] else { return }
    guard key.rights == nil, key.scope == .everything, key.expiresAt == nil else {
      throw Problem(
        .forbidden, "access.beyond",
        "expected a key without an end that has all rights of its principal, found '\(own)', which is narrower",
        hint: "rotate that key itself, or ask with another credential")
    }
  }

  /// Makes a key, which is shown this once.
  ///
  /// Throws `principal.unknown`, and `access.beyond` where a key that is narrowed would make one that is not.
  func createKey(_ wish: APIKeyWish, by actor: Actor, recorder: Recorder) async throws(Problem) -> IssuedKey {
    let state = try await rules.current()
    guard state.principals[wish.principal] != nil else { throw Problem.unknownPrincipal(wish.principal) }
    try requireWhole(actor, state, besides: nil)
    // A key of somebody else can do what they can: whoever makes it must be able to give that.
    if wish.principal != actor.principal {
      for grant in state.grants(of: .principal(wish.principal)) {
        for right in grant.gift.rights.sorted()
        where !state.mayGive(right, on: grant.scope.governed, under: grant.conditions, actor, at: time.now())
        {
          throw Problem(
            .forbidden, "access.beyond",
            "expected a key that can do what whoever makes it can, found that \(wish.principal) has '\(right.rawValue)'",
            hint: "have it made by \(wish.principal), or by somebody who has that right")
        }
      }
    }
    guard state.keys.values.count(where: { $0.principal == wish.principal }) < Self.keysOfOne else {
      throw Problem(
        .conflict, "api-key.too-many",
        "expected at most \(Self.keysOfOne) keys of one principal, those that have ended too, found one more",
        hint: "rotate them less often, or use another principal")
    }
    return try await issue(wish, replacing: nil, changes: [], recorder)
  }

  /// Makes a key in the place of another, which goes on for as long as `overlap`.
  func rotateKey(
    _ id: String, overlap: Duration, by actor: Actor, recorder: Recorder
  ) async throws(Problem) -> IssuedKey {
    let key = try await self.key(id)
    try requireWhole(actor, try await rules.current(), besides: id)
    let now = time.now()
    guard key.isInForce(at: now) else {
      throw Problem(
        .conflict, "api-key.ended", "expected a key in force, found '\(id)', which has ended",
        hint: "make another with 'gatehouse api-keys create'")
    }
    let limit: Duration = .seconds(30 * 86_400)
    guard overlap >= .zero, overlap <= limit else {
      throw Problem(.badInput, "api-key.overlap", "expected an overlap of up to 30 days, found \(overlap)")
    }
    // A key with an end has a successor that lives as long from now on.
    let lifetime = key.expiresAt.map { $0.milliseconds - key.createdAt.milliseconds }
    let end = Timestamp(milliseconds: now.milliseconds + overlap.components.seconds * 1000)
    let wish = APIKeyWish(
      principal: key.principal, rights: key.rights, scope: key.scope,
      expiresAt: lifetime.map { Timestamp(milliseconds: now.milliseconds + $0) })
    let former: AccessChange = .endAPIKey(id: id, end: min(end, key.expiresAt ?? end), at: now)
    return try await issue(wish, replacing: id, changes: [former], recorder)
  }

  /// Ends a key at once; one that has ended stays so.
  func revokeKey(_ id: String, by actor: Actor, recorder: Recorder) async throws(Problem) {
    let key = try await self.key(id)
    try requireWhole(actor, try await rules.current(), besides: id)
    let now = time.now()
    guard key.isInForce(at: now) else { return }
    try await change(
      .endAPIKey, "\(key.principal) \(id)", .endAPIKey(id: id, end: now, at: now), recorder
    ) {}
  }

  /// The key with this id; throws `api-key.unknown`.
  func key(_ id: String) async throws(Problem) -> APIKey {
    if let key = try await rules.current().keys[id] { return key }
    throw Problem(
      .notFound, "api-key.unknown", "expected the id of an API key, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse api-keys list'")
  }

  private func issue(
    _ wish: APIKeyWish, replacing former: String?, changes: [AccessChange], _ recorder: Recorder
  ) async throws(Problem) -> IssuedKey {
    let id = Hexadecimal.encode(entropy.bytes(6))
    // 32 random bytes cannot be guessed, so that a digest without salt keeps them.
    let secret = "\(APIKey.prefix)\(id)_\(Hexadecimal.encode(entropy.bytes(32)))"
    let key = APIKey(
      id: id, hash: Digest(of: Array(secret.utf8)), principal: wish.principal, rights: wish.rights,
      scope: wish.scope, createdAt: time.now(), expiresAt: wish.expiresAt, replaces: former)
    defer { rules.change() }
    try await recorder.note(
      .createAPIKey, of: "\(key.principal) \(id)",
      changes: (changes + [.addAPIKey(key)]).map { .access($0) })
    return IssuedKey(id: id, key: secret)
  }
}
