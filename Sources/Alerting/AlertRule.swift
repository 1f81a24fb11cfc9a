/// How soon somebody has to look.
public enum AlertSeverity: String, Sendable, CaseIterable, Comparable {
  /// At once, whatever the hour.
  case page
  /// In working hours.
  case ticket
  /// When there is time.
  case info

  /// The order of haste: what pages first.
  public static func < (left: AlertSeverity, right: AlertSeverity) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .page: 0
    case .ticket: 1
    case .info: 2
    }
  }
}

/// A condition that people are told of.
public enum AlertRule: String, Sendable, CaseIterable, Comparable {
  /// What is measured, and so in what its lines are written.
  public enum Measure: Sendable {
    /// It is so, or not.
    case fact
    /// A share of requests.
    case share
    /// A length of time, in milliseconds.
    case span
    /// A number of things.
    case count
  }

  /// No process answers for the data plane.
  case planeDown = "plane-down"
  /// The data plane's process does not answer where callers ask.
  case planeUnreachable = "plane-unreachable"
  /// Rows of its bundle's check in a row that a version did not answer right while it served.
  case probeFailed = "probe-failed"
  /// A version has not answered a row of its bundle's check in time.
  case probeOverdue = "probe-overdue"
  /// The share of requests that a deployment failed.
  case failures
  /// The share of requests that it refused for what they were.
  case refusals
  /// The time within which it answers 99 of 100 requests.
  case latency
  /// Columns of a version that are no longer like those of training.
  case drift
  /// A version is worse than it was, by labels.
  case performance
  /// A roll-out waits for a person.
  case rolloutHeld = "roll-out-held"
  /// A roll-out was taken back.
  case rolloutUndone = "roll-out-undone"
  /// How long a version has waited for its gates.
  case waiting
  /// How long the process that serves has been running.
  case processAge = "process-age"
  /// Attempts in a row that a webhook, or a receiver of alerts, did not take.
  case deliveries
  /// Segments of access records that were found damaged in the last day.
  case records
  /// How long the ledger has grown without a checkpoint that witnesses have cosigned.
  case checkpoint
  /// A certificate or a key ends within two weeks, or in the last third of its time.
  case expiry
  /// A certificate or a key ends within two days, or in the last tenth of its time, or has just ended.
  case expiryImminent = "expiry-imminent"
  /// The newest files of a certificate cannot be used, so that an older one is.
  case renewalFailed = "renewal-failed"

  /// The order in which they are listed.
  public static func < (left: AlertRule, right: AlertRule) -> Bool { left.rawValue < right.rawValue }

  /// What is measured.
  public var measure: Measure {
    switch self {
    case .planeDown, .planeUnreachable, .performance, .rolloutHeld, .rolloutUndone, .expiry, .expiryImminent,
      .renewalFailed:
      .fact
    case .failures, .refusals: .share
    case .latency, .waiting, .processAge, .checkpoint: .span
    case .drift, .deliveries, .records, .probeFailed, .probeOverdue: .count
    }
  }

  /// Whether its alerts are about a deployment each, or may be, and not about the platform alone.
  public var isOfDeployments: Bool {
    switch self {
    case .failures, .refusals, .latency, .drift, .performance, .rolloutHeld, .rolloutUndone, .waiting,
      .probeFailed, .probeOverdue, .expiry, .expiryImminent:
      true
    case .planeDown, .planeUnreachable, .processAge, .deliveries, .records, .checkpoint, .renewalFailed:
      false
    }
  }

  /// Whether it is measured of requests, of which there have to be enough.
  public var isOfRequests: Bool { self == .failures || self == .refusals || self == .latency }

