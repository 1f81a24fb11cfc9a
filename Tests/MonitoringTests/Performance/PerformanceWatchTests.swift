import Domain
import Encoding
import TestKit
import Testing

@testable import Monitoring

/// When a version is said to be worse than it was.
@Suite struct PerformanceWatchTests {
  /// How many of so many rows are wrong, by one uniform draw: the distribution as a table.
  private struct Wrong {
    let rows: Int
    private let isTurned: Bool
    private var below: [Double] = []

    init(_ wanted: Double, of rows: Int) {
      self.rows = rows
      // Of the smaller of both, whose probability of none is a number.
      isTurned = wanted > 0.5
      let share = isTurned ? 1 - wanted : wanted
      var (probability, sum) = (exponential(Double(rows) * naturalLogarithm(onePlus: -share)), 0.0)
      for count in 0...rows {
        sum += probability
        below.append(sum)
        probability *= Double(rows - count) / Double(count + 1) * share / (1 - share)
      }
    }

    func draw(_ draws: inout Draws) -> Int {
      let draw = draws.uniform()
      var (low, high) = (0, rows)
      while low < high {
        let middle = (low + high) / 2
        if below[middle] < draw { low = middle + 1 } else { high = middle }
      }
      return isTurned ? rows - low : low
    }
  }

  private static func start(_ day: Int) -> Timestamp {
    Timestamp(milliseconds: 1_700_006_400_000 + Int64(day) * 86_400_000)
  }

  private static func classes(_ day: Int, _ wrong: Wrong, _ draws: inout Draws) -> LabelledDay {
    LabelledDay(from: start(day), misses: wrong.draw(&draws), of: wrong.rows)
  }

  /// Errors without a mean: one in ten is greater than nine, one in a thousand than 999.
  private static func errors(_ count: Int, _ factor: Double, _ draws: inout Draws) -> [Double] {
    (0..<count).map { _ in factor * (1 / max(draws.uniform(), 1e-300) - 1) }
  }

  private static func isRaised(_ turn: PerformanceWatch.Turn?) -> Bool {
    if case .raised? = turn { true } else { false }
  }

  // MARK: What is promised

  @Test func `in 200 years of steady traffic with a look each day hardly any version is told of`() {
    var draws = Draws(seed: 51)
    let traffic = [30, 200, 1000].flatMap { rows in [0.02, 0.07, 0.25].map { Wrong($0, of: rows) } }
    var alarms = 0
    for model in 0..<200 {
      let wrong = traffic[model % traffic.count]
      var watch = PerformanceWatch()
      for day in 0..<365 where Self.isRaised(watch.take(Self.classes(day, wrong, &draws))) { alarms += 1 }
      #expect(watch.reference != nil)
    }
    // What is stated is one percent of them.
    #expect(alarms == 0)
  }

  @Test func `nor where the share is the greatest that is allowed`() {
    var draws = Draws(seed: 52)
    var alarms = 0
    for _ in 0..<15 {
      var watch = PerformanceWatch()
      for day in 0..<7 { _ = watch.take(LabelledDay(from: Self.start(day), misses: 7, of: 100)) }
      let wrong = Wrong(watch.reference?.allowed ?? 0, of: 100)
      for day in 7..<372 where Self.isRaised(watch.take(Self.classes(day, wrong, &draws))) { alarms += 1 }
    }
    #expect(alarms == 0)
  }

  @Test(arguments: [(0.03, 1), (0.07, 1), (0.15, 2), (0.25, 5), (0.45, 12)])
  func `a fall of ten points at 1000 labels a day is found within days`(share: Double, days: Int) {
    let (before, after) = (Wrong(share, of: 1000), Wrong(share + 0.1, of: 1000))
    var needed: [Int] = []
    for model in 0..<30 {
      var draws = Draws(seed: 530 + UInt64(model))
      var watch = PerformanceWatch()
      for day in 0..<100 { _ = watch.take(Self.classes(day, before, &draws)) }
      #expect(watch.alarm == nil)
      needed.append((1...60).first { Self.isRaised(watch.take(Self.classes(100 + $0, after, &draws))) } ?? 99)
    }
    #expect(needed.allSatisfy { $0 <= days }, "\(needed.sorted())")
  }

  @Test func `errors of any distribution are told of where they grow, and not else`() {
    var draws = Draws(seed: 54)
    var needed: [Int] = []
    for _ in 0..<10 {
      var watch = PerformanceWatch()
      for day in 0..<200 {
        let errors = Self.errors(50, 1, &draws)
        #expect(watch.take(LabelledDay(from: Self.start(day), errors: errors)) == nil)
      }
      needed.append(
        (1...200).first {
          Self.isRaised(
            watch.take(LabelledDay(from: Self.start(200 + $0), errors: Self.errors(50, 3, &draws))))
        } ?? 999)
    }
    #expect(needed.allSatisfy { $0 <= 30 }, "\(needed.sorted())")
  }

