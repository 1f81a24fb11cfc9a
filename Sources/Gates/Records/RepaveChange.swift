public import Domain
public import Encoding

/// One change of when processes are replaced, and what became of it.
public enum RepaveChange: Equatable, Sendable {
  /// Processes are replaced by this from now on.
  case schedule(RepaveSchedule)
  /// They are not any more.
  case end(at: Timestamp)
  /// A window closed at a moment, and the process that was to be replaced in it was not.
  case missed(Timestamp, at: Timestamp)
  /// One was replaced: what there is to say of both.
  case repaved(JSON, at: Timestamp)
  /// What was done about processes that did not answer, or not right, is this from now on.
  case supervised(SupervisionRecord, at: Timestamp)

  /// The record of what is in force.
  public static let inForce = "in-force"
  /// The record of the window that was missed last.
  public static let missedID = "missed"
  /// The record of the last repave.
  public static let last = "last"
  /// The record of what was done about processes that did not answer, or not right.
  public static let supervision = "supervision"

  /// When it was made.
  var moment: Timestamp {
    switch self {
    case .schedule(let schedule): schedule.since
    case .end(let at), .missed(_, let at), .repaved(_, let at), .supervised(_, let at): at
    }
  }

  /// What it does to the records.
  var effect: GovernanceChange.Effect {
    switch self {
    case .schedule(let schedule):
      .put(GovernanceRecord(kind: .repaveSchedule, id: Self.inForce, value: schedule.json))
    case .end: .remove(.repaveSchedule, id: Self.inForce)
    case .missed(let end, _):
      .put(GovernanceRecord(kind: .repaveSchedule, id: Self.missedID, value: .integer(end.milliseconds)))
    case .repaved(let said, let at):
      .put(
        GovernanceRecord(
          kind: .repaveSchedule, id: Self.last, value: ["at": .integer(at.milliseconds), "repave": said]))
    case .supervised(let record, _):
      .put(GovernanceRecord(kind: .repaveSchedule, id: Self.supervision, value: record.json))
    }
  }

  /// The members of the change as an entry of the ledger carries it.
  var members: [String: JSON] {
    switch self {
    case .schedule(let schedule): ["change": "schedule-repaves", "schedule": schedule.json]
    case .end: ["change": "end-repaves"]
    case .missed(let end, _): ["change": "miss-repave", "closed": .integer(end.milliseconds)]
    case .repaved(let said, _): ["change": "repave", "repave": said]
    case .supervised(let record, _): ["change": "supervise", "supervision": record.json]
    }
  }

  /// Reads what `members` writes; nil for a change of another name.
  init?(_ name: String, _ fields: RecordFields, at moment: Timestamp) throws(Problem) {
    switch name {
    case "schedule-repaves": self = .schedule(try RepaveSchedule(json: fields.value("schedule")))
    case "end-repaves": self = .end(at: moment)
    case "miss-repave": self = .missed(try fields.requiredMoment("closed"), at: moment)
    case "repave": self = .repaved(try fields.value("repave"), at: moment)
    case "supervise":
      self = .supervised(try SupervisionRecord(json: fields.value("supervision")), at: moment)
    default: return nil
    }
  }
}
