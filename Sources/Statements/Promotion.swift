public import Domain
import Encoding
public import Provenance

/// What one platform says of a version that another is to take over from it.
///
/// It is about the artifact, so that the other takes the same bytes, and takes them down its whole road: nothing here stands
/// for a gate of its own.
public struct Promotion: Equatable, Sendable {
  /// The type of the predicate.
  public static let predicateType = "urn:gatehouse:promotion:v1"
  /// Nobody needs more people to agree.
  private static let approvalLimit = 100

  /// The environment that it comes from.
  public let from: EnvironmentName
  /// The environment that it is for, and no other.
  public let to: EnvironmentName
  /// What it is where it comes from.
  public let version: VersionReference
  /// The artifact that it was made of.
  public let artifact: Digest
  /// Its bundle there.
  public let bundle: Digest
  /// The policy that admitted it there.
  public let policy: Digest
  /// When it was admitted there.
  public let admittedAt: Timestamp
  /// When it was promoted.
  public let promotedAt: Timestamp
  /// Who promoted it.
  public let promotedBy: Principal
  /// Who had pushed it there.
  public let author: Principal
  /// For how long it has been the live version there, in milliseconds.
  public let servedFor: Int64
  /// Who had said yes to it there.
  public let approvals: [Principal]
  /// Whether its tests held there; nil where it had none.
  public let isTested: Bool?

  /// States a promotion.
  public init(
    from: EnvironmentName, to: EnvironmentName, version: ModelVersion, promotedAt: Timestamp,
    promotedBy: Principal, servedFor: Int64, approvals: [Principal], isTested: Bool?
  ) {
    self.from = from
    self.to = to
    self.version = version.reference
    artifact = version.artifact
    bundle = version.bundle
    policy = version.policy
    admittedAt = version.admittedAt
    author = version.pushedBy
    self.promotedAt = promotedAt
    self.promotedBy = promotedBy
    self.servedFor = max(0, servedFor)
    self.approvals = Array(approvals.prefix(Self.approvalLimit))
    self.isTested = isTested
  }

  /// The statement that is signed.
  public var statement: Statement {
    Statement(
      about: [
        Statement.Subject(name: "artifact", digest: artifact),
        Statement.Subject(name: "bundle", digest: bundle),
      ],
      predicateType: Self.predicateType,
      predicate: [
        "from": .string(from.description), "to": .string(to.description),
        "version": .string(version.description),
        "policy": ["sha256": .string(policy.hexadecimal)],
        "admittedAt": .string(admittedAt.description), "promotedAt": .string(promotedAt.description),
        "promotedBy": .string(promotedBy.description), "author": .string(author.description),
        "servedMilliseconds": .integer(servedFor),
        "approvals": .array(approvals.map { .string($0.description) }),
        "tests": isTested.map { .string($0 ? "PASSED" : "FAILED") } ?? .null,
      ])
  }

  /// Reads what `statement` says; throws `promotion.malformed` where it says something else.
  public init(_ statement: Statement) throws(Problem) {
    guard statement.predicateType == Self.predicateType else {
      throw Self.malformed(
        "a statement of a promotion", "one of '\(statement.predicateType.excerpt(80))'", "/predicateType")
    }
    let predicate = statement.predicate
    let fields = RecordFields(predicate, "promotion", code: Self.code)
    try fields.allow([
      "from", "to", "version", "policy", "admittedAt", "promotedAt", "promotedBy", "author",
      "servedMilliseconds",
      "approvals", "tests",
    ])
    func subject(_ name: String) throws(Problem) -> Digest {
      let found = statement.subjects.filter { $0.name == name }
      guard let only = found.first, found.count == 1 else {
        throw Self.malformed("one subject called '\(name)'", "\(found.count)", "/subject")
      }
      return only.digest
    }
    func moment(_ name: String) throws(Problem) -> Timestamp {
      let text = try fields.text(name)
      guard let moment = try? Timestamp(parsing: text), moment.description == text else {
        throw Self.malformed("a moment in UTC", "'\(text.excerpt(40))'", "/\(name)")
      }
      return moment
    }
    (artifact, bundle) = (try subject("artifact"), try subject("bundle"))
    from = try EnvironmentName(parsing: fields.text("from"))
    to = try EnvironmentName(parsing: fields.text("to"))
    version = try fields.version("version")
    guard let digits = predicate["policy"]?["sha256"]?.string, let digest = Digest(hexadecimal: digits) else {
      throw Self.malformed("the SHA-256 of a policy", "none", "/policy")
    }
    policy = digest
    (admittedAt, promotedAt) = (try moment("admittedAt"), try moment("promotedAt"))
    (promotedBy, author) = (try fields.principal("promotedBy"), try fields.principal("author"))
    guard let served = predicate["servedMilliseconds"]?.integer, served >= 0 else {
      throw Self.malformed("milliseconds from 0 on", "none", "/servedMilliseconds")
    }
    servedFor = served
    let names = try fields.texts("approvals")
    approvals = names.compactMap(Principal.init(parsing:))
    guard approvals.count == names.count, names.count <= Self.approvalLimit else {
      throw Self.malformed("at most \(Self.approvalLimit) principals", "\(names.count) texts", "/approvals")
    }
    switch predicate["tests"] {
    case .string("PASSED"): isTested = true
    case .string("FAILED"): isTested = false
    case nil, .null?: isTested = nil
    default: throw Self.malformed("'PASSED', 'FAILED' or null", "another value", "/tests")
    }
  }

  private static let code = "promotion.malformed"

  private static func malformed(_ expected: String, _ found: String, _ place: String) -> Problem {
    Problem(.badInput, code, "expected \(expected), found \(found)", position: place)
  }
}