  /// The condition in a few words.
  public var summary: String {
    switch self {
    case .planeDown: "the data plane does not answer"
    case .planeUnreachable: "nobody answers where callers ask"
    case .probeFailed: "a version does not answer its own check"
    case .probeOverdue: "a version does not answer its own check in time"
    case .failures: "requests fail"
    case .refusals: "requests are refused for what they are"
    case .latency: "answers are slow"
    case .drift: "live data are unlike those of training"
    case .performance: "a version is worse than it was"
    case .rolloutHeld: "a roll-out waits for a person"
    case .rolloutUndone: "a roll-out was taken back"
    case .waiting: "a version waits for its gates"
    case .processAge: "the process that serves is old"
    case .deliveries: "a receiver does not take what it is told"
    case .records: "access records were found damaged"
    case .checkpoint: "no witness vouches for the newest entries of the ledger"
    case .expiry: "it ends soon"
    case .expiryImminent: "it is about to end, or has ended"
    case .renewalFailed: "a new certificate cannot be used"
    }
  }
}

/// When an alert begins and ends, and how it is told.
public struct AlertTerms: Equatable, Sendable {
  /// Whether there are such alerts at all.
  public var isOn = true
  /// How soon somebody has to look.
  public var severity: AlertSeverity
  /// What has to be reached for it to begin: a share from 0 to 1, milliseconds, a number; 1 for a fact.
  public var begin: Double
  /// Below what it has to come for it to end; never above `begin`.
  public var end: Double
  /// For how long `begin` has to be reached, in milliseconds.
  public var holding: Int64
  /// For how long it has to stay below `end`, in milliseconds.
  public var endAfter: Int64
  /// How many requests there have to be for a share of them to say anything.
  public var minimum: Int
  /// Where it is written what to do; nil where it is not.
  public var runbook: String?

  /// The standard terms of a rule: what holds where nobody has said otherwise.
  public init(of rule: AlertRule) {
    let (second, minute, hour, day): (Int64, Int64, Int64, Int64) = (1000, 60_000, 3_600_000, 86_400_000)
    func terms(_ severity: AlertSeverity, _ begin: Double, _ end: Double, _ holding: Int64, _ after: Int64)
      -> AlertTerms
    {
      AlertTerms(severity: severity, begin: begin, end: end, holding: holding, endAfter: after)
    }
    switch rule {
    case .planeDown: self = terms(.page, 1, 1, 30 * second, 30 * second)
    // Longer than it takes to replace a process: what the platform can mend by itself wakes nobody.
    case .planeUnreachable: self = terms(.page, 1, 1, 3 * minute, 30 * second)
    // One answer that is wrong is one too many: no request has to come to see it.
    case .probeFailed: self = terms(.page, 1, 1, 0, 30 * second)
    // An answer that is late once may have waited behind others.
    case .probeOverdue: self = terms(.page, 1, 1, 3 * minute, 30 * second)
    case .failures: self = terms(.page, 0.05, 0.02, minute, 5 * minute)
    case .refusals: self = terms(.ticket, 0.2, 0.1, 5 * minute, 10 * minute)
    case .latency: self = terms(.ticket, 1000, 500, 2 * minute, 5 * minute)
    // The tests of a watch have taken their time already.
    case .drift: self = terms(.ticket, 1, 1, 0, 0)
    // What took days of labels to see can wait for the morning.
    case .performance: self = terms(.ticket, 1, 1, 0, 0)
    case .rolloutHeld, .rolloutUndone: self = terms(.ticket, 1, 1, 0, 0)
    case .waiting: self = terms(.ticket, Double(day), Double(day), 0, 0)
    case .processAge: self = terms(.info, Double(30 * day), Double(30 * day), 0, 0)
    case .deliveries: self = terms(.ticket, 4, 1, 0, 0)
    case .records: self = terms(.ticket, 1, 1, 0, 0)
    case .checkpoint: self = terms(.ticket, Double(hour), Double(hour), 0, 0)
    case .expiry: self = terms(.ticket, 1, 1, 0, 0)
    case .expiryImminent: self = terms(.page, 1, 1, 0, 0)
    // Who writes certificate and key writes one after the other.
    case .renewalFailed: self = terms(.ticket, 1, 1, minute, 0)
    }
  }

  private init(severity: AlertSeverity, begin: Double, end: Double, holding: Int64, endAfter: Int64) {
    self.severity = severity
    self.begin = begin
    self.end = end
    self.holding = holding
    self.endAfter = endAfter
    minimum = 50
  }
}