  @Test func `the bound of a share is Clopper and Pearson's`() {
    #expect(abs(Interval.greatestShare(0, of: 200, risk: 0.005) - 0.026143) < 1e-6)
    #expect(abs(Interval.greatestShare(10, of: 200, risk: 0.005) - 0.103962) < 1e-6)
    #expect(abs(Interval.greatestShare(140, of: 2000, risk: 0.005) - 0.085996) < 1e-6)
    #expect(Interval.greatestShare(5, of: 5, risk: 0.005) == 1)
  }

  // MARK: One alarm, and its end

  @Test func `an alarm comes once, ends, and may come again, and every day goes on from what was kept`()
    throws
  {
    var watch = PerformanceWatch()
    var turns: [String] = []
    for (day, misses) in zip(0..., [Int](repeating: 20, count: 8) + [100, 100, 100, 60, 20, 20, 100, 100]) {
      let kept = try JSON(parsing: watch.json.canonicalBytes)
      watch = try #require(PerformanceWatch(json: kept))
      switch watch.take(LabelledDay(from: Self.start(day), misses: misses, of: 400)) {
      case .raised(let alarm): turns.append("\(day) raised \(alarm.words)")
      case .ended(let words): turns.append("\(day) ended \(words)")
      case nil: break
      }
    }
    #expect(
      turns == [
        "8 raised accuracy 0.750 (0.705 to 0.790) of 400 labelled rows of 1 day since \(Self.start(8)); was 0.950 (0.941 to"
          + " 0.957) of 2800",
        "12 ended accuracy 0.950 (0.924 to 0.967) of 400 labelled rows of 1 day since \(Self.start(12)); was 0.950 (0.941"
          + " to 0.957) of 2800",
        "14 raised accuracy 0.750 (0.705 to 0.790) of 400 labelled rows of 1 day since \(Self.start(14)); was 0.950 (0.941"
          + " to 0.957) of 2800",
      ])
    #expect(watch.alarm?.days == 1)
    #expect(watch.summary["reference"]?["rows"] == 2800)
  }

  @Test func `the words of errors say what was held against what`() throws {
    var watch = PerformanceWatch()
    for day in 0..<7 {
      _ = watch.take(LabelledDay(from: Self.start(day), errors: (0..<100).map { Double($0) / 10 }))
    }
    let day = LabelledDay(from: Self.start(7), errors: (0..<100).map { Double($0) / 5 })
    let turn = watch.take(day)
    let kept = try #require(PerformanceWatch(json: try JSON(parsing: watch.json.canonicalBytes)))
    #expect(kept == watch)
    guard case .raised(let alarm)? = turn else {
      Issue.record("no alarm: \(watch.json.canonicalText)")
      return
    }
    #expect(
      alarm.words
        == "60.0 % of the errors of 100 labelled rows of 1 day since \(Self.start(7)) are greater than 80 % of those of the"
        + " first 700 were; mae 9.900 (8.763 to 11.04), was 4.950 (4.736 to 5.164)")
  }

  @Test func `a day that is a week after the first makes the reference, and too few rows none`() {
    var watch = PerformanceWatch()
    for day in 0..<7 { _ = watch.take(LabelledDay(from: Self.start(day), misses: 1, of: 25)) }
    #expect((watch.gatheredRows, watch.reference) == (175, nil))
    _ = watch.take(LabelledDay(from: Self.start(9), misses: 1, of: 25))
    #expect(watch.reference?.rows == 200)
    #expect(watch.reference?.days == 8)
  }

  @Test func `a day is what its labelled rows say, and an error beyond every number is greater than all`()
    throws
  {
    let classes = [
      LabelledPrediction(.classes(2, confidence: nil), .classes(2)), .init(.binary(1, probability: 0.5)),
    ]
    let day = try #require(LabelledDay(from: Self.start(0), classes))
    #expect((day.metric, day.rows, day.misses) == (.accuracy, 1, 0))
    let numbers = [LabelledPrediction(.number(-1e308), .number(1e308)), .init(.number(2), .number(3.5))]
    #expect(LabelledDay(from: Self.start(0), numbers)?.errors == [.greatestFiniteMagnitude, 1.5])
    #expect(LabelledDay(from: Self.start(0), [.init(.number(2))]) == nil)
  }

  @Test(arguments: [
    "{}", #"{"days":[[0,1,2,[1,1,1]]],"gathered":null,"reference":null,"alarm":null}"#,
    #"{"days":[],"gathered":{"metric":"f1"},"reference":null,"alarm":null}"#,
    #"{"days":[],"gathered":null,"reference":{"metric":"accuracy","allowed":7},"alarm":null}"#,
    #"{"days":[],"gathered":null,"reference":null,"alarm":3}"#,
  ]) func `what no watch wrote is read as none`(text: String) throws {
    #expect(PerformanceWatch(json: try JSON(parsing: Array(text.utf8))) == nil)
  }
}
