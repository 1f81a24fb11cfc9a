public import Domain
public import Encoding
import Rollouts
public import Threats

/// One thing that is known of what must hold and who agreed, as a store keeps it.
public struct GovernanceRecord: Hashable, Sendable {
  /// What kind of thing it is.
  public enum Kind: String, Sendable, CaseIterable {
    /// What an organisation says of a model; by the model's name.
    case facts
    /// A proposed policy; by its digest.
    case proposal
    /// A policy that came into force; by when and its digest, so that they are in order.
    case policy
    /// Somebody's yes or no; by the version and who.
    case approval
    /// A version that waits for its gates; by the version.
    case waiting
    /// How the tests of a version went; by the version.
    case tests
    /// Whom the platform tells what happens; by its id.
    case webhook
    /// Who is asked to cosign checkpoints; by its name.
    case witness
    /// What somebody decided of a threat; by the model, the threat and the facts that it depended on.
    case threat
    /// The threats of a version as they were when it was made; by the version.
    case threatModel = "threat-model"
    /// The advisories that are in force; there is one record of them.
    case advisories
    /// What a deployment served before and can go back to; by its name.
    case formers
    /// That a version was rolled back from; by the version.
    case mark
    /// The roll-out by steps that is under way; by the deployment's name.
    case rollout
    /// The last one that is over; by the deployment's name.
    case endedRollout = "ended-rollout"
    /// By which steps versions of a deployment come into service; by its name.
    case rolloutTerms = "rollout-terms"
    /// When processes are replaced, which window was missed last, and what was done last.
    case repaveSchedule = "repave-schedule"
    /// What the training data of a version looked like; by the version.
    case reference
    /// How versions share a deployment while no roll-out is under way; by its name.
    case sharing
    /// What a deployment is to be, and who said so; by its name.
    case desired
    /// Who is told of alerts; by its name.
    case alertReceiver = "alert-receiver"
    /// Of which alerts nobody is told for a while; by its id.
    case silence
    /// The rules of alerts that are in force; there is one record of them.
    case alertRules = "alert-rules"
    /// What the platform is there for; there is one record of it.
    case environment
    /// That a version was promoted, and from where; by the version.
    case promotion
  }

  /// What kind of thing it is.
  public let kind: Kind
  /// What tells it from others of its kind.
  public let id: String
  /// All of it.
  public let value: JSON

  /// States a record.
  public init(kind: Kind, id: String, value: JSON) {
    self.kind = kind
    self.id = id
    self.value = value
  }

  /// Whether both are the same bytes: a number that is whole is one, however it is kept.
  public static func == (left: GovernanceRecord, right: GovernanceRecord) -> Bool {
    left.kind == right.kind && left.id == right.id
      && left.value.canonicalBytes == right.value.canonicalBytes
  }

  /// Hashes what tells it from others.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(id)
  }
}

/// One change of what must hold and who agreed.
public enum GovernanceChange: Equatable, Sendable {
  /// What is said of a model is this from now on.
  case setFacts(ModelFacts, of: ModelName, at: Timestamp)
  /// A policy is proposed.
  case propose(PolicyProposal)
  /// A proposal is off the table.
  case withdraw(Digest, at: Timestamp)
  /// A policy is in force from now on.
  case apply(AppliedPolicy)
  /// Somebody said yes or no.
  case approve(ApprovalRecord)
  /// A version waits for its gates.
  case wait(WaitingRelease)
  /// The tests of a version went so.
  case test(TestRecord)
  /// A version waits no more.
  case endWait(VersionReference, at: Timestamp)
  /// Whom the platform tells, or asks to cosign, is another.
  case relay(RelayChange)
  /// Somebody decided what becomes of a threat.
  case decideThreat(ThreatDecision)
  /// The threats of a version were written down: the digest of the document, which is a blob.
  case stateThreats(Digest, of: VersionReference, at: Timestamp)
  /// These advisories are in force from now on.
  case importAdvisories(ImportedAdvisories)
  /// A deployment can go back to these.
  case keepFormers(FormerVersions, of: ModelName, at: Timestamp)
  /// A version was rolled back from.
  case mark(VersionMark)
  /// A version that was rolled back from came into service again.
  case unmark(VersionReference, at: Timestamp)
  /// A roll-out by steps is there now.
  case setRollout(RolloutRecord, at: Timestamp)
  /// Versions of a deployment come into service by these steps from now on; nil for at once.
  case setRolloutTerms(RolloutTerms?, of: ModelName, at: Timestamp)
  /// When processes are replaced is another, or one was.
  case repave(RepaveChange)
  /// What the training data of a version looked like is in this blob.
  case stateReference(Digest, of: VersionReference, at: Timestamp)
  /// Versions share a deployment so from now on; nil for no more.
  case setShares(SharingRecord?, of: ModelName, at: Timestamp)
  /// A deployment is to be this from now on; nil for as it is.
  case setDesired(DesiredRecord?, of: ModelName, at: Timestamp)
  /// What people are told of, or who is, is another.
  case alerting(AlertingChange)
  /// Where the platform stands between others is another, or what came from them.
  case promotion(PromotionChange)

