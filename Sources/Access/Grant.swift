public import Domain
public import Encoding

/// That somebody may do something somewhere, from a moment on, until another, under conditions.
public struct Grant: Equatable, Sendable {
  /// Who holds it.
  public enum Holder: Hashable, Sendable, CustomStringConvertible {
    /// A person or a service that the platform knows.
    case principal(Principal)
    /// Whoever comes with a token of the provider with this URL that has this word in its claim of roles.
    case claim(String, of: String)

    /// `service:ci`, `claim 'ml-ops' of https://id.example`.
    public var description: String {
      switch self {
      case .principal(let principal): principal.description
      case .claim(let word, let provider): "claim '\(word.excerpt(80))' of \(provider)"
      }
    }
  }

  /// What is given.
  public enum Gift: Hashable, Sendable {
    case role(Role)
    case rights(Set<Right>)

    /// The rights in it.
    public var rights: Set<Right> {
      switch self {
      case .role(let role): role.rights
      case .rights(let rights): rights
      }
    }

    /// The role, or the rights one after another.
    public var description: String {
      switch self {
      case .role(let role): role.rawValue
      case .rights(let rights): rights.sorted().map(\.rawValue).joined(separator: " ")
      }
    }
  }

  /// What narrows it.
  public struct Conditions: Hashable, Sendable {
    /// The aliases that it does not reach.
    public var exceptAliases: Set<AliasName>
    /// Whether it reaches only what somebody else has made.
    public var othersOnly: Bool
    /// From when on it holds; nil where it does from its first moment.
    public var from: Timestamp?
    /// From when on it does not hold any more; nil where it has no end of itself.
    public var until: Timestamp?

    /// States what narrows a grant.
    public init(
      exceptAliases: Set<AliasName> = [], othersOnly: Bool = false, from: Timestamp? = nil,
      until: Timestamp? = nil
    ) {
      self.exceptAliases = exceptAliases
      self.othersOnly = othersOnly
      self.from = from
      self.until = until
    }
  }

  /// The handle that it is listed and ended by.
  public let id: String
  /// Who holds it.
  public let holder: Holder
  /// What it gives.
  public let gift: Gift
  /// What it reaches.
  public let scope: Scope
  /// What narrows it.
  public let conditions: Conditions

  /// States a grant.
  public init(id: String, holder: Holder, gift: Gift, scope: Scope, conditions: Conditions = Conditions()) {
    self.id = id
    self.holder = holder
    self.gift = gift
    self.scope = scope
    self.conditions = conditions
  }

  /// Whether it holds at a moment.
  public func isInForce(at now: Timestamp) -> Bool {
    (conditions.from ?? now) <= now && conditions.until.map { now < $0 } ?? true
  }

  /// Whether its conditions hold for an object that `author` has made, where somebody has.
  func allows(_ object: AccessObject, madeBy author: Principal?, to principal: Principal) -> Bool {
    if case .alias(let alias, _) = object, conditions.exceptAliases.contains(alias) { return false }
    return !(conditions.othersOnly && author == principal)
  }
}

extension Grant {
  /// The grant as the ledger and the HTTP face carry it.
  public var json: JSON {
    var members: [String: JSON] = ["id": .string(id), "scope": scope.json]
    switch holder {
    case .principal(let principal): members["principal"] = .string(principal.description)
    case .claim(let word, let provider):
      members["claim"] = .string(word)
      members["provider"] = .string(provider)
    }
    switch gift {
    case .role(let role): members["role"] = .string(role.rawValue)
    case .rights(let rights): members["rights"] = .array(rights.sorted().map { .string($0.rawValue) })
    }
    if !conditions.exceptAliases.isEmpty {
      members["exceptAliases"] = .array(conditions.exceptAliases.sorted().map { .string($0.description) })
    }
    if conditions.othersOnly { members["othersOnly"] = true }
    members["from"] = conditions.from.map { .integer($0.milliseconds) }
    members["until"] = conditions.until.map { .integer($0.milliseconds) }
    return .object(members)
  }

  /// Reads what `json` writes, with an id of its own where it has none; throws `access.…`, `pattern.malformed` and
  /// `alias.malformed`.
  public init(json: JSON, id standard: String? = nil) throws(Problem) {
    let fields = RecordFields(json, "grant")
    try fields.allow([
      "id", "scope", "principal", "claim", "provider", "role", "rights", "exceptAliases", "othersOnly",
      "from",
      "until",
    ])
    let holder: Holder
    switch (fields.has("principal"), fields.has("claim")) {
    case (true, false): holder = .principal(try fields.principal("principal"))
    case (false, true):
      let word = try fields.text("claim")
      guard word.isOneLine(upTo: 255) else {
        throw Problem(
          .badInput, "access.malformed", "expected a word of 1 to 255 bytes as 'claim', found another",
          position: "/claim")
      }
      holder = .claim(word, of: try fields.text("provider"))
    default:
      throw Problem(
        .badInput, "access.holder",
        "expected either 'principal' or 'claim' and 'provider' in a grant, found "
          + (fields.has("principal") ? "both" : "neither"))
    }
    let gift: Gift
    switch (try fields.role("role"), try fields.rights("rights")) {
    case (let role?, nil): gift = .role(role)
    case (nil, let rights?) where !rights.isEmpty: gift = .rights(rights)
    default:
      throw Problem(
        .badInput, "access.gift", "expected either a 'role' or 'rights' in a grant, found both or neither",
        hint: "the roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    var aliases: Set<AliasName> = []
    for text in try fields.texts("exceptAliases") { aliases.insert(try AliasName(parsing: text)) }
    let (from, until) = (try fields.moment("from"), try fields.moment("until"))
    if let from, let until, until <= from {
      throw Problem(
        .badInput, "access.times", "expected an end after \(from), found \(until)", position: "/until")
    }
    self.init(
      id: try fields.text("id", default: standard), holder: holder, gift: gift,
      scope: try fields.scope("scope"),
      conditions: Conditions(
        exceptAliases: aliases, othersOnly: try fields.flag("othersOnly"), from: from, until: until))
  }
}
