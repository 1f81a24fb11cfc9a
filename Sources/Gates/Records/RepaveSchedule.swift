public import Documents
public import Domain
public import Encoding

/// When processes that serve are replaced of the platform's own accord.
public struct RepaveSchedule: Equatable, Sendable {
  /// The most windows.
  static let mostWindows = 14
  /// From an hour to a year.
  private static let spans: ClosedRange<Int64> = 3_600_000...(366 * 86_400_000)

  /// No process is to be older, as far as the windows allow.
  public let every: TimeSpan
  /// When it may be done.
  public let windows: [MaintenanceWindow]
  /// Who set it.
  public let by: Principal
  /// Since when.
  public let since: Timestamp

  /// States a schedule; throws `repave-schedule.malformed`.
  public init(
    every: TimeSpan, windows: [MaintenanceWindow], by principal: Principal, since moment: Timestamp
  ) throws(Problem) {
    guard Self.spans ~= every.milliseconds else {
      throw Self.malformed("a time from 1h to 366d", "'\(every)'")
    }
    guard 1...Self.mostWindows ~= windows.count, Set(windows).count == windows.count else {
      throw Self.malformed("1 to \(Self.mostWindows) windows, each once", "\(windows.count)")
    }
    self.every = every
    self.windows = windows
    by = principal
    since = moment
  }

  /// Reads what people write; throws `repave-schedule.malformed`.
  public init(
    every: String, windows: [String], by principal: Principal, since moment: Timestamp
  ) throws(Problem) {
    guard let span = TimeSpan(parsing: every) else {
      throw Self.malformed("a length of time such as '7d'", "'\(every.excerpt(40))'")
    }
    var read: [MaintenanceWindow] = []
    for text in windows {
      guard let window = MaintenanceWindow(parsing: text) else {
        throw Self.malformed(MaintenanceWindow.expected, "'\(text.excerpt(40))'")
      }
      read.append(window)
    }
    try self.init(every: span, windows: read, by: principal, since: moment)
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(
      .badInput, "repave-schedule.malformed", "expected \(expected), found \(found)",
      hint: "write it like --every 7d --window 'sun 02:00-04:00', in UTC")
  }

  /// The schedule as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "every": .string(every.description), "windows": .array(windows.map { .string($0.description) }),
      "by": .string(by.description), "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `repave-schedule.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "schedule", code: "repave-schedule.malformed")
    try fields.allow(["every", "windows", "by", "since"])
    try self.init(
      every: try fields.text("every"), windows: try fields.texts("windows"),
      by: try fields.principal("by"), since: try fields.requiredMoment("since"))
  }
}

extension RepaveSchedule {
  /// A process as a schedule looks at it.
  public struct Process: Equatable, Sendable {
    /// The random name that no other has.
    public let instance: String
    /// Since when it has been ready, by the clock of that moment.
    public let startedAt: Timestamp

    /// Names a process.
    public init(instance: String, startedAt: Timestamp) {
      self.instance = instance
      self.startedAt = startedAt
    }
  }

  /// When a process is replaced.
  public struct Turn: Equatable, Sendable {
    /// The window.
    public let window: MaintenanceWindow.Occurrence
    /// The moment in it: another for each process.
    public let moment: Timestamp
  }

  /// How far clocks may have been apart when a process started.
  private static let tolerance: Int64 = 60_000
  /// Between two windows there is a week at most.
  private static let week = 7

  /// When a process is replaced next: in the last window before which it would come to be too old by the next one.
  ///
  /// In the window in which it started it is not. One that started in what is still to come, since the clock was set, is of no
  /// age that anybody knows: it is replaced in the next window.
  public func turn(of process: Process, at now: Timestamp) -> Turn? {
    let started = started(process, now)
    // Windows long before it is due make no difference.
    let first = max(now, Self.moment(started?.milliseconds, plus: every.milliseconds - 9 * 86_400_000))
    let windows = MaintenanceWindow.occurrences(
      of: self.windows, after: first, days: 3 * Self.week)
    for (window, next) in zip(windows, windows.dropFirst()) where isDue(in: window, before: next, started) {
      return Turn(window: window, moment: moment(in: window, for: process))
    }
    return nil
  }