  /// When it was made.
  public var moment: Timestamp {
    switch self {
    case .setFacts(_, _, let at), .withdraw(_, let at), .endWait(_, let at), .stateThreats(_, _, let at),
      .keepFormers(_, _, let at), .unmark(_, let at), .setRollout(_, let at), .setRolloutTerms(_, _, let at),
      .stateReference(_, _, let at), .setShares(_, _, let at), .setDesired(_, _, let at):
      at
    case .mark(let mark): mark.at
    case .repave(let change): change.moment
    case .alerting(let change): change.moment
    case .promotion(let change): change.moment
    case .decideThreat(let decision): decision.at
    case .propose(let proposal): proposal.since
    case .apply(let policy): policy.since
    case .approve(let approval): approval.at
    case .wait(let release): release.since
    case .test(let record): record.at
    case .relay(let change): change.moment
    case .importAdvisories(let imported): imported.at
    }
  }

  /// What it does to the records: puts one in its place, or takes one away that has to be there.
  public var effects: [Effect] {
    switch self {
    case .setFacts(let facts, let model, _):
      [.put(GovernanceRecord(kind: .facts, id: model.description, value: facts.json))]
    case .propose(let proposal):
      [.put(GovernanceRecord(kind: .proposal, id: proposal.digest.description, value: proposal.json))]
    case .withdraw(let digest, _): [.remove(.proposal, id: digest.description)]
    case .apply(let policy):
      [.put(GovernanceRecord(kind: .policy, id: Self.id(of: policy), value: policy.json))]
    case .approve(let approval):
      [
        .put(
          GovernanceRecord(kind: .approval, id: "\(approval.version) \(approval.by)", value: approval.json))
      ]
    case .wait(let release):
      [.put(GovernanceRecord(kind: .waiting, id: release.version.description, value: release.json))]
    case .test(let record):
      [.put(GovernanceRecord(kind: .tests, id: record.version.description, value: record.json))]
    case .endWait(let version, _): [.remove(.waiting, id: version.description)]
    case .relay(let change): [change.effect]
    case .decideThreat(let decision):
      // One for each set of facts: what was decided of another version stays as it is.
      [
        .put(
          GovernanceRecord(
            kind: .threat, id: "\(decision.version.name) \(decision.threat) \(decision.basis)",
            value: decision.json))
      ]
    case .stateThreats(let document, let version, _):
      [
        .put(
          GovernanceRecord(
            kind: .threatModel, id: version.description, value: .string(document.description)))
      ]
    case .importAdvisories(let imported):
      [.put(GovernanceRecord(kind: .advisories, id: "in-force", value: imported.json))]
    case .keepFormers(let formers, let name, _):
      [.put(GovernanceRecord(kind: .formers, id: name.description, value: formers.json))]
    case .mark(let mark):
      [.put(GovernanceRecord(kind: .mark, id: mark.version.description, value: mark.json))]
    case .unmark(let version, _): [.remove(.mark, id: version.description)]
    case .setRollout(let record, _): record.effects
    case .setRolloutTerms(let terms?, let name, _):
      [.put(GovernanceRecord(kind: .rolloutTerms, id: name.description, value: terms.json))]
    case .setRolloutTerms(nil, let name, _): [.remove(.rolloutTerms, id: name.description)]
    case .repave(let change): [change.effect]
    case .alerting(let change): [change.effect]
    case .promotion(let change): [change.effect]
    case .stateReference(let reference, let version, _):
      [
        .put(
          GovernanceRecord(kind: .reference, id: version.description, value: .string(reference.description)))
      ]
    case .setShares(let record?, let name, _):
      [.put(GovernanceRecord(kind: .sharing, id: name.description, value: record.json))]
    case .setShares(nil, let name, _): [.remove(.sharing, id: name.description)]
    case .setDesired(let record?, let name, _):
      [.put(GovernanceRecord(kind: .desired, id: name.description, value: record.json))]
    case .setDesired(nil, let name, _): [.remove(.desired, id: name.description)]
    }
  }

