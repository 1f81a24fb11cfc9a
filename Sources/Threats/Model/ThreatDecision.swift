public import Domain
public import Encoding
import Provenance

/// What somebody decided of an open threat of a model.
///
/// It counts for the facts that it was made under: where one that the threat depends on is another, the threat is open again.
public struct ThreatDecision: Equatable, Sendable {
  /// What becomes of the threat.
  public enum Choice: String, Sendable, CaseIterable {
    /// It is borne.
    case accept
    /// Something is done against it by the end of the decision.
    case mitigate
    /// Somebody else bears it: a customer, an insurance.
    case transfer
  }

  /// The version that was looked at.
  public let version: VersionReference
  /// Which threat.
  public let threat: ThreatID
  /// What becomes of it.
  public let choice: Choice
  /// Who answers for that.
  public let owner: Principal
  /// Who decided.
  public let by: Principal
  /// Whether whoever decided may decide only on what others have made.
  public let othersOnly: Bool
  /// The facts that the threat depended on, by their words, as far as decisions are bound to them.
  public let facts: [String: JSON]
  /// What finds the reason that was given.
  public let remark: Digest
  /// From when on it no longer counts; nil where it has no end.
  public let until: Timestamp?
  /// When it was made.
  public let at: Timestamp

  /// Records a decision.
  public init(
    version: VersionReference, threat: ThreatID, choice: Choice, owner: Principal, by: Principal,
    othersOnly: Bool = false, facts: [String: JSON], remark: Digest, until: Timestamp?, at: Timestamp
  ) {
    self.othersOnly = othersOnly
    self.version = version
    self.threat = threat
    self.choice = choice
    self.owner = owner
    self.by = by
    self.facts = facts
    self.remark = remark
    self.until = until
    self.at = at
  }

  /// Whether it counts for what somebody has made.
  public func counts(forWorkOf author: Principal) -> Bool { !othersOnly || by != author }

  /// The digest of what it is bound to.
  public var basis: Digest { Self.basis(of: threat, facts) }

  /// The SHA-256 of a threat's id and of the facts that it depends on, in canonical JSON.
  static func basis(of threat: ThreatID, _ facts: [String: JSON]) -> Digest {
    let bound: JSON = ["threat": .string(threat.description), "facts": .object(facts)]
    return Digest(of: bound.canonicalBytes)
  }

  /// The decision as the ledger, the bundle and the HTTP face carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "threat": .string(threat.description),
      "choice": .string(choice.rawValue), "owner": .string(owner.description), "by": .string(by.description),
      "othersOnly": .bool(othersOnly),
      "facts": .object(facts), "basis": .string(basis.description), "remark": .string(remark.description),
      "until": until.map { .integer($0.milliseconds) } ?? .null, "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `threat-decision.malformed`, `threat.unknown`, or the problem of a name in it.
  public init(json: JSON) throws(Problem) {
    let code = "threat-decision.malformed"
    let fields = RecordFields(json, "decision", code: code)
    try fields.allow([
      "version", "threat", "choice", "owner", "by", "othersOnly", "facts", "basis", "remark", "until", "at",
    ])
    guard let choice = try fields.word("choice", Choice.self) else {
      throw Problem(.badInput, code, "expected what becomes of the threat as 'choice', found nothing")
    }
    guard let facts = try fields.value("facts").object,
      facts.keys.allSatisfy({ ThreatFact(rawValue: $0) != nil })
    else { throw Problem(.badInput, code, "expected facts of a threat as 'facts', found others") }
    self.init(
      version: try fields.version("version"), threat: try ThreatID(parsing: fields.text("threat")),
      choice: choice, owner: try fields.principal("owner"), by: try fields.principal("by"),
      othersOnly: try fields.flag("othersOnly"), facts: facts,
      remark: try fields.digest("remark"), until: try fields.moment("until"),
      at: try fields.requiredMoment("at"))
    guard try fields.digest("basis") == basis else {
      throw Problem(
        .badInput, code, "expected the digest of the facts as 'basis', found another", position: "/basis")
    }
  }
}
