public import Access
public import Domain
public import Encoding
public import Rollouts

/// By which steps versions of a deployment come into service, and what keeps a caller with one of them meanwhile.
public struct RolloutTerms: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "rollout-terms.malformed"

  /// The steps.
  public let plan: RolloutPlan
  /// What a request is kept with one version by.
  public let affinity: Sharing.Affinity

  /// States the terms.
  public init(plan: RolloutPlan, affinity: Sharing.Affinity = .key) {
    self.plan = plan
    self.affinity = affinity
  }

  /// The terms as the registry, the ledger and the HTTP face carry them.
  public var json: JSON { ["plan": plan.json, "affinity": .string(affinity.rawValue)] }

  /// Reads what `json` writes; throws `rollout-terms.malformed` and what a plan throws.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "roll-out's terms", code: Self.malformedCode)
    try fields.allow(["plan", "affinity"])
    self.init(
      plan: try RolloutPlan(json: try fields.value("plan")),
      affinity: try fields.word("affinity", Sharing.Affinity.self) ?? .key)
  }
}

/// How a version is to come into service.
public enum RolloutManner: Hashable, Sendable {
  /// By the deployment's terms; at once where it has none.
  case asPlanned
  /// At once, whatever the deployment's terms are.
  case atOnce
  /// By these.
  case by(RolloutTerms)

  /// The manner as a record carries it; nil for the standard one.
  public var json: JSON? {
    switch self {
    case .asPlanned: nil
    case .atOnce: "at-once"
    case .by(let terms): terms.json
    }
  }

  /// Reads what `json` writes.
  public init(json: JSON?) throws(Problem) {
    switch json {
    case nil, .null?: self = .asPlanned
    case "at-once"?: self = .atOnce
    case let terms?: self = .by(try RolloutTerms(json: terms))
    }
  }
}

/// A roll-out by steps, the one under way or the last one: all that the data plane's part of it is made of.
public struct RolloutRecord: Equatable, Sendable {
  static let malformedCode = "rollout-record.malformed"

  /// Where it is.
  public let state: RolloutState
  /// The digests of the bundles of all versions that take part.
  public let bundles: [VersionNumber: Digest]
  /// What is mixed into callers' keys.
  public let salt: TrafficSplit.Salt
  /// What a request is kept with one version by.
  public let affinity: Sharing.Affinity
  /// On whose behalf it began: whom the gates of its steps are asked for.
  public let asker: Principal
  /// The roles that they had on the model then.
  public let roles: Set<Role>

  /// Records a roll-out; throws `rollout-record.malformed` where the bundle of a version is missing.
  public init(
    _ state: RolloutState, bundles: [VersionNumber: Digest], salt: TrafficSplit.Salt,
    affinity: Sharing.Affinity, asker: Principal, roles: Set<Role>
  ) throws(Problem) {
    let versions = [state.version] + state.before.map(\.version)
    guard Set(bundles.keys) == Set(versions) else {
      throw Problem(
        .badInput, Self.malformedCode, "expected the bundle of each version that takes part, found others",
        subject: "\(state.deployment)@\(state.version)")
    }
    self.state = state
    self.bundles = bundles
    self.salt = salt
    self.affinity = affinity
    self.asker = asker
    self.roles = roles
  }

  /// The version that is to answer.
  public var version: VersionReference { VersionReference(name: state.deployment, version: state.version) }

  /// Whether it is under way.
  public var isUnderWay: Bool { !state.phase.isOver }

  /// The same at another state of it.
  public func at(_ state: RolloutState) throws(Problem) -> RolloutRecord {
    try RolloutRecord(
      state, bundles: bundles, salt: salt, affinity: affinity, asker: asker, roles: roles)
  }

  /// How those who name no version are shared by its versions; nil where one answers all of them.
  public func sharing() throws(Problem) -> Sharing? {
    guard isUnderWay, state.share > .none else { return nil }
    return Sharing(try state.split(salt: salt), by: affinity)
  }

  /// Who is asked in the shadow; nil where nobody is.
  public func shadowing() throws(Problem) -> Shadowing? {
    guard !state.shadows.isEmpty else { return nil }
    return try Shadowing(state.shadows, tolerance: state.plan.criteria.tolerance)
  }

  /// What it is to the registry: under way it has a place, and once it is over another, so that whoever looks at those under way
  /// reads no others.
  var effects: [GovernanceChange.Effect] {
    let name = state.deployment.description
    guard !isUnderWay else { return [.put(GovernanceRecord(kind: .rollout, id: name, value: json))] }
    return [
      .remove(.rollout, id: name), .put(GovernanceRecord(kind: .endedRollout, id: name, value: json)),
    ]
  }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    var digests: [String: JSON] = [:]
    for (version, digest) in bundles { digests[version.description] = .string(digest.description) }
    return [
      "state": state.json, "bundles": .object(digests), "affinity": .string(affinity.rawValue),
      "salt": .array([.string(String(salt.first)), .string(String(salt.second))]),
      "asker": .string(asker.description),
      "roles": .array(roles.map(\.rawValue).sorted().map { .string($0) }),
    ]
  }

  /// Reads what `json` writes; throws `rollout-record.malformed` and what a state throws.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "roll-out", code: Self.malformedCode)
    try fields.allow(["state", "bundles", "affinity", "salt", "asker", "roles"])
    var bundles: [VersionNumber: Digest] = [:]
    let digests = json["bundles"]?.object ?? [:]
    guard digests.count <= TrafficSplit.armLimit else { throw Self.malformed("bundles") }
    for (number, digest) in digests {
      guard let version = Int(number).flatMap({ VersionNumber($0) }), let digest = digest.string else {
        throw Self.malformed("bundles")
      }
      bundles[version] = try Digest(parsing: digest)
    }
    let halves = (json["salt"]?.array ?? []).prefix(3).compactMap { $0.string.flatMap { UInt64($0) } }
    guard halves.count == 2 else { throw Self.malformed("salt") }
    try self.init(
      try RolloutState(json: try fields.value("state")), bundles: bundles,
      salt: TrafficSplit.Salt(halves[0], halves[1]),
      affinity: try fields.word("affinity", Sharing.Affinity.self) ?? .key,
      asker: try fields.principal("asker"),
      roles: Set(try fields.texts("roles").compactMap(Role.init(rawValue:))))
  }

  private static func malformed(_ member: String) -> Problem {
    Problem(
      .badInput, malformedCode, "expected '\(member)' as a roll-out has them, found others",
      position: "/\(member)")
  }
}