  /// What a change does to one record.
  public enum Effect: Equatable, Sendable {
    case put(GovernanceRecord)
    case remove(GovernanceRecord.Kind, id: String)
  }

  /// In the order of time as text, up to the year 2286.
  private static func id(of policy: AppliedPolicy) -> String {
    let moment = String(max(0, policy.since.milliseconds))
    return "\(String(repeating: "0", count: max(0, 13 - moment.count)))\(moment) \(policy.digest)"
  }

  /// The change as an entry of the ledger carries it.
  public var json: JSON {
    var members: [String: JSON]
    switch self {
    case .setFacts(let facts, let model, _):
      members = ["change": "set-facts", "name": .string(model.description), "facts": facts.json]
    case .propose(let proposal): members = ["change": "propose-policy", "proposal": proposal.json]
    case .withdraw(let digest, _):
      members = ["change": "withdraw-policy", "digest": .string(digest.description)]
    case .apply(let policy): members = ["change": "apply-policy", "policy": policy.json]
    case .approve(let approval): members = ["change": "approve", "approval": approval.json]
    case .wait(let release): members = ["change": "wait", "release": release.json]
    case .test(let record): members = ["change": "test", "record": record.json]
    case .endWait(let version, _): members = ["change": "end-wait", "version": .string(version.description)]
    case .relay(let change): members = change.members
    case .decideThreat(let decision): members = ["change": "decide-threat", "decision": decision.json]
    case .stateThreats(let document, let version, _):
      members = [
        "change": "state-threats", "document": .string(document.description),
        "version": .string(version.description),
      ]
    case .importAdvisories(let imported):
      members = ["change": "import-advisories", "imported": imported.json]
    case .keepFormers(let formers, let name, _):
      members = ["change": "keep-formers", "name": .string(name.description), "formers": formers.json]
    case .mark(let mark): members = ["change": "mark", "mark": mark.json]
    case .unmark(let version, _): members = ["change": "unmark", "version": .string(version.description)]
    case .setRollout(let record, _): members = ["change": "set-rollout", "rollout": record.json]
    case .setRolloutTerms(let terms, let name, _):
      members = [
        "change": "set-rollout-terms", "name": .string(name.description), "terms": terms?.json ?? .null,
      ]
    case .repave(let change): members = change.members
    case .alerting(let change): members = change.members
    case .promotion(let change): members = change.members
    case .stateReference(let reference, let version, _):
      members = [
        "change": "state-reference", "reference": .string(reference.description),
        "version": .string(version.description),
      ]
    case .setShares(let record, let name, _):
      members = [
        "change": "set-shares", "name": .string(name.description), "sharing": record?.json ?? .null,
      ]
    case .setDesired(let record, let name, _):
      members = [
        "change": "set-desired", "name": .string(name.description), "desired": record?.json ?? .null,
      ]
    }
    members["at"] = .integer(moment.milliseconds)
    return .object(members)
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    // By their bytes: a number that is whole is one, however it is kept.
    guard let change = try? Self(parsing: json), change.json.canonicalBytes == json.canonicalBytes else {
      return nil
    }
    self = change
  }

