import Domain
import Testing

@testable import Monitoring

@Suite struct EventWindowsTests {
  private let shape = ModelShape(columns: [ColumnShape(name: "x", kind: .number(NumberShape()))])

  private func second(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

  private func windows(lateness: Int64 = 0, openLimit: Int = 2) throws -> EventWindows {
    try EventWindows(shape: shape, length: 60_000, lateness: lateness, openLimit: openLimit)
  }

  private func observe(_ windows: inout EventWindows, _ value: Double, at moment: Int64, now: Int64? = nil)
    throws
  {
    try windows.observe(rows: 1, numbers: [value].span, at: second(moment), now: second(now ?? moment))
  }

  @Test func `rows are in the window of their time, whose start is in it and whose end is not`() throws {
    var windows = try windows()
    for moment: Int64 in [60, 119, 120, 185] { try observe(&windows, Double(moment), at: moment) }
    let closed = windows.takeClosed()
    #expect(closed.map(\.start) == [second(60), second(120)])
    #expect(closed.map(\.end) == [second(120), second(180)])
    #expect(closed.map(\.profile.rows) == [2, 1])
    #expect(closed.map(\.isCutShort) == [false, false])
    #expect(windows.takeClosed().isEmpty)
    #expect(windows.takeAll().map(\.profile.rows) == [1])
  }

  @Test func `a late row is in its window while that is kept, and counted`() throws {
    var windows = try windows(lateness: 30_000)
    try observe(&windows, 1, at: 10)
    try observe(&windows, 2, at: 50, now: 70)
    #expect(windows.takeClosed().isEmpty)
    windows.advance(to: second(90))
    let closed = windows.takeClosed()
    #expect(closed.map(\.profile.rows) == [2])
    #expect(closed.map(\.lateRows) == [1])
    #expect(windows.tooLateRows == 0)
  }

  @Test func `a row that is too late is dropped and counted`() throws {
    var windows = try windows()
    try observe(&windows, 1, at: 10)
    try observe(&windows, 2, at: 65)
    try observe(&windows, 3, at: 59, now: 66)
    #expect(windows.tooLateRows == 1)
    #expect(windows.takeAll().map(\.profile.rows) == [1, 1])
  }

  @Test func `a row from the future is dropped and moves nothing`() throws {
    var windows = try windows()
    try observe(&windows, 1, at: 10)
    try observe(&windows, 2, at: 1_000_000, now: 11)
    #expect(windows.earlyRows == 1)
    #expect(windows.watermark == second(11))
    #expect(windows.openCount <= 1)
  }

  @Test func `the watermark never goes back`() throws {
    var windows = try windows()
    windows.advance(to: second(100))
    windows.advance(to: second(50))
    #expect(windows.watermark == second(100))
  }

  @Test func `there are never more windows than may be, and what went before its time says so`() throws {
    var windows = try windows(lateness: 120_000, openLimit: 2)
    try observe(&windows, 1, at: 10, now: 130)
    try observe(&windows, 2, at: 70, now: 130)
    try observe(&windows, 3, at: 125, now: 130)
    try observe(&windows, 4, at: 71, now: 131)
    #expect(windows.openCount <= 2)
    try observe(&windows, 5, at: 11, now: 132)
    #expect(windows.tooLateRows == 1)
    let all = windows.takeAll()
    #expect(all.map(\.profile.rows) == [1, 2, 1])
    #expect(all.first?.isCutShort == true)
  }

  @Test func `windows that nobody takes do not pile up`() throws {
    var windows = try windows()
    for minute: Int64 in 0..<20 { try observe(&windows, 1, at: 60 * minute) }
    #expect(windows.takeClosed().count == 3)
    #expect(windows.unclaimedRows == 16)
  }

  @Test(arguments: [1, 7, 64, 200]) func `rows that come together are counted as those that come alone`(
    rows: Int
  ) throws {
    var (together, alone) = (try windows(), try windows())
    let values = (0..<rows).map { Double($0 % 13) }
    try together.observe(rows: rows, numbers: values.span, at: second(5), now: second(5))
    for value in values { try observe(&alone, value, at: 5) }
    let (left, right) = (together.takeAll(), alone.takeAll())
    #expect(left.map(\.profile.rows) == [rows])
    #expect(left[0].profile.numbers[0].quantiles == right[0].profile.numbers[0].quantiles)
  }

  @Test func `windows of two event loops make longer ones`() throws {
    var (left, right) = (try windows(), try windows())
    for minute: Int64 in 0..<6 {
      try observe(&left, 1, at: 60 * minute)
      if minute % 2 == 0 { try observe(&right, 2, at: 60 * minute + 1) }
      let parts = left.takeClosed() + right.takeClosed()
      #expect(parts.count <= 3)
    }
    var parts: [EventWindow] = []
    (left, right) = (try windows(), try windows())
    for minute: Int64 in 0..<6 {
      try observe(&left, 1, at: 60 * minute)
      try observe(&right, 2, at: 60 * minute + 1)
      parts += left.takeClosed() + right.takeClosed()
    }
    parts += left.takeAll() + right.takeAll()
    let merged = try EventWindow.merged(parts, into: 180_000)
    #expect(merged.map(\.start) == [second(0), second(180)])
    #expect(merged.map(\.profile.rows) == [6, 6])
    #expect(merged.map(\.end) == [second(180), second(360)])
  }

  @Test func `times before 1970 and at the end of time have windows too`() throws {
    #expect(second(-1).beginning(of: 60_000) == second(-60))
    #expect(Timestamp(milliseconds: .min).beginning(of: 60_000) == Timestamp(milliseconds: .min))
    var windows = try windows()
    windows.advance(to: Timestamp(milliseconds: .max))
    try windows.observe(
      rows: 1, numbers: [1.0].span, at: Timestamp(milliseconds: .max), now: Timestamp(milliseconds: .max))
    #expect(windows.takeAll().map(\.profile.rows).reduce(0, +) + windows.tooLateRows == 1)
  }

  @Test func `rows of another width are refused`() throws {
    var windows = try windows()
    let problem = #expect(throws: Problem.self) {
      try windows.observe(rows: 2, numbers: [1.0].span, at: second(1), now: second(1))
    }
    #expect(problem?.code == "monitoring.unlike-rows")
    #expect(windows.takeAll().isEmpty)
  }

  @Test(
    arguments: [(0, 0, 2), (60_000, -1, 2), (60_000, 200_000, 2), (60_000, 0, 0)] as [(Int64, Int64, Int)])
  func `windows that cannot be are refused`(length: Int64, lateness: Int64, openLimit: Int) {
    let problem = #expect(throws: Problem.self) {
      try EventWindows(shape: shape, length: length, lateness: lateness, openLimit: openLimit)
    }
    #expect(problem?.code == "monitoring.window")
  }
}
