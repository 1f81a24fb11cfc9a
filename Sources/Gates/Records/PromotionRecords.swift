public import Domain
public import Encoding

/// That a version was promoted: on whose word, and from where it came.
public struct PromotionRecord: Equatable, Sendable {
  /// The version here.
  public let version: VersionReference
  /// The signed statement of the platform that it came from; the blob is kept.
  public let statement: Digest
  /// The environment that it came from.
  public let from: EnvironmentName
  /// What it is there.
  public let source: VersionReference
  /// The hint of the key that signed the statement.
  public let key: String
  /// When it was promoted, by the clock of that platform.
  public let promotedAt: Timestamp
  /// For how long it had been the live version there, in milliseconds.
  public let servedFor: Int64
  /// When it was taken here.
  public let at: Timestamp

  /// Records a promotion.
  public init(
    version: VersionReference, statement: Digest, from: EnvironmentName, source: VersionReference,
    key: String,
    promotedAt: Timestamp, servedFor: Int64, at: Timestamp
  ) {
    self.version = version
    self.statement = statement
    self.from = from
    self.source = source
    self.key = key
    self.promotedAt = promotedAt
    self.servedFor = servedFor
    self.at = at
  }

  /// What gates go by.
  public var evidence: PromotionEvidence {
    PromotionEvidence(from: from, key: key, at: promotedAt, servedFor: servedFor)
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "statement": .string(statement.description),
      "from": .string(from.description), "source": .string(source.description), "key": .string(key),
      "promotedAt": .integer(promotedAt.milliseconds), "servedFor": .integer(servedFor),
      "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `promotion.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "promotion", code: "promotion.malformed")
    try fields.allow(["version", "statement", "from", "source", "key", "promotedAt", "servedFor", "at"])
    guard let servedFor = json["servedFor"]?.integer, servedFor >= 0 else {
      throw Problem(
        .badInput, "promotion.malformed", "expected milliseconds of a promotion, found none",
        position: "/servedFor")
    }
    self.init(
      version: try fields.version("version"), statement: try fields.digest("statement"),
      from: try EnvironmentName(parsing: fields.text("from")), source: try fields.version("source"),
      key: try fields.text("key"), promotedAt: try fields.requiredMoment("promotedAt"), servedFor: servedFor,
      at: try fields.requiredMoment("at"))
  }
}

/// One change of where a platform stands between others.
public enum PromotionChange: Equatable, Sendable {
  /// The platform is there for this, from now on and for good.
  case setEnvironment(EnvironmentName, at: Timestamp)
  /// A version was promoted.
  case promote(PromotionRecord)

  /// The record of what the platform is there for.
  public static let here = "here"

  /// When it was made.
  var moment: Timestamp {
    switch self {
    case .setEnvironment(_, let at): at
    case .promote(let record): record.at
    }
  }

  /// What it does to the records.
  var effect: GovernanceChange.Effect {
    switch self {
    case .setEnvironment(let name, _):
      .put(GovernanceRecord(kind: .environment, id: Self.here, value: .string(name.description)))
    case .promote(let record):
      .put(GovernanceRecord(kind: .promotion, id: record.version.description, value: record.json))
    }
  }

  /// The members of the change as an entry of the ledger carries it.
  var members: [String: JSON] {
    switch self {
    case .setEnvironment(let name, _):
      ["change": "set-environment", "environment": .string(name.description)]
    case .promote(let record): ["change": "promote", "promotion": record.json]
    }
  }

  /// Reads what `members` writes; nil where it is a change of another kind.
  init?(_ name: String, _ fields: RecordFields, at moment: Timestamp) throws(Problem) {
    switch name {
    case "set-environment":
      self = .setEnvironment(try EnvironmentName(parsing: fields.text("environment")), at: moment)
    case "promote": self = .promote(try PromotionRecord(json: fields.value("promotion")))
    default: return nil
    }
  }
}
