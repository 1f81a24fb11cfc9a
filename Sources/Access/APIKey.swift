public import Domain
public import Encoding

/// A key with which a principal asks the control plane; the key itself is kept nowhere.
public struct APIKey: Equatable, Sendable {
  /// What every key begins with, so that scanners of secrets and people can tell what it is.
  public static let prefix = "ghp_"

  /// The handle that it is listed and revoked by; it stands in the key.
  public let id: String
  /// The SHA-256 of the key.
  public let hash: Digest
  /// Whose it is.
  public let principal: Principal
  /// The rights that it has of those that its principal has; nil where it has all of them.
  public let rights: Set<Right>?
  /// Where it has them.
  public let scope: Scope
  /// When it was made.
  public let createdAt: Timestamp
  /// From when on it opens nothing; nil where it has no end of itself.
  public let expiresAt: Timestamp?
  /// The key that it was made in the place of.
  public let replaces: String?

  /// Records a key.
  public init(
    id: String, hash: Digest, principal: Principal, rights: Set<Right>? = nil, scope: Scope = .everything,
    createdAt: Timestamp, expiresAt: Timestamp? = nil, replaces: String? = nil
  ) {
    self.id = id
    self.hash = hash
    self.principal = principal
    self.rights = rights
    self.scope = scope
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.replaces = replaces
  }

  /// Whether it opens anything at a moment.
  public func isInForce(at now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }

  /// The same key, with an end.
  func ending(at end: Timestamp) -> APIKey {
    APIKey(
      id: id, hash: hash, principal: principal, rights: rights, scope: scope, createdAt: createdAt,
      expiresAt: end,
      replaces: replaces)
  }
}

extension APIKey {
  /// The key as the ledger carries it.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .string(id), "hash": .string(hash.description), "principal": .string(principal.description),
      "scope": scope.json, "createdAt": .integer(createdAt.milliseconds),
    ]
    members["rights"] = rights.map { .array($0.sorted().map { .string($0.rawValue) }) }
    members["expiresAt"] = expiresAt.map { .integer($0.milliseconds) }
    members["replaces"] = replaces.map { .string($0) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `access.…`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "API key")
    try fields.allow([
      "id", "hash", "principal", "scope", "createdAt", "rights", "expiresAt", "replaces",
    ])
    self.init(
      id: try fields.text("id"), hash: try Digest(parsing: fields.text("hash")),
      principal: try fields.principal("principal"), rights: try fields.rights("rights"),
      scope: try fields.scope("scope"), createdAt: try fields.requiredMoment("createdAt"),
      expiresAt: try fields.moment("expiresAt"),
      replaces: fields.has("replaces") ? try fields.text("replaces") : nil)
  }
}
