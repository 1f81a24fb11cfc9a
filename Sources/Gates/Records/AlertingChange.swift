public import Alerting
public import Domain
public import Encoding

/// Which rules of alerts are in force, and who applied them when; the file is a blob.
public struct AppliedAlertRules: Equatable, Sendable {
  /// The SHA-256 of the file.
  public let digest: Digest
  /// Who applied it.
  public let by: Principal
  /// When.
  public let at: Timestamp

  /// States what was applied.
  public init(digest: Digest, by: Principal, at: Timestamp) {
    self.digest = digest
    self.by = by
    self.at = at
  }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    [
      "digest": .string(digest.description), "by": .string(by.description), "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `alert-rules.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "record of alert rules", code: "alert-rules.malformed")
    try fields.allow(["digest", "by", "at"])
    self.init(
      digest: try fields.digest("digest"), by: try fields.principal("by"), at: try fields.requiredMoment("at")
    )
  }
}

/// One change of what people are told of, and who is.
public enum AlertingChange: Equatable, Sendable {
  /// Somebody is told of alerts from now on.
  case addReceiver(AlertReceiver)
  /// The receiver of this name is told no more.
  case removeReceiver(String, at: Timestamp)
  /// Nobody is told of some alerts for a while.
  case addSilence(Silence)
  /// The silence with this id is over.
  case endSilence(String, at: Timestamp)
  /// These rules are in force from now on.
  case applyRules(AppliedAlertRules)

  /// The record of the rules that are in force.
  public static let inForce = "in-force"

  /// When it was made.
  var moment: Timestamp {
    switch self {
    case .addReceiver(let receiver): receiver.since
    case .addSilence(let silence): silence.since
    case .applyRules(let rules): rules.at
    case .removeReceiver(_, let at), .endSilence(_, let at): at
    }
  }

  /// What it does to the records.
  var effect: GovernanceChange.Effect {
    switch self {
    case .addReceiver(let receiver):
      .put(GovernanceRecord(kind: .alertReceiver, id: receiver.name, value: receiver.json))
    case .removeReceiver(let name, _): .remove(.alertReceiver, id: name)
    case .addSilence(let silence):
      .put(GovernanceRecord(kind: .silence, id: silence.id, value: silence.json))
    case .endSilence(let id, _): .remove(.silence, id: id)
    case .applyRules(let rules):
      .put(GovernanceRecord(kind: .alertRules, id: Self.inForce, value: rules.json))
    }
  }

  /// The members of the change as an entry of the ledger carries it.
  var members: [String: JSON] {
    switch self {
    case .addReceiver(let receiver): ["change": "add-receiver", "receiver": receiver.json]
    case .removeReceiver(let name, _): ["change": "remove-receiver", "name": .string(name)]
    case .addSilence(let silence): ["change": "silence-alerts", "silence": silence.json]
    case .endSilence(let id, _): ["change": "end-silence", "id": .string(id)]
    case .applyRules(let rules): ["change": "apply-alert-rules", "rules": rules.json]
    }
  }

  /// Reads what `members` writes; nil for a change of another name.
  init?(_ name: String, _ fields: RecordFields, at moment: Timestamp) throws(Problem) {
    switch name {
    case "add-receiver": self = .addReceiver(try AlertReceiver(json: fields.value("receiver")))
    case "remove-receiver": self = .removeReceiver(try fields.text("name"), at: moment)
    case "silence-alerts": self = .addSilence(try Silence(json: fields.value("silence")))
    case "end-silence": self = .endSilence(try fields.text("id"), at: moment)
    case "apply-alert-rules": self = .applyRules(try AppliedAlertRules(json: fields.value("rules")))
    default: return nil
    }
  }
}
