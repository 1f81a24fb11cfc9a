public import Domain
public import Encoding
import Provenance

/// What an alert is about: the same thing has one alert at a time.
public struct AlertSource: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Which condition.
  public let rule: AlertRule
  /// Of which deployment; nil where it is about the platform.
  public let deployment: ModelName?
  /// What of it, in one line: a version, a webhook; the deployment itself where there is no more to say.
  public let subject: String

  /// Names a source.
  public init(_ rule: AlertRule, of deployment: ModelName?, _ subject: String) {
    self.rule = rule
    self.deployment = deployment
    self.subject = subject
  }

  /// The rule, and what it is about.
  public var description: String { "\(rule.rawValue) \(subject)" }

  /// By what they are about, then by rule.
  public static func < (left: AlertSource, right: AlertSource) -> Bool {
    (left.subject, left.rule) < (right.subject, right.rule)
  }
}

/// What was measured of a source: how far it is from its line.
public struct AlertMeasurement: Equatable, Sendable {
  /// What it is of.
  public let source: AlertSource
  /// The value, as the rule's lines are.
  public let value: Double
  /// The figures for a person, in one line: numbers and names of columns, no value of anybody's data.
  public let figures: String
  /// How many requests it was measured of; nil where that says nothing.
  public let requests: Int?

  /// States what was measured.
  public init(_ source: AlertSource, _ value: Double, _ figures: String, requests: Int? = nil) {
    self.source = source
    self.value = value
    self.figures = figures
    self.requests = requests
  }
}

/// What there is to tell of an alert.
public enum AlertNews: String, Sendable, CaseIterable {
  /// It began.
  case began
  /// Somebody has taken it on.
  case acknowledged
  /// It is over.
  case ended
}

/// An alert as it is kept: one that stands, or one that is over.
public struct AlertRecord: Equatable, Sendable {
  /// Who has taken an alert on.
  public struct Acknowledgement: Equatable, Sendable {
    /// Who.
    public let by: Principal
    /// When.
    public let at: Timestamp

    /// States who has taken an alert on.
    public init(by: Principal, at: Timestamp) {
      self.by = by
      self.at = at
    }
  }

  /// What tells it from all others, 24 digits: the same where it is found again after a crash.
  public let id: String
  /// What it is about.
  public let source: AlertSource
  /// How soon somebody has to look, by the rules of when it began.
  public let severity: AlertSeverity
  /// Where it was written, when it began, what to do.
  public let runbook: String?
  /// When it began.
  public let began: Timestamp
  /// When it was measured last that it stands, to a minute.
  public var seen: Timestamp
  /// When it ended; nil while it stands.
  public var ended: Timestamp?
  /// The figures that it was measured by last, or why it ended.
  public var figures: String
  /// Who has taken it on; nil where nobody has.
  public var acknowledgement: Acknowledgement?

  /// Puts a kept alert together.
  public init(
    id: String, source: AlertSource, severity: AlertSeverity, runbook: String?, began: Timestamp,
    seen: Timestamp, ended: Timestamp?, figures: String, acknowledgement: Acknowledgement? = nil
  ) {
    self.id = id
    self.source = source
    self.severity = severity
    self.runbook = runbook
    self.began = began
    self.seen = seen
    self.ended = ended
    self.figures = figures
    self.acknowledgement = acknowledgement
  }

  /// An alert that begins.
  init(_ measurement: AlertMeasurement, by terms: AlertTerms, at now: Timestamp) {
    let source = measurement.source
    let words = [
      source.rule.rawValue, source.deployment?.description ?? "", source.subject, "\(now.milliseconds)",
    ]
    let digest = Digest(of: Array(words.joined(separator: "\n").utf8))
    self.init(
      id: String(digest.hexadecimal.prefix(24)), source: source, severity: terms.severity,
      runbook: terms.runbook, began: now, seen: now, ended: nil, figures: measurement.figures)
  }

  /// Whether it stands.
  public var isStanding: Bool { ended == nil }

  /// The alert in one line: what is the matter with what.
  public var summary: String { "\(source.subject): \(source.rule.summary)" }

  /// The alert as the HTTP face has it.
  public var json: JSON {
    [
      "id": .string(id), "rule": .string(source.rule.rawValue), "severity": .string(severity.rawValue),
      "deployment": source.deployment.map { .string($0.description) } ?? .null,
      "subject": .string(source.subject), "summary": .string(summary), "figures": .string(figures),
      "began": .string(began.description), "seen": .string(seen.description),
      "ended": ended.map { .string($0.description) } ?? .null,
      "runbook": runbook.map { .string($0) } ?? .null,
      "acknowledgedBy": acknowledgement.map { .string($0.by.description) } ?? .null,
      "acknowledgedAt": acknowledgement.map { .string($0.at.description) } ?? .null,
    ]
  }
}
