public import Domain

/// Who asks for something, and with what they have shown who they are.
///
/// What they may do is not in it: that is asked of `AccessState` when the act has its turn, so that what was taken back
/// meanwhile is gone.
public struct Actor: Hashable, Sendable {
  /// What was presented.
  public enum Credential: Hashable, Sendable {
    /// The platform itself acts.
    case platform
    /// The credential in the data directory, whose holder may do everything: it opens the platform when nothing else does.
    case administrator
    /// A key with this id.
    case apiKey(String)
    /// A token of the provider with this URL that has these words in its claim of roles.
    case token(provider: String, words: Set<String>)
  }

  /// Who it is.
  public let principal: Principal
  /// What was presented.
  public let credential: Credential
  /// From where they ask; nil of the platform itself.
  public var origin: Origin?

  /// States who asks.
  public init(principal: Principal, credential: Credential, origin: Origin? = nil) {
    self.principal = principal
    self.credential = credential
    self.origin = origin
  }

  /// The platform acting of its own accord.
  public static let platform = Actor(principal: .platform, credential: .platform)

  /// Whoever holds the credential in the data directory.
  public static let administrator = Actor(
    principal: Principal(kind: .person, name: "admin"), credential: .administrator)
}

extension AccessState {
  /// Why an actor may not do something; nil where they may.
  ///
  /// Nothing is allowed that no grant allows. A key narrows what its principal may; words of a token add what was granted
  /// to them to what was granted to the person.
  public func refusal(
    _ actor: Actor, _ right: Right, on object: AccessObject, madeBy author: Principal? = nil,
    at now: Timestamp
  ) -> Problem? {
    switch actor.credential {
    case .platform, .administrator: return nil
    case .apiKey(let id):
      guard let key = keys[id], key.isInForce(at: now) else {
        return Self.denied(
          right, object, "found that the key '\(id)' has ended", hint: "ask with another key")
      }
      guard key.rights?.contains(right) ?? true, reaches(key.scope, object) else {
        return Self.denied(
          right, object, "found that the key '\(id)' does not have it there",
          hint: "ask with a key that is made for it")
      }
    case .token: break
    }
    let present = grantsInForce(of: actor, at: now)
    let elsewhere = present.filter { $0.gift.rights.contains(right) }
    let isGiven = elsewhere.contains {
      reaches($0.scope, object) && $0.allows(object, madeBy: author, to: actor.principal)
    }
    if isGiven { return nil }
    let found =
      elsewhere.isEmpty
      ? "found that \(actor.principal) does not have it"
      : "found that \(actor.principal) has it on \(elsewhere.map(\.reach).sorted().joined(separator: ", "))"
    let roles = Role.giving(right).map(\.rawValue).joined(separator: ", ")
    return Self.denied(
      right, object, found,
      hint: "have somebody who may 'manage-access' grant it; roles that give it: \(roles)")
  }

  /// The roles that somebody may still have of those that they had, when they are not here to show a token: those that were
  /// granted to them, or to any word of a claim.
  public func rolesLeft(
    _ roles: Set<Role>, of principal: Principal, on object: AccessObject, at now: Timestamp
  )
    -> Set<Role>
  {
    if principal == Actor.administrator.principal { return roles }
    guard principals[principal] != nil else { return [] }
    let left = grants.values.filter { grant in
      switch grant.holder {
      case .principal(let holder): holder == principal
      case .claim: true
      }
    }.filter {
      $0.isInForce(at: now) && reaches($0.scope, object) && $0.allows(object, madeBy: nil, to: principal)
    }
    return roles.filter { role in left.contains { $0.gift == .role(role) } }
  }

  /// Whether an actor may give a right under conditions: they have it there under no narrower ones.
  public func mayGive(
    _ right: Right, on object: AccessObject, under conditions: Grant.Conditions, _ actor: Actor,
    at now: Timestamp
  ) -> Bool {
    guard refusal(actor, right, on: object, at: now) == nil else { return false }
    switch actor.credential {
    case .platform, .administrator: return true
    case .apiKey, .token: break
    }
    return grantsInForce(of: actor, at: now).contains { own in
      own.gift.rights.contains(right) && reaches(own.scope, object)
        && own.conditions.exceptAliases.isSubset(of: conditions.exceptAliases)
        && (conditions.othersOnly || !own.conditions.othersOnly)
        && (own.conditions.until.map { end in conditions.until.map { $0 <= end } ?? false } ?? true)
    }
  }

  /// Every grant that holds at a moment, by its id.
  public func grantsInForce(at now: Timestamp) -> [Grant] {
    grants.values.filter { $0.isInForce(at: now) }.sorted { $0.id < $1.id }
  }

  /// Who was granted a right on an object, principals and claims, in no order.
  public func holders(of right: Right, on object: AccessObject, at now: Timestamp) -> Set<Grant.Holder> {
    Set(
      grants.values.filter {
        $0.isInForce(at: now) && $0.gift.rights.contains(right) && reaches($0.scope, object)
      }.map(\.holder))
  }

  /// What was granted to an actor and holds.
  public func grantsInForce(of actor: Actor, at now: Timestamp) -> [Grant] {
    var present = grants(of: .principal(actor.principal))
    if case .token(let provider, let words) = actor.credential, providers[provider] != nil {
      for word in words.sorted() { present += grants(of: .claim(word, of: provider)) }
    }
    return present.filter { $0.isInForce(at: now) }
  }

  /// The roles that an actor has on an object; all of them where they may do everything.
  public func roles(of actor: Actor, on object: AccessObject, at now: Timestamp) -> Set<Role> {
    switch actor.credential {
    case .platform: return []
    case .administrator: return Set(Role.allCases)
    case .apiKey(let id):
      // A key that is narrowed is nobody's whole role.
      guard let key = keys[id], key.rights == nil, reaches(key.scope, object) else { return [] }
    case .token: break
    }
    var roles: Set<Role> = []
    for grant in grantsInForce(of: actor, at: now) where reaches(grant.scope, object) {
      if case .role(let role) = grant.gift { roles.insert(role) }
    }
    return roles
  }

  /// The rights that an actor has somewhere.
  public func rights(of actor: Actor, at now: Timestamp) -> Set<Right> {
    Set(Right.allCases.filter { refusal(actor, $0, on: .somewhere, at: now) == nil })
  }

  private static func denied(_ right: Right, _ object: AccessObject, _ found: String, hint: String) -> Problem
  {
    Problem(
      .forbidden, "access.denied",
      "expected the right '\(right.rawValue)' on \(object.description), \(found)", hint: hint)
  }
}

extension Grant {
  /// Where it reaches, in words.
  fileprivate var reach: String {
    var text = scope.description
    if !conditions.exceptAliases.isEmpty {
      text += " but aliases \(conditions.exceptAliases.sorted().map(\.description).joined(separator: ", "))"
    }
    if conditions.othersOnly { text += " that others made" }
    return text
  }
}
