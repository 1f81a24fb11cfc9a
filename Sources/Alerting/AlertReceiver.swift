public import Domain
public import Encoding

/// What a receiver of alerts speaks.
public enum ReceiverKind: String, Sendable, CaseIterable {
  /// Prometheus Alertmanager, by its API v2.
  case alertmanager
  /// PagerDuty, by its Events API v2.
  case pagerduty
  /// Anybody: a signed message, as Standard Webhooks has it.
  case webhook
}

/// Who is told of alerts, as registry and ledger have it: neither has the URL or the secret.
public struct AlertReceiver: Equatable, Sendable {
  /// The most receivers that there can be.
  public static let limit = 32
  /// The longest that one waits for somebody to acknowledge, in milliseconds.
  public static let longestAfter: Int64 = 7 * 86_400_000

  /// What it is called.
  public let name: String
  /// What it speaks.
  public let kind: ReceiverKind
  /// The host of its URL.
  public let host: String
  /// The SHA-256 of its secret and its URL: what binds what is kept of it elsewhere to the ledger.
  public let endpoint: Digest
  /// What it is told of; never empty.
  public let severities: Set<AlertSeverity>
  /// The deployments that it is told of; of what is about the platform, only who is told of all of them.
  public let deployments: NamePattern
  /// How long an alert has to have stood, with nobody acknowledging it, before it is told, in milliseconds; 0 for at once.
  public let after: Int64
  /// Whether it may be told over plain http.
  public let allowsHTTP: Bool
  /// Since when it is there.
  public let since: Timestamp

  /// States a receiver; throws `receiver.malformed`.
  public init(
    name: String, kind: ReceiverKind, host: String, endpoint: Digest,
    severities: Set<AlertSeverity> = Set(AlertSeverity.allCases), deployments: NamePattern = .any,
    after: Int64 = 0, allowsHTTP: Bool = false, since: Timestamp
  ) throws(Problem) {
    try Self.check(name: name)
    guard !severities.isEmpty else {
      throw Self.malformed("expected at least one severity, found none", "severities")
    }
    guard 0...Self.longestAfter ~= after else {
      throw Self.malformed("expected a wait of at most 7d, found \(AlertRule.span(after))", "after")
    }
    guard host.isOneLine(upTo: 253) else {
      throw Self.malformed("expected a host in one line, found another text", "host")
    }
    self.name = name
    self.kind = kind
    self.host = host
    self.endpoint = endpoint
    self.severities = severities
    self.deployments = deployments
    self.after = after
    self.allowsHTTP = allowsHTTP
    self.since = since
  }

  /// Throws `receiver.malformed` for what is no name of one.
  public static func check(name: String) throws(Problem) {
    let isAllowed = name.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") }
    guard 1...64 ~= name.utf8.count, isAllowed else {
      throw malformed(
        "expected a name of 1 to 64 lower-case letters, digits and '-', found '\(name.excerpt(40))'", "name")
    }
  }

  private static func malformed(_ message: String, _ member: String) -> Problem {
    Problem(.badInput, "receiver.malformed", message, position: "/\(member)")
  }

  /// Whether it is told of an alert at all, whenever.
  public func isMeant(for alert: AlertRecord) -> Bool {
    guard severities.contains(alert.severity) else { return false }
    guard let deployment = alert.source.deployment else { return deployments.description == "*" }
    return deployments.matches(deployment.description)
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "name": .string(name), "kind": .string(kind.rawValue), "host": .string(host),
      "endpoint": .string(endpoint.description),
      "severities": .array(severities.sorted().map { .string($0.rawValue) }),
      "deployments": .string(deployments.description), "after": .integer(after),
      "allowHTTP": .bool(allowsHTTP), "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `receiver.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "receiver", code: "receiver.malformed")
    guard let kind = try fields.word("kind", ReceiverKind.self) else {
      throw Self.malformed("expected a kind, found none", "kind")
    }
    try self.init(
      name: try fields.text("name"), kind: kind, host: try fields.text("host"),
      endpoint: try fields.digest("endpoint"), severities: try Self.severities(fields.texts("severities")),
      deployments: try NamePattern(parsing: fields.text("deployments", default: "*")),
      after: json["after"]?.integer ?? 0, allowsHTTP: try fields.flag("allowHTTP"),
      since: try fields.requiredMoment("since"))
  }

  /// The severities of these words, all of them for none; throws `receiver.malformed`.
  public static func severities(_ words: [String]) throws(Problem) -> Set<AlertSeverity> {
    guard !words.isEmpty else { return Set(AlertSeverity.allCases) }
    var severities: Set<AlertSeverity> = []
    for word in words {
      guard let severity = AlertSeverity(rawValue: word) else {
        throw malformed("expected page, ticket or info, found '\(word.excerpt(40))'", "severities")
      }
      severities.insert(severity)
    }
    return severities
  }
}

/// Of which alerts nobody is told for a while: they are written down all the same.
public struct Silence: Equatable, Sendable {
  /// The most silences that there can be at a time.
  public static let limit = 256
  /// The longest that one lasts, in milliseconds.
  public static let longest: Int64 = 30 * 86_400_000

  /// What tells it from others: twelve digits.
  public let id: String
  /// Of which rule; nil for all.
  public let rule: AlertRule?
  /// Of which deployments; what is about the platform is meant by `*` alone.
  public let deployments: NamePattern
  /// Until when.
  public let until: Timestamp
  /// Why, in one line.
  public let reason: String
  /// Who wanted it.
  public let by: Principal
  /// Since when.
  public let since: Timestamp

  /// States a silence; throws `silence.malformed`.
  public init(
    id: String, rule: AlertRule?, deployments: NamePattern, until: Timestamp, reason: String, by: Principal,
    since: Timestamp
  ) throws(Problem) {
    guard reason.isOneLine(upTo: 200) else {
      throw Self.malformed("expected a reason in one line of at most 200 bytes, found another", "reason")
    }
    let (length, isTooLong) = until.milliseconds.subtractingReportingOverflow(since.milliseconds)
    guard !isTooLong, 1...Self.longest ~= length else {
      throw Self.malformed("expected an end within 30 days, found \(until)", "until")
    }
    guard let bytes = Hexadecimal.decode(id), bytes.count == 6 else {
      throw Self.malformed("expected twelve digits as the id, found another text", "id")
    }
    self.id = id
    self.rule = rule
    self.deployments = deployments
    self.until = until
    self.reason = reason
    self.by = by
    self.since = since
  }

  private static func malformed(_ message: String, _ member: String) -> Problem {
    Problem(.badInput, "silence.malformed", message, position: "/\(member)")
  }

  /// Whether nobody is to be told of an alert at a moment.
  public func covers(_ alert: AlertRecord, at now: Timestamp) -> Bool {
    guard now < until, rule == nil || rule == alert.source.rule else { return false }
    guard let deployment = alert.source.deployment else { return deployments.description == "*" }
    return deployments.matches(deployment.description)
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "id": .string(id), "rule": rule.map { .string($0.rawValue) } ?? .null,
      "deployments": .string(deployments.description), "until": .integer(until.milliseconds),
      "reason": .string(reason), "by": .string(by.description), "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `silence.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "silence", code: "silence.malformed")
    try self.init(
      id: try fields.text("id"), rule: try fields.word("rule", AlertRule.self),
      deployments: try NamePattern(parsing: fields.text("deployments")),
      until: try fields.requiredMoment("until"), reason: try fields.text("reason"),
      by: try fields.principal("by"), since: try fields.requiredMoment("since"))
  }
}
