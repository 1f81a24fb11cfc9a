import Domain
import Gates

/// What may be the matter with the process that serves.
enum SupervisedFault: Hashable, Comparable, Sendable {
  /// It answers nobody: neither whoever steers it, nor callers.
  case stuck
  /// It does not answer whoever steers it, and answers callers.
  case silent
  /// Nobody answers callers, though it answers whoever steers it.
  case deaf
  /// A version that answers callers answers its bundle's check otherwise, or refuses it.
  case wrong(VersionReference)
  /// A version that answers callers has not answered its bundle's check in time.
  case late(VersionReference)
  /// So many versions are wrong or late that what is the matter is none of theirs.
  case checks

  /// What it is called in the ledger and in the registry.
  var id: String {
    switch self {
    case .stuck: "process"
    case .silent: "control-socket"
    case .deaf: "listener"
    case .wrong(let version), .late(let version): "check \(version)"
    case .checks: "checks"
    }
  }

  /// How often in a row it has to be found.
  ///
  /// An answer that is wrong is one whatever else goes on. What does not come may come late, of a machine that has too much to do: that
  /// takes a minute. Callers who are answered are in no hurry: a process that cannot be steered is given five.
  var rounds: Int {
    switch self {
    case .wrong, .checks: 3
    case .stuck, .deaf, .late: 12
    case .silent: 60
    }
  }

  /// The order in which they are told.
  static func < (left: SupervisedFault, right: SupervisedFault) -> Bool { left.id < right.id }

  fileprivate var isOfVersion: Bool {
    switch self {
    case .wrong, .late, .checks: true
    case .stuck, .silent, .deaf: false
    }
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
  /// Why not, where that is to be told.
  var problem: Problem?
  /// Whether it could be asked where callers ask.
  var hasKnocked = true
  /// What each version has got done so far; nil where it did not say.
  var counted: [VersionReference: Done]?

  /// Requests, whoever asked (`PlaneCounts.Version`).
  struct Done: Equatable {
    /// How many were answered by what was asked for.
    var progress: Int
    /// How many were answered at all.
    var ended: Int
  }

  /// Whether this round would have seen it.
  fileprivate func hasSeen(_ id: String) -> Bool {
    switch id {
    case SupervisedFault.stuck.id: hasLooked && hasKnocked
    case SupervisedFault.silent.id: hasLooked
    case SupervisedFault.deaf.id: hasKnocked && counted != nil
    default: counted != nil
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
  /// Of how many versions at once each is a cause of its own.
  private static let versionLimit = 16
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
  /// What it had counted in the round before.
  private var counted: [VersionReference: SupervisedRound.Done]?
  private var streaks: [SupervisedFault: Int] = [:]
  /// Causes that are a day old and were seen to be over since: the next record leaves them out.
  private var forgiven: Set<String> = []

  /// Takes what a round found, and what was done so far.
  mutating func take(_ round: SupervisedRound, _ record: SupervisionRecord, at now: Timestamp) -> Action {
    if round.process != process { (streaks, counted) = ([:], nil) }
    process = round.process
    let faults = judged(round)
    // Who answers nobody does not answer whoever steers it either.
    let found = Set(faults.keys).union(faults[.stuck] == nil ? [] : [.silent])
    streaks = streaks.filter { found.contains($0.key) || !round.hasSeen($0.key.id) }
    for fault in found { streaks[fault, default: 0] += 1 }
    forgive(round, faults, record, at: now)
    let known = record.without(forgiven)
    let due = faults.filter { streaks[$0.key, default: 0] >= $0.key.rounds }
    let (hopeless, rest) = (
      due.filter { known.isExhausted($0.key, at: now) }, due.filter { !known.isExhausted($0.key, at: now) }
    )
    let untold = hopeless.filter { known[$0.key.id]?.isGivenUp != true }
    if !untold.isEmpty { return .giveUp(untold, known.givingUp(untold.keys.map(\.id).sorted())) }
    guard !rest.isEmpty else { return .nothing }
    let recent = known.tried.filter { Self.isWithin(Self.day, $0, now) }
    if recent.contains(where: { Self.isWithin(Self.spacing, $0, now) }) { return .nothing }
    guard recent.count < Self.limit else { return .wait(rest) }
    return .replace(rest, known.trying(rest.keys.map(\.id).sorted(), at: now))
  }

  /// Begins to count anew: what was looked at is about to be another process.
  mutating func reset() { (streaks, counted) = ([:], nil) }

  /// What is the matter by what was found, and by what the process has got done since the round before: whoever answers requests is
  /// neither deaf nor late for being slow.
  private mutating func judged(_ round: SupervisedRound) -> [SupervisedFault: String] {
    var faults = round.faults
    if let silent = faults[.silent], let deaf = faults[.deaf] {
      (faults[.silent], faults[.deaf]) = (nil, nil)
      faults[.stuck] = "\(silent); \(deaf)"
    }
    let before = counted
    counted = round.counted
    faults = faults.filter { fault, _ in
      switch fault {
      case .deaf: before != nil && round.counted == before
      case .late(let version):
        before?[version] != nil && round.counted?[version]?.progress == before?[version]?.progress
      case .stuck, .silent, .wrong, .checks: true
      }
    }
    let checks = faults.keys.filter(\.isOfVersion)
    guard checks.count > Self.versionLimit else { return faults }
    for fault in checks { faults[fault] = nil }
    faults[.checks] = "\(checks.count) versions do not answer their checks"
    return faults
  }

  private mutating func forgive(
    _ round: SupervisedRound, _ faults: [SupervisedFault: String], _ record: SupervisionRecord,
    at now: Timestamp
  ) {
    // What was found and is left alone is not over either.
    let bad = Set((Array(faults.keys) + round.faults.keys).map(\.id))
    for cause in record.causes where !bad.contains(cause.id) {
      let isOld = cause.tried.last.map { !Self.isWithin(Self.day, $0, now) } ?? true
      if round.hasSeen(cause.id), isOld { forgiven.insert(cause.id) }
    }
    // Whatever was tried lately was tried after it was forgiven.
    forgiven = forgiven.filter { id in
      record[id]?.tried.last.map { !Self.isWithin(Self.day, $0, now) } ?? false
    }
  }

  /// Whether two moments lie so many milliseconds from each other at most.
  ///
  /// Either way: a clock that was put back makes nothing old, and what it wrote when it was far ahead holds nothing up.
  static func isWithin(_ span: Int64, _ moment: Timestamp, _ now: Timestamp) -> Bool {
    let (difference, overflow) = now.milliseconds.subtractingReportingOverflow(moment.milliseconds)
    return !overflow && difference.magnitude < UInt64(span)
  }
}

extension SupervisionRecord {
  /// Whether no process is replaced for this any more.
  ///
  /// Who has answered the same check wrong in two processes would in a third: all other versions pay for each.
  fileprivate func isExhausted(_ fault: SupervisedFault, at now: Timestamp) -> Bool {
    guard let cause = self[fault.id] else { return false }
    if cause.isGivenUp || (fault.isOfVersion && cause.isReplaced) { return true }
    return cause.tried.count { Supervision.isWithin(Supervision.day, $0, now) } >= Supervision.limitOfCause
  }
}