  /// The last window that has closed in which a process was to be replaced and was not, nor the schedule another.
  public func missed(by process: Process, at now: Timestamp) -> MaintenanceWindow.Occurrence? {
    let started = started(process, now)
    let windows = MaintenanceWindow.occurrences(
      of: self.windows, after: Self.moment(now.milliseconds, plus: -9 * 86_400_000), days: 3 * Self.week)
    return Array(zip(windows, windows.dropFirst())).last { window, next in
      window.end <= now && window.start >= since && isDue(in: window, before: next, started)
    }?.0
  }

  private func started(_ process: Process, _ now: Timestamp) -> Timestamp? {
    process.startedAt > Self.moment(now.milliseconds, plus: Self.tolerance) ? nil : process.startedAt
  }

  private func isDue(
    in window: MaintenanceWindow.Occurrence, before next: MaintenanceWindow.Occurrence, _ started: Timestamp?
  ) -> Bool {
    guard let started else { return true }
    guard started < window.start else { return false }
    return next.start > Self.moment(started.milliseconds, plus: every.milliseconds)
  }

  /// Spread over the first three quarters, by the process's name: what fails may be tried again.
  private func moment(in window: MaintenanceWindow.Occurrence, for process: Process) -> Timestamp {
    var hash = FNV1a.hash(of: "\(process.instance) \(window.start.milliseconds)".utf8)
    hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 33
    let room = UInt64(max(1, window.milliseconds / 4 * 3))
    return Timestamp(milliseconds: window.start.milliseconds + Int64(hash % room))
  }

  private static func moment(_ milliseconds: Int64?, plus span: Int64) -> Timestamp {
    guard let milliseconds else { return Timestamp(milliseconds: .min) }
    let (sum, overflow) = milliseconds.addingReportingOverflow(span)
    return Timestamp(milliseconds: overflow ? (span < 0 ? .min : .max) : sum)
  }
}

/// What is to be done by a schedule, as time goes by and attempts fail.
public struct RepaveTurns: Equatable, Sendable {
  /// What is to be done now.
  public enum Action: Equatable, Sendable {
    case nothing
    /// Replace the process.
    case repave
    /// Tell that a window closed in which nothing came of it.
    case tell(missed: MaintenanceWindow.Occurrence)
  }

  /// The pause after a first failure, and the longest.
  private static let pauses: ClosedRange<Int64> = 60_000...(32 * 60_000)

  private var window: MaintenanceWindow.Occurrence?
  private var failures = 0
  private var retry: Timestamp?

  /// Nothing was tried yet.
  public init() {}

  /// What is to be done; `told` is when the last window closed that was told of as missed.
  ///
  /// A missed window is told of before anything else, once.
  public mutating func action(
    by schedule: RepaveSchedule, for process: RepaveSchedule.Process, told: Timestamp?, at now: Timestamp
  ) -> Action {
    if let missed = schedule.missed(by: process, at: now), told.map({ $0 < missed.end }) ?? true {
      return .tell(missed: missed)
    }
    guard let turn = schedule.turn(of: process, at: now), turn.window.contains(now), turn.moment <= now else {
      return .nothing
    }
    if turn.window != window { self = RepaveTurns() }
    window = turn.window
    // A moment that is further away than any pause is of a clock that was set back.
    if let retry, now < retry, retry.milliseconds - now.milliseconds <= Self.pauses.upperBound {
      return .nothing
    }
    return .repave
  }

  /// Takes in that an attempt failed: the next comes after a pause that doubles each time.
  public mutating func noteFailure(at now: Timestamp) {
    let pause = min(Self.pauses.lowerBound << Int64(min(failures, 16)), Self.pauses.upperBound)
    failures += 1
    retry = Timestamp(milliseconds: min(now.milliseconds, .max - pause) + pause)
  }
}
