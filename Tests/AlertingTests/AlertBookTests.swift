import Alerting
import Domain
import Testing

/// When alerts begin and end.
struct AlertBookTests {
  private static let start: Int64 = 1_700_000_000_000
  private static let failures = AlertSource(.failures, of: try? ModelName(parsing: "iris"), "iris")

  /// A book, a clock, and what was written down, as `began` and `ended`.
  private struct Stage {
    var book = AlertBook()
    var rules = AlertRules.standard
    var seconds: Int64 = 0
    var told: [String] = []

    var now: Timestamp { Timestamp(milliseconds: AlertBookTests.start + seconds * 1000) }

    /// So many looks, ten seconds apart, each of which finds this share of failures; nil where it finds nothing.
    mutating func look(_ count: Int, share: Double?, requests: Int = 100, unread: Set<AlertRule> = []) {
      for _ in 0..<count {
        let measured = share.map {
          [AlertMeasurement(AlertBookTests.failures, $0, "\($0) of them", requests: requests)]
        }
        for alert in book.take(measured ?? [], unread: unread, by: rules, at: now) {
          if !alert.isStanding { told.append("ended") } else if alert.began == now { told.append("began") }
        }
        seconds += 10
      }
    }
  }

  @Test func `an alert begins when its line was reached for as long as its rule says`() {
    var stage = Stage()
    stage.look(6, share: 0.06)
    #expect(stage.told.isEmpty)
    stage.look(1, share: 0.06)
    #expect(stage.told == ["began"])
    #expect(stage.book.standing.map(\.severity) == [.page])
  }

  @Test func `what goes up and down around a line begins nothing`() {
    var stage = Stage()
    for _ in 0..<50 {
      stage.look(5, share: 0.06)
      stage.look(1, share: 0.01)
    }
    #expect(stage.told.isEmpty)
  }

  @Test func `an alert does not end between its two lines`() {
    var stage = Stage()
    stage.look(7, share: 0.06)
    stage.look(200, share: 0.03)
    #expect(stage.told == ["began"])
    stage.look(30, share: 0.01)
    #expect(stage.told == ["began"])
    stage.look(1, share: 0.01)
    #expect(stage.told == ["began", "ended"])
  }

  @Test func `an alert that comes again within the hour takes twice as long to end each time`() {
    var stage = Stage()
    var lengths: [Int64] = []
    for _ in 0..<3 {
      stage.look(7, share: 0.06)
      let before = stage.seconds
      let count = stage.told.count
      while stage.told.count == count { stage.look(1, share: 0.01) }
      lengths.append(stage.seconds - before)
    }
    #expect(lengths == [310, 610, 1210])
  }

  @Test func `a restart neither ends an alert nor begins it again`() {
    var stage = Stage()
    stage.look(7, share: 0.06)
    let kept = stage.book.standing
    stage.book = AlertBook(standing: kept)
    stage.look(20, share: 0.06)
    #expect(stage.told == ["began"])
    #expect(stage.book.standing.map(\.id) == kept.map(\.id))
    stage.look(31, share: 0)
    #expect(stage.told == ["began", "ended"])
  }

  @Test func `what could not be kept begins at the next look, and not after all of its time again`() {
    var stage = Stage()
    stage.look(6, share: 0.06)
    stage.look(1, share: 0.06)
    stage.book.hold(to: [])
    stage.look(1, share: 0.06)
    #expect(stage.told == ["began", "began"])
    #expect(stage.book.standing.count == 1)
  }

  @Test func `what could not be looked at stays as it was`() {
    var stage = Stage()
    stage.look(7, share: 0.06)
    stage.look(500, share: nil, unread: [.failures])
    #expect(stage.told == ["began"])
    stage.look(31, share: nil)
    #expect(stage.told == ["began", "ended"])
  }

  @Test func `too few requests end nothing where it is not known what came before`() {
    var stage = Stage()
    stage.look(7, share: 0.06)
    stage.look(500, share: 0, requests: 49, unread: [.failures])
    #expect(stage.told == ["began"])
    // What was measured of enough requests says that it is over, however few looks there were.
    stage.look(31, share: 0, requests: 50, unread: [.failures])
    #expect(stage.told == ["began", "ended"])
  }

  @Test func `too few requests say nothing`() {
    var stage = Stage()
    stage.look(100, share: 1, requests: 49)
    #expect(stage.told.isEmpty)
    stage.look(7, share: 1, requests: 50)
    #expect(stage.told == ["began"])
  }

  @Test func `a rule that is switched off ends its alerts at once`() throws {
    var stage = Stage()
    stage.look(7, share: 0.06)
    stage.rules = try AlertRules(parsing: Array("alerts: gatehouse/v1\nrules:\n  - failures: off\n".utf8))
    stage.look(1, share: 0.06)
    #expect(stage.told == ["began", "ended"])
  }

  @Test func `a clock that is put back begins nothing early`() {
    var stage = Stage()
    stage.look(6, share: 0.06)
    stage.seconds -= 3600
    stage.look(6, share: 0.06)
    #expect(stage.told.isEmpty)
    stage.look(1, share: 0.06)
    #expect(stage.told == ["began"])
  }

  @Test func `there are no more alerts at a time than there is room for, and it is said that there are not`()
  {
    var book = AlertBook()
    let measured = (0...AlertBook.limit).map {
      AlertMeasurement(AlertSource(.deliveries, of: nil, "webhook \($0)"), 9, "nine attempts")
    }
    let now = Timestamp(milliseconds: Self.start)
    #expect(book.take(measured, by: .standard, at: now).count == AlertBook.limit)
    #expect(book.isFull)
    #expect(book.take([], by: .standard, at: now).count == AlertBook.limit)
    #expect(!book.isFull)
  }
}
