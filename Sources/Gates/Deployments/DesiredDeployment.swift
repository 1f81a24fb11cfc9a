public import Access
public import Domain
public import Encoding

/// What a deployment is to be; whatever is not said of it stays as it is.
@dynamicMemberLookup
public struct DesiredDeployment: Equatable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "desired.malformed"

  /// Who answers.
  public enum Traffic: Hashable, Sendable {
    /// The newest version that nobody has rolled back from or revoked.
    case newest
    /// This version.
    case version(VersionNumber)
    /// Several, by shares that stay.
    case shares(StandingShares)
  }

  /// What it says.
  public struct Members: Equatable, Sendable {
    /// Who answers; nil for whom pushes and people bring.
    public var traffic: Traffic?
    /// The versions that are asked beside and answer nobody.
    public var shadows: [VersionNumber]?
    /// Which versions aliases name.
    public var aliases: [AliasName: VersionNumber] = [:]
    /// What is said of the model.
    public var facts = ModelFacts()
    /// How much it takes on at a time.
    public var limits: DeploymentLimits?
    /// What its access records hold.
    public var records = DesiredRecords()
    /// Whether live data are held against training.
    public var isWatched: Bool?
    /// Of how many of a million requests it is kept what the model says, for labels to come.
    public var feedbackMillionths: Int?
    /// How versions come into service: by steps or at once, never as planned.
    public var rollOut: RolloutManner?

    fileprivate init() {}
  }

  /// What it says, by reference: what is read is handed on as one that is small, or else compilers before LLVM's #214590 have its
  /// reader throw what nobody threw (`scripts/check-thrown`).
  private final class Contents: Sendable {
    let members: Members

    init(_ members: Members) { self.members = members }
  }

  private var contents: Contents

  /// Leaves everything as it is.
  public init() { contents = Contents(Members()) }

  /// A part of what it says.
  public subscript<Value>(dynamicMember path: WritableKeyPath<Members, Value>) -> Value {
    get { contents.members[keyPath: path] }
    set {
      var members = contents.members
      members[keyPath: path] = newValue
      contents = Contents(members)
    }
  }

  /// Whether both say the same.
  public static func == (one: DesiredDeployment, other: DesiredDeployment) -> Bool {
    one.contents.members == other.contents.members
  }

  /// The versions that it names, each once.
  public var versions: [VersionNumber] {
    var named = Set(self.aliases.values).union(self.shadows ?? [])
    switch self.traffic {
    case .version(let version): named.insert(version)
    case .shares(let shares): named.formUnion(shares.versions)
    case .newest, nil: break
    }
    return named.sorted()
  }

  /// Whether a version may come into service that nobody brings but its push.
  public func admits(_ version: VersionNumber) -> Bool {
    switch self.traffic {
    case .newest, nil: true
    case .version(let named): named == version
    case .shares: false
    }
  }

  /// Who is to answer, for people; nil where nothing is said of it.
  public var answeringWords: String? { self.traffic == .newest ? "the newest version" : pinnedWords }

  /// Who is to answer, for people; nil where it says nothing that holds a push back.
  public var pinnedWords: String? {
    switch self.traffic {
    case .newest, nil: nil
    case .version(let version): "version \(version)"
    case .shares(let shares): shares.words
    }
  }

  /// What it says as the registry, the ledger and the HTTP face carry it.
  public var json: JSON {
    var members: [String: JSON] = [:]
    switch self.traffic {
    case .newest: members["version"] = "newest"
    case .version(let version): members["version"] = JSON(version.value)
    case .shares(let shares): members["shares"] = shares.json
    case nil: break
    }
    members["shadows"] = self.shadows.map { .array($0.map { JSON($0.value) }) }
    if !self.aliases.isEmpty {
      var named: [String: JSON] = [:]
      for (alias, version) in self.aliases { named[alias.description] = JSON(version.value) }
      members["aliases"] = .object(named)
    }
    if self.facts != ModelFacts() { members["facts"] = self.facts.json }
    members["limits"] = self.limits.map { $0.json ?? [:] }
    if self.records != DesiredRecords() { members["records"] = self.records.json }
    members["watch"] = self.isWatched.map { $0 ? "on" : "off" }
    members["feedback"] = self.feedbackMillionths.map { JSON($0) }
    members["rollOut"] = self.rollOut?.json
    return .object(members)
  }

  /// Reads what `json` writes; throws `desired.malformed` and what the parts throw.
  public init(json: JSON) throws(Problem) {
    var members = Members()
    let fields = RecordFields(json, "desired deployment", code: Self.malformedCode)
    try fields.allow([
      "version", "shares", "shadows", "aliases", "facts", "limits", "records", "watch", "feedback",
      "rollOut",
    ])
    if fields.has("shares") {
      members.traffic = .shares(try StandingShares(json: try fields.value("shares")))
    } else if let version = json["version"]?.int.flatMap({ VersionNumber($0) }) {
      members.traffic = .version(version)
    } else if fields.has("version") {
      guard json["version"] == "newest" else { throw Self.malformed("version") }
      members.traffic = .newest
    }
    if fields.has("shadows") {
      let elements = (json["shadows"]?.array ?? []).prefix(Shadowing.versionLimit + 1)
      let versions = elements.compactMap { $0.int.flatMap { VersionNumber($0) } }
      guard versions.count == elements.count else { throw Self.malformed("shadows") }
      members.shadows = versions.isEmpty ? [] : try Shadowing(versions, tolerance: 0).versions
    }
    for (alias, version) in json["aliases"]?.object ?? [:] {
      guard let version = version.int.flatMap({ VersionNumber($0) }), members.aliases.count < Alias.limit
      else {
        throw Self.malformed("aliases")
      }
      members.aliases[try AliasName(parsing: alias)] = version
    }
    if fields.has("facts") { members.facts = try ModelFacts(json: try fields.value("facts")) }
    if fields.has("limits") { members.limits = try DeploymentLimits(json: json["limits"]) }
    if fields.has("records") { members.records = try DesiredRecords(json: try fields.value("records")) }
    switch json["watch"] {
    case nil, .null?: break
    case "on"?: members.isWatched = true
    case "off"?: members.isWatched = false
    default: throw Self.malformed("watch")
    }
    if fields.has("feedback") {
      members.feedbackMillionths = try DeploymentPolicy.feedbackMillionths(try fields.value("feedback"))
    }
    if fields.has("rollOut") { members.rollOut = try RolloutManner(json: json["rollOut"]) }
    contents = Contents(members)
  }

  private static func malformed(_ member: String) -> Problem {
    Problem(
      .badInput, malformedCode, "expected '\(member)' as a desired deployment has it, found another",
      position: "/\(member)")
  }
}

