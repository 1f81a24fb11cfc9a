import Alerting
import Domain
import Encoding
import Testing

/// What came to a deployment, whatever became of the processes that counted it.
struct TrafficHistoryTests {
  private static func moment(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1000)
  }

  private static func counts(_ answered: Int, failed: Int = 0, _ instance: String = "a") throws -> PlaneCounts
  {
    var version = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
    version.answered = answered
    version.failed = failed
    version.latency[3] = answered
    return PlaneCounts(instance: instance, versions: [version])
  }

  private func came(_ history: TrafficHistory, _ from: Int64, _ until: Int64) throws -> Traffic? {
    let traffic = history.traffic(
      of: try ModelName(parsing: "iris"), from: Self.moment(from), until: Self.moment(until))
    return traffic?.versions.values.reduce(Traffic(), +)
  }

  @Test func `what was counted before the first look is nobody's`() throws {
    var history = TrafficHistory()
    history.take(try Self.counts(1000), at: Self.moment(0))
    #expect(try came(history, 0, 10) == nil)
    history.take(try Self.counts(1010, failed: 2), at: Self.moment(10))
    #expect(try came(history, 0, 10)?.requests == 12)
    #expect(try came(history, 0, 10)?.failedShare == 2.0 / 12)
  }

  @Test
  func `whatever processes say that they counted, however many they are, its figures can be worked out`()
    throws
  {
    var greatest = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
    (greatest.answered, greatest.refused, greatest.failed) = (1 << 48, 1 << 48, 1 << 48)
    greatest.latency = greatest.latency.map { _ in 1 << 48 }
    for stage in RequestStage.allCases { greatest.stages[stage] = 1 << 50 }
    for _ in 0..<3 { greatest.refusals.add("predict.malformed", of: "loud") }
    var members = try #require(greatest.json.object)
    members["refusals"] = .object([
      "causes": .object(["predict.malformed": .integer(1 << 48), "infer.element": .integer(1 << 48)]),
      "callers": .array([JSON](repeating: .integer(1 << 48), count: CauseCounts.placeCount)),
    ])
    var history = TrafficHistory()
    for look in 0..<30 {
      let versions = try (1...100).map { number in
        members["version"] = .string("iris@\(number)")
        return try #require(PlaneCounts.Version(json: .object(members)))
      }
      history.take(PlaneCounts(instance: "\(look)", versions: versions), at: Self.moment(Int64(look) * 10))
    }
    let traffic = try #require(try came(history, 0, 290))
    #expect(traffic.answered == .mostCounted && traffic.requests == 3 * .mostCounted)
    #expect(traffic.latency(0.99) != nil && traffic.mean != nil)
    #expect(traffic.sharedRefusedShare == 0 && traffic.refusals.total == 2 * .mostCounted)
    let onset = history.onset(
      of: try ModelName(parsing: "iris"), from: Self.moment(0), until: Self.moment(290), least: 1
    ) { $0.failedShare > 0.3 }
    #expect(onset != nil)
  }

  @Test func `what a process counts after one that counted beyond every bound is seen`() throws {
    var history = TrafficHistory()
    var liar = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
    liar.stages[.infer] = .longestTaken
    for look in 0..<3 {
      history.take(PlaneCounts(instance: "\(look)", versions: [liar]), at: Self.moment(Int64(look)))
    }
    history.take(try Self.counts(0, "honest"), at: Self.moment(10))
    history.take(try Self.counts(100, failed: 50, "honest"), at: Self.moment(20))
    #expect(try came(history, 10, 20)?.requests == 150)
  }

  @Test func `requests that are refused, however many, hide none that fail`() {
    var traffic = Traffic()
    #expect(traffic.failedShare == 0)
    (traffic.answered, traffic.failed, traffic.refused) = (50, 50, 2000)
    #expect(traffic.failedShare == 0.5)
    #expect(traffic.taken == 100)
  }

  @Test func `a process that takes the place of another begins at nothing, and what came before stays`()
    throws
  {
    var history = TrafficHistory()
    history.take(try Self.counts(0), at: Self.moment(0))
    history.take(try Self.counts(100), at: Self.moment(10))
    history.take(try Self.counts(30, "b"), at: Self.moment(20))
    #expect(try came(history, 0, 20)?.answered == 130)
    #expect(try came(history, 10, 20)?.answered == 30)
  }

  @Test func `a day of looks is some hundreds of them, and its sums are exact`() throws {
    var history = TrafficHistory()
    for turn in 0..<8640 { history.take(try Self.counts(turn), at: Self.moment(Int64(turn) * 10)) }
    #expect(try came(history, 0, 86_390)?.answered == 8639)
    #expect(try came(history, 86_090, 86_390)?.answered == 30)
  }

  @Test func `stages of answers, and who came to none, are of the span that is asked for`()
    throws
  {
    let name = try ModelName(parsing: "iris")
    func counts(_ answered: Int, _ inference: Int, away: Int) throws -> PlaneCounts {
      var version = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
      (version.answered, version.latency[3]) = (answered, answered)
      version.stages[.infer] = inference
      var counts = PlaneCounts(instance: "a", versions: [version])
      var turned = CauseCounts()
      for _ in 0..<away { turned.add("key.unknown", of: nil) }
      counts.turnedAway[name] = turned
      return counts
    }
    var history = TrafficHistory()
    history.take(try counts(0, 0, away: 4), at: Self.moment(0))
    history.take(try counts(10, 20_000_000, away: 5), at: Self.moment(10))
    history.take(try counts(20, 120_000_000, away: 9), at: Self.moment(20))
    #expect(try came(history, 0, 10)?.mean(.infer) == 2)
    #expect(try came(history, 10, 20)?.mean(.infer) == 10)
    #expect(try came(history, 10, 20)?.mean == 10)
    #expect(history.traffic(of: name, from: Self.moment(0), until: Self.moment(20))?.turnedAway.total == 5)
    #expect(history.traffic(of: name, from: Self.moment(10), until: Self.moment(20))?.turnedAway.total == 4)
  }

  @Test func `since when it has been bad is where the first bad minute began after which none was good`()
    throws
  {
    var history = TrafficHistory()
    var (answered, failed) = (0, 0)
    for minute in 0..<20 {
      history.take(try Self.counts(answered, failed: failed), at: Self.moment(Int64(minute) * 60))
      answered += 90
      // One bad minute that is over, and then all from the twelfth on.
      if minute == 4 || minute >= 12 { failed += 60 }
    }
    func onset(_ least: Int = 20, _ isBad: (Traffic) -> Bool) throws -> Timestamp? {
      history.onset(
        of: try ModelName(parsing: "iris"), from: Self.moment(0), until: Self.moment(20 * 60), least: least,
        isBad)
    }
    #expect(try onset { $0.failedShare > 0.1 } == Self.moment(12 * 60))
    #expect(try onset { $0.failedShare > 0.9 } == nil)
    #expect(try onset(100_000) { _ in true } == nil)
  }

  @Test func `one caller who is refused in a loop is no trouble of the others, unless half of all is theirs`()
  {
    var traffic = Traffic()
    traffic.answered = 700
    traffic.refused = 300
    for _ in 0..<290 { traffic.refusals.add("predict.malformed", of: "loud") }
    for _ in 0..<10 { traffic.refusals.add("predict.malformed", of: "quiet") }
    #expect(traffic.refusedShare == 0.3)
    #expect(traffic.sharedRefusedShare == 10.0 / 710)
    traffic.answered = 200
    #expect(traffic.sharedRefusedShare == traffic.refusedShare)
    // Of a process that does not say who it was.
    traffic.refusals = CauseCounts()
    #expect(traffic.sharedRefusedShare == traffic.refusedShare)
  }

  @Test func `the time within which a share of answers came is the bound above it`() {
    var traffic = Traffic()
    #expect(traffic.latency(0.99) == nil)
    traffic.latency[4] = 98
    traffic.latency[15] = 2
    #expect(traffic.latency(0.5) == 0.25)
    #expect(traffic.latency(0.99) == 1000)
    traffic.latency[LatencyBounds.bucketCount - 1] = 500
    #expect(traffic.latency(0.99) == 20_000)
  }
}
