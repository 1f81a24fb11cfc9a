public import Access
public import Domain
public import Encoding

/// Somebody's yes or no to a version under a policy.
public struct ApprovalRecord: Equatable, Sendable {
  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let digest: Digest
  /// The digest of the policy that they saw.
  public let policy: Digest
  /// Who said it.
  public let by: Principal
  /// The roles that they had on the model then.
  public let roles: Set<Role>
  /// Whether it is a yes.
  public let isGiven: Bool
  /// What finds the reason that they gave; nil where they gave none.
  public let remark: Digest?
  /// When.
  public let at: Timestamp

  /// Records what somebody said.
  public init(
    version: VersionReference, digest: Digest, policy: Digest, by: Principal, roles: Set<Role>, isGiven: Bool,
    remark: Digest?, at: Timestamp
  ) {
    self.version = version
    self.digest = digest
    self.policy = policy
    self.by = by
    self.roles = roles
    self.isGiven = isGiven
    self.remark = remark
    self.at = at
  }

  /// What gates count; nil where it is a no.
  public var approval: Approval? {
    guard isGiven else { return nil }
    return Approval(
      by: RoleHolder(by, in: roles), digest: digest, policy: policy)
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "digest": .string(digest.description),
      "policy": .string(policy.description), "by": .string(by.description),
      "roles": .array(roles.map(\.rawValue).sorted().map { .string($0) }), "given": .bool(isGiven),
      "remark": remark.map { .string($0.description) } ?? .null, "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `approval.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "approval", code: "approval.malformed")
    var roles: Set<Role> = []
    for text in try fields.texts("roles") {
      guard let role = Role(rawValue: text) else {
        throw Problem(
          .badInput, "approval.malformed", "expected a role, found '\(text.excerpt(40))'", position: "/roles")
      }
      roles.insert(role)
    }
    self.init(
      version: try fields.version("version"), digest: try fields.digest("digest"),
      policy: try fields.digest("policy"),
      by: try fields.principal("by"), roles: roles, isGiven: try fields.flag("given"),
      remark: fields.has("remark") ? try fields.digest("remark") : nil, at: try fields.requiredMoment("at"))
  }
}

/// A version that is to come into service as soon as its gates hold.
public struct WaitingRelease: Equatable, Sendable {
  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let digest: Digest
  /// Who asked for it.
  public let asker: Principal
  /// The roles that they had on the model then.
  public let roles: Set<Role>
  /// Since when it waits.
  public let since: Timestamp
  /// How it is to come into service then.
  public let manner: RolloutManner
  /// When the mark was made despite which it is to come into service: no later one was looked at; nil where none was.
  public let despiteMark: Timestamp?

  /// Records that a version waits.
  public init(
    version: VersionReference, digest: Digest, asker: Principal, roles: Set<Role>, since: Timestamp,
    manner: RolloutManner = .asPlanned, despiteMark: Timestamp? = nil
  ) {
    self.manner = manner
    self.despiteMark = despiteMark
    self.version = version
    self.digest = digest
    self.asker = asker
    self.roles = roles
    self.since = since
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "version": .string(version.description), "digest": .string(digest.description),
      "asker": .string(asker.description),
      "roles": .array(roles.map(\.rawValue).sorted().map { .string($0) }),
      "since": .integer(since.milliseconds),
    ]
    members["manner"] = manner.json
    if let despiteMark { members["despiteMark"] = .integer(despiteMark.milliseconds) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `release.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "release", code: "release.malformed")
    self.init(
      version: try fields.version("version"), digest: try fields.digest("digest"),
      asker: try fields.principal("asker"),
      roles: Set(try fields.texts("roles").compactMap(Role.init(rawValue:))),
      since: try fields.requiredMoment("since"), manner: try RolloutManner(json: json["manner"]),
      despiteMark: fields.has("despiteMark") ? try fields.requiredMoment("despiteMark") : nil)
  }
}