/// What the access records of a deployment are to hold; whatever is not said stays as it is.
public struct DesiredRecords: Equatable, Sendable {
  /// How many of a million requests have their rows and answers in their record.
  public var payloadMillionths: Int?
  /// The features and outputs whose values never stand in a record.
  public var masked: [String]?
  /// What becomes of predictions that no record can be written of.
  public var whenSpoolFull: RecordsPolicy.WhenSpoolFull?

  /// Leaves everything as it is.
  public init() {}

  /// What it says, over what there is; throws `records-policy.malformed`.
  public func over(_ present: RecordsPolicy) throws(Problem) -> RecordsPolicy {
    try RecordsPolicy(
      payloadMillionths: payloadMillionths ?? present.payloadMillionths, masked: masked ?? present.masked,
      whenSpoolFull: whenSpoolFull ?? present.whenSpoolFull)
  }

  /// What it says as an object.
  public var json: JSON {
    var members: [String: JSON] = [:]
    members["payloadMillionths"] = payloadMillionths.map { JSON($0) }
    members["masked"] = masked.map { .array($0.map { .string($0) }) }
    members["whenSpoolFull"] = whenSpoolFull.map { .string($0.rawValue) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `desired.malformed` and `records-policy.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "desired deployment's records", code: DesiredDeployment.malformedCode)
    try fields.allow(["payloadMillionths", "masked", "whenSpoolFull"])
    payloadMillionths = json["payloadMillionths"]?.int
    masked = fields.has("masked") ? try fields.texts("masked") : nil
    whenSpoolFull = try fields.word("whenSpoolFull", RecordsPolicy.WhenSpoolFull.self)
    _ = try over(.standard)
  }
}

/// What a deployment is to be, and who said so.
public struct DesiredRecord: Equatable, Sendable {
  /// What it is to be.
  public let desired: DesiredDeployment
  /// On whose behalf it comes to that.
  public let by: Principal
  /// The roles that they had on the model then.
  public let roles: Set<Role>
  /// When they said so.
  public let at: Timestamp
  /// The marks in spite of which versions may come into service: when each was made that was there by then.
  public let excused: [VersionNumber: Timestamp]

  /// How many marks may be excused: those of the newest versions.
  public static let excusedLimit = 100

  /// Records what is desired.
  public init(
    _ desired: DesiredDeployment, by principal: Principal, roles: Set<Role>, at moment: Timestamp,
    excused: [VersionNumber: Timestamp] = [:]
  ) {
    self.desired = desired
    by = principal
    self.roles = roles
    at = moment
    self.excused = excused
  }

  /// Whether a mark keeps its version away; the very one in spite of which somebody wanted it does not, whatever clocks say.
  public func heeds(_ mark: VersionMark) -> Bool { excused[mark.version.version] != mark.at }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "desired": desired.json, "by": .string(by.description), "at": .integer(at.milliseconds),
      "roles": .array(roles.map(\.rawValue).sorted().map { .string($0) }),
    ]
    if !excused.isEmpty {
      var marks: [String: JSON] = [:]
      for (version, moment) in excused { marks[version.description] = .integer(moment.milliseconds) }
      members["despiteMarks"] = .object(marks)
    }
    return .object(members)
  }

  /// Reads what `json` writes; throws `desired.malformed` and what the parts throw.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "record of what is desired", code: DesiredDeployment.malformedCode)
    try fields.allow(["desired", "by", "roles", "at", "despiteMarks"])
    var excused: [VersionNumber: Timestamp] = [:]
    for (name, moment) in json["despiteMarks"]?.object ?? [:] {
      guard let version = try? VersionNumber(parsing: name), let milliseconds = moment.integer,
        excused.count < Self.excusedLimit
      else {
        throw Problem(
          .badInput, DesiredDeployment.malformedCode,
          "expected at most \(Self.excusedLimit) versions and moments as 'despiteMarks', found others",
          position: "/despiteMarks")
      }
      excused[version] = Timestamp(milliseconds: milliseconds)
    }
    self.init(
      try DesiredDeployment(json: try fields.value("desired")), by: try fields.principal("by"),
      roles: Set(try fields.texts("roles").compactMap(Role.init(rawValue:))),
      at: try fields.requiredMoment("at"), excused: excused)
  }
}
