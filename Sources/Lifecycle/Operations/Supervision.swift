import Domain
import Gates

/// What may be the matter with the process that serves.
enum SupervisedFault: Hashable, Comparable, Sendable {
  /// It does not answer whoever steers it.
  case silent
  /// Nobody answers callers.
  case deaf
  /// A version that answers callers does not answer its bundle's check right, or not in time.
  case wrong(VersionReference)

  /// What it is called in the ledger and in the registry.
  var id: String {
    switch self {
    case .silent: "control-socket"
    case .deaf: "listener"
    case .wrong(let version): "check \(version)"
    }
  }

  /// The order in which they are told.
  static func < (left: SupervisedFault, right: SupervisedFault) -> Bool { left.id < right.id }

  fileprivate var isOfVersion: Bool {
    if case .wrong = self { true } else { false }
  }
}

/// What one round has found.
struct SupervisedRound: Sendable {
  /// The process that was asked.
  let process: String
  /// What is the matter, and the figures.
  var faults: [SupervisedFault: String] = [:]
  /// Whether it could be seen how it answers whoever steers it.
  var hasLooked = true
  /// Whether it said how its versions answer.
  var hasCounts = true

  fileprivate func hasSeen(_ fault: SupervisedFault) -> Bool {
    switch fault {
    case .silent: hasLooked
    case .deaf: true
    case .wrong: hasCounts
    }
  }
}

/// Decides from what rounds find when the process that serves is replaced, and when no more.
///
/// How often something was found in a row is known here alone and begins at nothing with each control plane; what was done about
/// it comes from the registry and bounds all of them together.
struct Supervision: Sendable {
  /// How often it is looked.
  static let interval = Duration.seconds(5)
  /// How often in a row something has to be found.
  static let rounds = 3
  /// How long no process is replaced after another was, whatever for, in milliseconds.
  static let spacing: Int64 = 600_000
  /// A day, in milliseconds.
  static let day: Int64 = 86_400_000
  /// How often a day a process is replaced for one cause.
  static let limitOfCause = 3
  /// How often a day for all of them.
  static let limit = 6

  /// What is to be done.
  enum Action: Equatable, Sendable {
    case nothing
    /// Enough was done within a day: these have to wait.
    case wait([SupervisedFault: String])
    /// No process is replaced for these any more, which is to be said.
    case giveUp([SupervisedFault: String], SupervisionRecord)
    /// The process is replaced for these.
    case replace([SupervisedFault: String], SupervisionRecord)
  }

  private var process: String?
  private var streaks: [SupervisedFault: Int] = [:]
  /// Causes that are a day old and were seen to be over since: the next record leaves them out.
  private var forgiven: Set<String> = []

  /// Takes what a round found, and what was done so far.
  mutating func take(_ round: SupervisedRound, _ record: SupervisionRecord, at now: Timestamp) -> Action {
    if round.process != process { streaks = [:] }
    process = round.process
    streaks = streaks.filter { round.faults[$0.key] != nil || !round.hasSeen($0.key) }
    for fault in round.faults.keys { streaks[fault, default: 0] += 1 }
    forgive(round, record, at: now)
    let known = record.without(forgiven)
    let due = round.faults.filter { streaks[$0.key, default: 0] >= Self.rounds }
    let (hopeless, rest) = (
      due.filter { known.isExhausted($0.key, at: now) }, due.filter { !known.isExhausted($0.key, at: now) }
    )
    let untold = hopeless.filter { known[$0.key.id]?.isGivenUp != true }
    if !untold.isEmpty { return .giveUp(untold, known.givingUp(untold.keys.map(\.id).sorted())) }
    guard !rest.isEmpty else { return .nothing }
    let recent = known.tried.filter { Self.age(of: $0, at: now) < Self.day }
    if let last = recent.last, Self.age(of: last, at: now) < Self.spacing { return .nothing }
    guard recent.count < Self.limit else { return .wait(rest) }
    return .replace(rest, known.trying(rest.keys.map(\.id).sorted(), at: now))
  }

  /// Begins to count anew: what was looked at is about to be another process.
  mutating func reset() { streaks = [:] }

  private mutating func forgive(
    _ round: SupervisedRound, _ record: SupervisionRecord, at now: Timestamp
  ) {
    let bad = Set(round.faults.keys.map(\.id))
    for cause in record.causes where !bad.contains(cause.id) {
      let isSeen =
        switch cause.id {
        case SupervisedFault.silent.id: round.hasLooked
        case SupervisedFault.deaf.id: true
        default: round.hasCounts
        }
      let isOld = cause.tried.last.map { Self.age(of: $0, at: now) >= Self.day } ?? true
      if isSeen, isOld { forgiven.insert(cause.id) }
    }
    // Whatever was tried lately was tried after it was forgiven.
    forgiven = forgiven.filter { id in
      record[id]?.tried.last.map { Self.age(of: $0, at: now) >= Self.day } ?? false
    }
  }

  /// A clock that was put back makes nothing old.
  fileprivate static func age(of moment: Timestamp, at now: Timestamp) -> Int64 {
    max(0, now.milliseconds - moment.milliseconds)
  }
}

extension SupervisionRecord {
  /// Whether no process is replaced for this any more.
  ///
  /// Who has answered the same check wrong in two processes would in a third: all other versions pay for each.
  fileprivate func isExhausted(_ fault: SupervisedFault, at now: Timestamp) -> Bool {
    guard let cause = self[fault.id] else { return false }
    if cause.isGivenUp || (fault.isOfVersion && cause.isReplaced) { return true }
    return cause.tried.count { Supervision.age(of: $0, at: now) < Supervision.day }
      >= Supervision.limitOfCause
  }
}
