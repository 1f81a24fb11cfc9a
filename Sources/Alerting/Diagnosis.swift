public import Domain
public import Encoding

/// What is likely to be the matter with a deployment: the network in front of it, what serves it, the machine, keys, or the data that
/// come to it.
public struct Diagnosis: Equatable, Sendable {
  /// Where the cause lies.
  public enum Cause: String, Sendable, CaseIterable {
    /// Between callers and the data plane, or in the callers.
    case network
    /// A version, a policy, a process: what was changed here.
    case code
    /// What callers send.
    case data
    /// The machine, and how much comes at a time.
    case host
    /// Who may ask, and how often.
    case access
  }

  /// What speaks for a cause, and what to do about it.
  public struct Finding: Equatable, Sendable {
    /// Where the cause lies.
    public let cause: Cause
    /// How much speaks for it: the most first.
    public let weight: Int
    /// What it is, in one line.
    public let summary: String
    /// What says so, a line each.
    public let evidence: [String]
    /// What can be done, as commands.
    public let commands: [String]
    /// Where it is written what to do, by the rules of alerts in force.
    public var runbooks: [String] = []
  }

  /// What may be the matter, the likeliest first; empty where nothing is.
  public let findings: [Finding]
  /// What is as it was, a line each.
  public let same: [String]

  /// Whether nothing is known to be the matter.
  public var isWell: Bool { findings.isEmpty }

  /// The diagnosis as the HTTP face has it.
  public var json: JSON {
    [
      "well": .bool(isWell), "same": .array(same.map { .string($0) }),
      "findings": .array(
        findings.map { finding in
          [
            "cause": .string(finding.cause.rawValue), "weight": JSON(finding.weight),
            "summary": .string(finding.summary), "evidence": .array(finding.evidence.map { .string($0) }),
            "commands": .array(finding.commands.map { .string($0) }),
            "runbooks": .array(finding.runbooks.map { .string($0) }),
          ]
        }),
    ]
  }
}

/// All that a diagnosis is made of: what is known of a deployment in a span of time, and of the time before it.
public struct DiagnosisEvidence: Equatable, Sendable {
  /// Something that was changed.
  public struct Change: Equatable, Sendable {
    /// What kind of change it is.
    public enum Kind: String, Sendable {
      /// What answers is another version, or comes to be by steps.
      case version
      /// How it answers was set: limits, records, aliases.
      case setting
      /// The process that serves is another.
      case process
      /// A policy, or a key.
      case rule
    }

    /// When.
    public let at: Timestamp
    /// What kind of change it is.
    public let kind: Kind
    /// What was done, to what, by whom.
    public let words: String
    /// The number of its entry in the ledger.
    public let entry: Int

    /// States a change.
    public init(at: Timestamp, kind: Kind, words: String, entry: Int) {
      self.at = at
      self.kind = kind
      self.words = words
      self.entry = entry
    }
  }

  /// What came in a span of time.
  public struct Span: Equatable, Sendable {
    /// Of each version.
    public var versions: [VersionReference: Traffic]
    /// How long it was, in milliseconds.
    public var milliseconds: Int64
    /// Who came to no version: without a key in force, too often, or held back.
    public var turnedAway = CauseCounts()

    /// States what came.
    public init(versions: [VersionReference: Traffic], milliseconds: Int64) {
      self.versions = versions
      self.milliseconds = milliseconds
    }

    /// Of all versions together.
    public var all: Traffic { versions.values.reduce(Traffic(), +) }
    /// How many requests came a minute.
    public var perMinute: Double {
      milliseconds > 0 ? Double(all.requests) * 60_000 / Double(milliseconds) : 0
    }
  }

  /// Which deployment.
  public var deployment: ModelName
  /// The present moment.
  public var now: Timestamp
  /// Since when it is looked at.
  public var since: Timestamp
  /// The version that answers whoever names none.
  public var live: VersionReference
  /// What was changed since then, the newest first.
  public var changes: [Change] = []
  /// What came since then; nil where that was not looked at.
  public var recent: Span?
  /// What came in the time before, as long; nil where that was not looked at.
  public var before: Span?
  /// The columns of each version that are unlike those of training.
  public var drifting: [VersionReference: [String]] = [:]
  /// What is known of versions that are worse than they were, by labels.
  public var worse: [VersionReference: String] = [:]
  /// Requests that were refused for what their rows were, and rows that training had no room for, since then.
  public var strange: (refusedRequests: Int, rows: Int, of: Int) = (0, 0, 0)
  /// Since when the process that serves has been; nil where none answers.
  public var processSince: Timestamp?
  /// Whether a roll-out is under way.
  public var isRollingOut = false
  /// Since when anybody has counted what comes; nil where nobody has yet.
  public var knownSince: Timestamp?
  /// Since when requests have failed, to a minute or ten; nil where they do not, or it is not known.
  public var failingSince: Timestamp?
  /// Since when answers have been slow, as nearly.
  public var slowSince: Timestamp?
  /// Where it is written what to do about the conditions of alerts, by the rules in force.
  public var runbooks: [AlertRule: String] = [:]

  /// Knows nothing yet.
  public init(_ deployment: ModelName, live: VersionReference, since: Timestamp, now: Timestamp) {
    self.deployment = deployment
    self.live = live
    self.since = since
    self.now = now
  }

  /// Whether both say the same.
  public static func == (left: DiagnosisEvidence, right: DiagnosisEvidence) -> Bool {
    left.deployment == right.deployment && left.now == right.now && left.since == right.since
      && left.live == right.live && left.changes == right.changes && left.recent == right.recent
      && left.before == right.before && left.drifting == right.drifting && left.worse == right.worse
      && left.strange == right.strange
      && left.processSince == right.processSince && left.isRollingOut == right.isRollingOut
      && left.knownSince == right.knownSince && left.failingSince == right.failingSince
      && left.slowSince == right.slowSince && left.runbooks == right.runbooks
  }
}