  private init?(parsing json: JSON) throws(Problem) {
    let fields = RecordFields(json, "change", code: "governance.malformed")
    let at = try fields.requiredMoment("at")
    switch try fields.text("change") {
    case "set-facts":
      self = .setFacts(
        try ModelFacts(json: fields.value("facts")), of: try ModelName(parsing: fields.text("name")), at: at)
    case "propose-policy": self = .propose(try PolicyProposal(json: fields.value("proposal")))
    case "withdraw-policy": self = .withdraw(try fields.digest("digest"), at: at)
    case "apply-policy": self = .apply(try AppliedPolicy(json: fields.value("policy")))
    case "approve": self = .approve(try ApprovalRecord(json: fields.value("approval")))
    case "wait": self = .wait(try WaitingRelease(json: fields.value("release")))
    case "test": self = .test(try TestRecord(json: fields.value("record")))
    case "end-wait": self = .endWait(try fields.version("version"), at: at)
    case "decide-threat": self = .decideThreat(try ThreatDecision(json: fields.value("decision")))
    case "state-threats":
      self = .stateThreats(try fields.digest("document"), of: try fields.version("version"), at: at)
    case "keep-formers":
      self = .keepFormers(
        try FormerVersions(json: fields.value("formers")), of: try ModelName(parsing: fields.text("name")),
        at: at)
    case "mark": self = .mark(try VersionMark(json: fields.value("mark")))
    case "unmark": self = .unmark(try fields.version("version"), at: at)
    case "set-rollout":
      self = .setRollout(try RolloutRecord(json: fields.value("rollout")), at: at)
    case "set-rollout-terms":
      self = .setRolloutTerms(
        fields.has("terms") ? try RolloutTerms(json: fields.value("terms")) : nil,
        of: try ModelName(parsing: fields.text("name")), at: at)
    case "set-shares":
      self = .setShares(
        fields.has("sharing") ? try SharingRecord(json: fields.value("sharing")) : nil,
        of: try ModelName(parsing: fields.text("name")), at: at)
    case "set-desired":
      self = .setDesired(
        fields.has("desired") ? try DesiredRecord(json: fields.value("desired")) : nil,
        of: try ModelName(parsing: fields.text("name")), at: at)
    case "state-reference":
      self = .stateReference(try fields.digest("reference"), of: try fields.version("version"), at: at)
    case "import-advisories": self = .importAdvisories(try ImportedAdvisories(json: fields.value("imported")))
    case let name:
      if let change = try RelayChange(name, fields, at: at) {
        self = .relay(change)
      } else if let change = try AlertingChange(name, fields, at: at) {
        self = .alerting(change)
      } else if let change = try PromotionChange(name, fields, at: at) {
        self = .promotion(change)
      } else {
        guard let change = try RepaveChange(name, fields, at: at) else { return nil }
        self = .repave(change)
      }
    }
  }
}

/// What must hold and who agreed, as the sum of all changes of it.
public struct GovernanceState: Equatable, Sendable {
  private struct Place: Hashable {
    let kind: GovernanceRecord.Kind
    let id: String
  }

  private var known: [Place: GovernanceRecord] = [:]

  /// Knows nothing.
  public init() {}

  /// All that is known, in no order.
  public var records: [GovernanceRecord] { Array(known.values) }

  /// The records of a kind whose ids begin so, by id.
  public func records(_ kind: GovernanceRecord.Kind, startingWith prefix: String = "") -> [GovernanceRecord] {
    known.values.filter { $0.kind == kind && $0.id.utf8.starts(with: prefix.utf8) }.sorted { $0.id < $1.id }
  }

  /// Makes one change; throws `registry.conflict` for the end of what is not there.
  public mutating func apply(_ change: GovernanceChange) throws(Problem) {
    for effect in change.effects {
      switch effect {
      case .put(let record): known[Place(kind: record.kind, id: record.id)] = record
      case .remove(let kind, let id):
        guard known.removeValue(forKey: Place(kind: kind, id: id)) != nil else {
          throw Self.missing(kind, id)
        }
      }
    }
  }

  /// Why a change cannot be made that ends what is not there.
  public static func missing(_ kind: GovernanceRecord.Kind, _ id: String) -> Problem {
    Problem(
      .conflict, "registry.conflict",
      "expected a record of '\(kind.rawValue)' that exists, found '\(id.excerpt(80))'",
      subject: id.excerpt(120))
  }
}
