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

  private static func median(_ counts: [Int]) -> Int { counts.sorted()[counts.count / 2] }

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

  @Test func `nor where every weekend is worse than the days before it`() {
    var alarms = 0
    for model in 0..<20 {
      var draws = Draws(seed: 560 + UInt64(model))
      let (weekday, weekend) = (Wrong(0.075, of: 1000), Wrong(0.18, of: 1000))
      var watch = PerformanceWatch()
      for day in 0..<365 {
        let turn = watch.take(Self.classes(day, day % 7 < 5 ? weekday : weekend, &draws))
        if turn != nil { alarms += 1 }
      }
    }
    #expect(alarms == 0)
  }

  @Test func `nor where some days never come, in the first week and later`() {
    var alarms = 0
    for model in 0..<20 {
      var draws = Draws(seed: 580 + UInt64(model))
      let (weekday, weekend) = (Wrong(0.18, of: 1000), Wrong(0.075, of: 1000))
      var watch = PerformanceWatch()
      for day in 0..<365 where draws.uniform() < 0.7 {
        let turn = watch.take(Self.classes(day, day % 7 < 5 ? weekday : weekend, &draws))
        if turn != nil { alarms += 1 }
      }
      #expect(watch.reference != nil)
    }
    #expect(alarms == 0)
  }

  /// The figures of `docs/monitoring.md`: the median of thirty, the fewest and the most.
  @Test(arguments: [
    (0.03, [2, 2, 3]), (0.07, [3, 2, 4]), (0.15, [4, 4, 5]), (0.25, [6, 5, 6]), (0.45, [8, 6, 14]),
  ])
  func `a fall of ten points at 1000 labels a day is found within days`(share: Double, figures: [Int?]) {
    let (before, after) = (Wrong(share, of: 1000), Wrong(share + 0.1, of: 1000))
    var needed: [Int] = []
    for model in 0..<30 {
      var draws = Draws(seed: 530 + UInt64(model))
      var watch = PerformanceWatch()
      for day in 0..<100 { _ = watch.take(Self.classes(day, before, &draws)) }
      #expect(watch.alarm == nil)
      needed.append((1...60).first { Self.isRaised(watch.take(Self.classes(99 + $0, after, &draws))) } ?? 99)
    }
    #expect([Self.median(needed), needed.min(), needed.max()] == figures, "\(needed.sorted())")
  }

  /// Five points are at the edge of what is told of: allowed are some four, by what seven days at 0.75 can have been and a tenth.
  @Test(arguments: [(0.30, 17), (0.32, 30)])
  func `a fall that stays is told of once, and is not over by chance`(share: Double, found: Int) {
    let (before, after) = (Wrong(0.25, of: 1000), Wrong(share, of: 1000))
    var (needed, ended): ([Int], Int) = ([], 0)
    for model in 0..<30 {
      var draws = Draws(seed: 600 + UInt64(model))
      var watch = PerformanceWatch()
      for day in 0..<100 { _ = watch.take(Self.classes(day, before, &draws)) }
      for day in 100..<300 {
        switch watch.take(Self.classes(day, after, &draws)) {
        case .raised: needed.append(day - 99)
        case .ended: ended += 1
        case nil: break
        }
      }
    }
    #expect((needed.count, ended) == (found, 0), "\(needed.sorted())")
  }

  @Test func `that it is over is found`() {
    let (good, bad) = (Wrong(0.07, of: 1000), Wrong(0.17, of: 1000))
    var needed: [Int] = []
    for model in 0..<30 {
      var draws = Draws(seed: 640 + UInt64(model))
      var watch = PerformanceWatch()
      for day in 0..<30 { _ = watch.take(Self.classes(day, good, &draws)) }
      for day in 30..<60 { _ = watch.take(Self.classes(day, bad, &draws)) }
      #expect(watch.alarm != nil)
      for day in 60..<120 {
        if case .ended? = watch.take(Self.classes(day, good, &draws)) { needed.append(day - 59) }
      }
    }
    #expect((needed.count, needed.min(), needed.max()) == (30, 6, 8), "\(needed.sorted())")
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
    #expect([Self.median(needed), needed.max()] == [12, 31], "\(needed.sorted())")
  }

  @Test func `the bound of a share is Clopper and Pearson's`() {
    #expect(abs(Interval.greatestShare(0, of: 200, risk: 0.005) - 0.026143) < 1e-6)
    #expect(abs(Interval.greatestShare(10, of: 200, risk: 0.005) - 0.103962) < 1e-6)
    #expect(abs(Interval.greatestShare(140, of: 2000, risk: 0.005) - 0.085996) < 1e-6)
    #expect(Interval.greatestShare(5, of: 5, risk: 0.005) == 1)
    #expect(Interval.isShare(of: 10, in: 200, lessThan: 0.103963, risk: 0.005))
    #expect(!Interval.isShare(of: 10, in: 200, lessThan: 0.103961, risk: 0.005))
    #expect(!Interval.isShare(of: 10, in: 10, lessThan: 1, risk: 0.005))
  }

  @Test func `days of many errors weigh no more than they did in the first weeks`() {
    var draws = Draws(seed: 57)
    var watch = PerformanceWatch()
    for day in 0..<100 {
      let errors =
        day % 7 < 5 ? Self.errors(2000, 3, &draws) : Self.errors(200, 1, &draws)
      #expect(watch.take(LabelledDay(from: Self.start(day), errors: errors)) == nil)
    }
    #expect(watch.reference != nil)
  }

  // MARK: One alarm, and its end

  @Test func `an alarm comes once, ends, and may come again, and every day goes on from what was kept`()
    throws
  {
    var watch = PerformanceWatch()
    var turns: [String] = []
    let misses = [20, 100, 20, 100].flatMap { [Int](repeating: $0, count: 10) }
    for (day, misses) in misses.enumerated() {
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
        "13 raised accuracy 0.836 (0.822 to 0.849) of 2800 labelled rows of 7 days since \(Self.start(7)); was 0.950 (0.941"
          + " to 0.957) of 2800",
        "26 ended accuracy 0.950 (0.941 to 0.957) of 2800 labelled rows of 7 days since \(Self.start(20)); was 0.950 (0.941"
          + " to 0.957) of 2800",
        "33 raised accuracy 0.836 (0.822 to 0.849) of 2800 labelled rows of 7 days since \(Self.start(27)); was 0.950 (0.941"
          + " to 0.957) of 2800",
      ])
    #expect(watch.alarm?.days == 7)
    #expect(watch.summary["reference"]?["rows"] == 2800)
  }

  @Test func `the words of errors say what was held against what`() throws {
    var watch = PerformanceWatch()
    for day in 0..<7 {
      _ = watch.take(LabelledDay(from: Self.start(day), errors: (0..<100).map { Double($0) / 10 }))
    }
    var turn: PerformanceWatch.Turn?
    for day in 7..<14 {
      #expect(turn == nil)
      turn = watch.take(LabelledDay(from: Self.start(day), errors: (0..<100).map { Double($0) / 5 }))
    }
    let kept = try #require(PerformanceWatch(json: try JSON(parsing: watch.json.canonicalBytes)))
    #expect(kept == watch)
    guard case .raised(let alarm)? = turn else {
      Issue.record("no alarm: \(watch.json.canonicalText)")
      return
    }
    #expect(
      alarm.words
        == "60.0 % of the errors of 700 labelled rows of 7 days since \(Self.start(7)) are greater than 80 % of those of the"
        + " first 700 were; mae 9.900 (9.472 to 10.33), was 4.950 (4.736 to 5.164)")
  }

  // MARK: Weeks

  /// Takes days with so many of 400 rows wrong, and says what began and ended, and when.
  ///
  /// Those that are none do not come.
  private static func take(_ misses: [Int?], from first: Int, _ watch: inout PerformanceWatch) -> [String] {
    var turns: [String] = []
    for (day, misses) in misses.enumerated() {
      guard let misses else { continue }
      switch watch.take(LabelledDay(from: start(first + day), misses: misses, of: 400)) {
      case .raised(let alarm): turns.append("raised \(first + day) of \(alarm.days)")
      case .ended: turns.append("ended \(first + day)")
      case nil: break
      }
    }
    return turns
  }

  @Test func `a reference is of whole weeks, of as many as it takes to have rows enough`() {
    var watch = PerformanceWatch()
    for day in 0..<7 { _ = watch.take(LabelledDay(from: Self.start(day), misses: 1, of: 25)) }
    #expect((watch.gatheredRows, watch.reference) == (175, nil))
    // The first of the second week, and there are 200: it waits for the others of that week.
    for day in 7..<14 {
      #expect(watch.reference == nil)
      _ = watch.take(LabelledDay(from: Self.start(day), misses: 1, of: 25))
    }
    #expect(watch.reference?.rows == 350)
    #expect(watch.reference?.days == 14)
  }

  @Test func `days that do not come, or come late, have those before stand in their place`() {
    var watch = PerformanceWatch()
    let week: [Int?] = [20, 20, 20, 20, 20, 60, 60]
    #expect(Self.take(week + week + week, from: 0, &watch) == [])
    // Without its weekend it is no better, and a weekend that comes last no worse.
    #expect(Self.take([20, nil, 20, 20, 20, nil, nil], from: 21, &watch) == [])
    #expect(Self.take([20, 20, 20], from: 28, &watch) == [])
    #expect(Self.take([60, 60], from: 26, &watch) == [])
    #expect(Self.take([nil, 100, 100, 100, 100], from: 30, &watch) == ["raised 32 of 7"])
  }

  @Test func `where nobody asks at weekends the other days are watched, and what came once is no matter`() {
    var watch = PerformanceWatch()
    let week: [Int?] = [20, 20, 20, 20, 20, nil, nil]
    #expect(Self.take([20, 20, 20, 20, 20, 20, nil] + week + week, from: 0, &watch) == [])
    #expect(watch.reference?.days == 6)
    // There is nothing to hold a Sunday against.
    #expect(Self.take([nil, nil, nil, nil, nil, nil, 400], from: 21, &watch) == [])
    #expect(Self.take([100, 100, 100, 100, 100], from: 28, &watch) == ["raised 29 of 5"])
  }

  @Test func `where the better days come no more the others are held against themselves`() {
    var watch = PerformanceWatch()
    let (week, rest): ([Int?], [Int?]) = ([80, 80, 80, 80, 80, 8, 8], [80, 80, 80, 80, 80, nil, nil])
    #expect(Self.take(week + week, from: 0, &watch) == [])
    #expect(Self.take((0..<40).flatMap { _ in rest }, from: 14, &watch) == [])
    #expect(Self.take([160, 160, 160, 160, 160], from: 294, &watch).count == 1)
  }

  @Test func `once a week is enough`() {
    var watch = PerformanceWatch()
    func week(_ misses: Int) -> [Int?] { [misses, nil, nil, nil, nil, nil, nil] }
    #expect(Self.take((0..<10).flatMap { _ in week(20) }, from: 0, &watch) == [])
    #expect(Self.take(week(100) + week(100), from: 70, &watch).first == "raised 70 of 1")
  }

  // MARK: What is read

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
    #"{"days":[[9223372036854775807,1,1,[1,1,1]]],"gathered":null,"reference":null,"alarm":null}"#,
    #"{"days":[],"gathered":{"metric":"mae","weekdays":[[1,0,[2]]]},"reference":null,"alarm":null}"#,
  ]) func `what no watch wrote is read as none`(text: String) throws {
    #expect(PerformanceWatch(json: try JSON(parsing: Array(text.utf8))) == nil)
  }

  @Test func `what the first release kept of versions is gone on from`() throws {
    let reference =
      #"{"metric":"accuracy","from":0,"until":604800000,"days":7,"rows":700,"value":0.95,"least":0.93,"greatest":0.96,"#
      + #""errorBound":null,"allowed":0.08}"#
    let days = #"[[604800000,100,5,[0,0,0]],[691200000,100,6,[0,0,0]]]"#
    let kept = #"{"days":\#(days),"gathered":null,"reference":\#(reference),"alarm":null}"#
    var watch = try #require(PerformanceWatch(json: try JSON(parsing: Array(kept.utf8))))
    #expect((watch.days.count, watch.reference?.rows) == (2, 700))
    for day in 9..<16 {
      let start = Timestamp(milliseconds: Int64(day) * 86_400_000)
      _ = watch.take(LabelledDay(from: start, misses: 40, of: 100))
    }
    #expect(watch.alarm != nil)
    // Days that knew of no days of the week are none of a reference; others come within a week.
    let gathered =
      #"{"metric":"accuracy","first":0,"last":86400000,"days":2,"rows":90,"misses":3,"errors":[],"sum":[0,0,0]}"#
    let begun = #"{"days":[],"gathered":\#(gathered),"reference":null,"alarm":null}"#
    let anew = try #require(PerformanceWatch(json: try JSON(parsing: Array(begun.utf8))))
    #expect(anew == PerformanceWatch())
  }
}
