import Documents
import Domain
import Encoding
import Testing

@testable import Gates

/// When processes are replaced by the clock.
@Suite struct RepaveScheduleTests {
  private static func moment(_ text: String) -> Timestamp {
    (try? Timestamp(parsing: text)) ?? Timestamp(milliseconds: 0)
  }

  private static func schedule(_ every: String, _ windows: String..., since: String = "2026-01-01T00:00:00Z")
    throws
    -> RepaveSchedule
  {
    try RepaveSchedule(
      every: every, windows: windows, by: Principal(kind: .person, name: "ana"), since: moment(since))
  }

  private static func process(_ start: String, _ instance: String = "one") -> RepaveSchedule.Process {
    RepaveSchedule.Process(instance: instance, startedAt: moment(start))
  }

  private static func window(_ start: String, _ end: String) -> MaintenanceWindow.Occurrence {
    MaintenanceWindow.Occurrence(start: moment(start), end: moment(end))
  }

  // MARK: Windows

  @Test(arguments: ["sun 02:00-04:00", "daily 00:00-24:00", "fri 23:00-01:00"])
  func `a window is written as it is read`(text: String) {
    #expect(MaintenanceWindow(parsing: text)?.description == text)
  }

  @Test(arguments: [
    "", "sun", "sun 02:00", "02:00-04:00", "sun 02:00-02:00", "sun 24:00-02:00", "sun 2:00-4:00",
    "Sun 02:00-04:00", "sun  02:00-04:00", "sun 02:00-04:00 ", "sun 02:00-25:00", "sun -02:00-04:00",
  ])
  func `what is no window is refused`(text: String) {
    #expect(MaintenanceWindow(parsing: text) == nil)
  }

  @Test func `a window over midnight belongs to the day it starts on, and windows that overlap are one`()
    throws
  {
    let windows = ["fri 23:00-01:00", "sat 00:30-02:00"].compactMap { MaintenanceWindow(parsing: $0) }
    // A Saturday, half past midnight.
    let found = MaintenanceWindow.occurrences(
      of: windows, after: Self.moment("2026-11-21T00:30:00Z"), days: 7)
    #expect(
      found.first == Self.window("2026-11-20T23:00:00Z", "2026-11-21T02:00:00Z"))
  }

  @Test(arguments: [Int64.min, -1, 0, .max])
  func `no moment has no windows`(milliseconds: Int64) throws {
    let window = try #require(MaintenanceWindow(parsing: "daily 02:00-04:00"))
    let found = MaintenanceWindow.occurrences(
      of: [window], after: Timestamp(milliseconds: milliseconds), days: 7)
    #expect(found.count >= 7)
    let schedule = try Self.schedule("7d", "daily 02:00-04:00")
    for start in [Int64.min, 0, .max] {
      let process = RepaveSchedule.Process(instance: "x", startedAt: Timestamp(milliseconds: start))
      _ = schedule.turn(of: process, at: Timestamp(milliseconds: milliseconds))
      _ = schedule.missed(by: process, at: Timestamp(milliseconds: milliseconds))
    }
  }

  // MARK: Schedules

  @Test(arguments: [
    ("7", "sun 02:00-04:00", "expected a length of time such as '7d', found '7'"),
    ("59m", "sun 02:00-04:00", "expected a time from 1h to 366d, found '59m'"),
    (
      "7d", "sunday 02:00-04:00",
      "expected a window such as 'sun 02:00-04:00' or 'daily 02:00-04:00', found 'sunday 02:00-04:00'"
    ),
  ])
  func `a schedule that says nothing is refused with what to write`(
    every: String, window: String, message: String
  ) {
    let problem = #expect(throws: Problem.self) { try Self.schedule(every, window) }
    #expect(problem?.message == message)
    #expect(problem?.hint?.contains("--every 7d") == true)
  }

  @Test func `a schedule reads back from its record`() throws {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00", "daily 23:00-01:00")
    #expect(try RepaveSchedule(json: schedule.json) == schedule)
    for change in [
      RepaveChange.schedule(schedule), .end(at: schedule.since), .missed(schedule.since, at: schedule.since),
      .repaved(["old": 1], at: schedule.since),
      .supervised(
        SupervisionRecord.none.trying(["listener"], at: schedule.since).replaced(["listener"]),
        at: schedule.since),
    ] {
      #expect(GovernanceChange(json: GovernanceChange.repave(change).json) == .repave(change))
    }
  }

  @Test func `a process is replaced in the last window before it would be too old`() throws {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00")
    // From a Wednesday on: on Sunday it is four days old, and by the next it would be eleven.
    let turn = try #require(
      schedule.turn(of: Self.process("2026-11-18T12:00:00Z"), at: Self.moment("2026-11-18T13:00:00Z")))
    #expect(turn.window == Self.window("2026-11-22T02:00:00Z", "2026-11-22T04:00:00Z"))
    #expect(turn.window.contains(turn.moment))
    let daily = try Self.schedule("7d", "daily 02:00-04:00")
    let sixth = try #require(
      daily.turn(of: Self.process("2026-11-18T12:00:00Z"), at: Self.moment("2026-11-18T13:00:00Z")))
    #expect(sixth.window.start == Self.moment("2026-11-25T02:00:00Z"))
  }

  @Test func `a process that was replaced in a window is not replaced in it again, nor a week later only`()
    throws
  {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00")
    let turn = try #require(
      schedule.turn(of: Self.process("2026-11-22T02:10:00Z"), at: Self.moment("2026-11-22T02:11:00Z")))
    #expect(turn.window.start == Self.moment("2026-11-29T02:00:00Z"))
  }

  @Test func `where windows are rarer than the age, each has a turn`() throws {
    let schedule = try Self.schedule("1d", "sun 02:00-04:00")
    let turn = try #require(
      schedule.turn(of: Self.process("2026-11-10T00:00:00Z"), at: Self.moment("2026-11-18T00:00:00Z")))
    #expect(turn.window.start == Self.moment("2026-11-22T02:00:00Z"))
  }

  @Test func `an age of a year is waited for`() throws {
    let schedule = try Self.schedule("366d", "sun 02:00-04:00")
    let turn = try #require(
      schedule.turn(of: Self.process("2026-01-05T00:00:00Z"), at: Self.moment("2026-01-06T00:00:00Z")))
    #expect(turn.window.start == Self.moment("2027-01-03T02:00:00Z"))
  }

  @Test func `processes are spread over three quarters of the window, always at the same moment`() throws {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00")
    let moments = (0..<50).compactMap { number in
      schedule.turn(
        of: Self.process("2026-11-10T00:00:00Z", "process \(number)"), at: Self.moment("2026-11-20T00:00:00Z")
      )?
      .moment
    }
    #expect(moments.count == 50 && Set(moments).count == 50)
    #expect(moments.allSatisfy { $0 < Self.moment("2026-11-22T03:30:00Z") })
    let quarters = Set(
      moments.map { ($0.milliseconds - Self.moment("2026-11-22T02:00:00Z").milliseconds) / 1_800_000 })
    #expect(quarters == [0, 1, 2])
    let again = schedule.turn(
      of: Self.process("2026-11-10T00:00:00Z", "process 7"), at: Self.moment("2026-11-22T02:00:00Z"))
    #expect(again?.moment == moments[7])
  }

  @Test func `a process from what is still to come is replaced in the next window`() throws {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00")
    // The clock was set back by a year after it started.
    let turn = try #require(
      schedule.turn(of: Self.process("2027-11-18T12:00:00Z"), at: Self.moment("2026-11-21T00:00:00Z")))
    #expect(turn.window.start == Self.moment("2026-11-22T02:00:00Z"))
  }

  // MARK: Turns

  private static let due = process("2026-11-10T00:00:00Z")

  @Test func `nothing is done before the moment, then it is, and after the window it was missed`() throws {
    let schedule = try Self.schedule("7d", "sun 02:00-04:00", since: "2026-11-16T00:00:00Z")
    let turn = try #require(schedule.turn(of: Self.due, at: Self.moment("2026-11-20T00:00:00Z")))
    var turns = RepaveTurns()
    func action(_ moment: Timestamp, told: Timestamp? = nil) -> RepaveTurns.Action {
      turns.action(by: schedule, for: Self.due, told: told, at: moment)
    }
    #expect(action(Timestamp(milliseconds: turn.moment.milliseconds - 1)) == .nothing)
    #expect(action(turn.moment) == .repave)
    let end = turn.window.end
    #expect(action(end) == .tell(missed: turn.window))
    // Told once; the next is its own.
    #expect(action(end, told: end) == .nothing)
    #expect(action(Self.moment("2026-11-29T03:59:00Z"), told: end) == .repave)
    #expect(
      action(Self.moment("2026-11-29T04:00:00Z"), told: end)
        == .tell(missed: Self.window("2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z")))
  }

  @Test func `a window before the schedule, or before the process, was missed by nobody`() throws {
    let young = try Self.schedule("7d", "sun 02:00-04:00", since: "2026-11-22T02:30:00Z")
    #expect(young.missed(by: Self.due, at: Self.moment("2026-11-23T00:00:00Z")) == nil)
    let schedule = try Self.schedule("7d", "sun 02:00-04:00")
    let fresh = Self.process("2026-11-22T03:00:00Z")
    #expect(schedule.missed(by: fresh, at: Self.moment("2026-11-23T00:00:00Z")) == nil)
  }

  @Test
  func `what fails is tried again after pauses that double, to half an hour, and at once in another window`()
    throws
  {
    let schedule = try Self.schedule("7d", "sun 02:00-06:00")
    let turn = try #require(schedule.turn(of: Self.due, at: Self.moment("2026-11-20T00:00:00Z")))
    var turns = RepaveTurns()
    var now = turn.moment
    var pauses: [Int64] = []
    for _ in 0..<8 {
      #expect(turns.action(by: schedule, for: Self.due, told: now, at: now) == .repave)
      turns.noteFailure(at: now)
      let failed = now
      while turns.action(by: schedule, for: Self.due, told: failed, at: now) == .nothing,
        turn.window.contains(now)
      {
        now = Timestamp(milliseconds: now.milliseconds + 60_000)
      }
      guard turn.window.contains(now) else { break }
      pauses.append((now.milliseconds - failed.milliseconds) / 60_000)
    }
    #expect(Array(pauses.prefix(6)) == Array([1, 2, 4, 8, 16, 32].prefix(pauses.count)) && pauses.count >= 5)
  }

  @Test func `a clock that was set back does not hold up the next attempt`() throws {
    let schedule = try Self.schedule("7d", "daily 00:00-24:00")
    var turns = RepaveTurns()
    let late = Self.moment("2026-11-22T23:00:00Z")
    #expect(turns.action(by: schedule, for: Self.due, told: late, at: late) == .repave)
    turns.noteFailure(at: late)
    let back = Self.moment("2026-11-22T20:00:00Z")
    #expect(turns.action(by: schedule, for: Self.due, told: late, at: back) == .repave)
  }

  // MARK: The gate

  static let ages: [(String, String?, String)] = [
    ("2026-11-14T09:30:00Z", "2026-11-21T09:30:00Z", "passed: no process is older than 7d"),
    (
      "2026-11-14T09:29:59Z", "2026-11-21T09:30:00Z",
      "failed: expected no process older than 7d, found one that has been running for 7d"
    ),
    (
      "2026-11-01T06:30:00Z", "2026-11-21T09:30:00Z",
      "failed: expected no process older than 7d, found one that has been running for 20d 3h"
    ),
    (
      "2026-11-14T09:30:00Z", nil,
      "failed: expected no process older than 7d, found that the present time is not known"
    ),
  ]

  @Test(arguments: ages)
  func `a gate asks how old the oldest process is`(start: String, now: String?, answer: String) throws {
    let found = try Example.answer("process-age: {within: 7d}") {
      $0.oldestProcess = Example.moment(start)
      $0.now = now.map(Example.moment)
    }
    #expect(found == answer)
  }

  @Test func `a process of an age that nobody knows holds no gate, and the hint says what to do`() throws {
    #expect(
      try Example.answer("process-age: {within: 7d}") { $0.oldestProcess = nil }
        == "failed: expected no process older than 7d, found that since when one has been running is not known"
    )
    let policy = try Example.policy("process-age: {within: 1h}")
    let report = policy.evaluate(
      Example.evidence { $0.oldestProcess = Example.moment("2026-11-21T00:00:00Z") }, at: .rollOut)
    #expect(report.results.first?.hint == "replace it with 'gatehouse repave'")
  }
}
