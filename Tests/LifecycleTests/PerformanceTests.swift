import Access
import Alerting
import Domain
import Encoding
import Monitoring
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// A version that is worse than it was, by labels: who is told, how often, and until when.
@Suite struct PerformanceTests {
  private let bench: Bench
  private let version = VersionReference(name: Sample.name(), version: .first)

  init() throws { bench = try Bench() }

  private init(_ faults: Bench.Faults) throws { bench = try Bench(faults) }

  /// A day on which 30 rows are answered and labelled, rightly or wrongly, and the day after it.
  private func live(_ number: Int, isRight: Bool, _ control: ControlPlane) async throws {
    await spool(number)
    #expect(try await control.collectRecords().failures == [])
    let given = try await control.giveFeedback(Self.labels(number, isRight: isRight), by: Sample.actor)
    #expect(given.turns.allSatisfy { $0 == .taken })
    bench.time.advance(by: .seconds(86_400))
    #expect(try await control.collectRecords().failures == [])
  }

  private static func labels(_ number: Int, isRight: Bool) -> [UInt8] {
    JSON.array(
      (1...30).map { line -> JSON in
        [
          "deployment": "iris", "receipt": .string("\(Sample.segmentName(number + 1))-\(line)"),
          "label": isRight ? 0 : 1,
        ]
      }
    ).canonicalBytes
  }

  private func spool(_ number: Int) async {
    let name = Sample.segmentName(number + 1)
    let moment = bench.time.now()
    var bytes: [UInt8] = []
    let header = RecordSegment.Header(segment: name.description, begun: moment, salt: "00")
    RecordSegment.append(header.json.canonicalBytes, to: &bytes)
    for _ in 0..<30 {
      var record = AccessRecord(time: moment, trace: String(repeating: "0", count: 32))
      (record.status, record.deployment, record.version) = (200, Sample.name(), 1)
      record.said = "[3,0,[0,0.9]]"
      var line: [UInt8] = []
      record.write(to: &line)
      RecordSegment.append(line, to: &bytes)
    }
    await bench.records.spool(name, bytes)
  }

  private func alarms(_ control: ControlPlane) async -> [String] {
    var history = TrafficHistory()
    let seen = await control.alerts.evidence.gather(&history, at: control.now())
    return seen.measured.filter { $0.source.rule == .performance }.map {
      "\($0.source.subject): \($0.figures)"
    }
  }

  private func entries() async throws -> [LedgerEntry] {
    try await bench.entries().filter { $0.act == .alert }
  }

  @Test func `it is told of once, wherever it is asked about, until it is over`() async throws {
    let words: String = try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      // Seven days and the one that follows them: of the last one labels may still come.
      for day in 0..<8 { try await live(day, isRight: true, control) }
      #expect(await alarms(control) == [])
      // One of them was right, and a week of them is what is held against the first.
      for day in 8..<14 { try await live(day, isRight: false, control) }
      #expect(await alarms(control) == [])
      try await live(14, isRight: false, control)
      let found = await alarms(control)
      let first = try #require(found.first)
      #expect(
        found.count == 1 && first.hasPrefix("iris@1: accuracy 0.143 (0.102 to 0.197) of 210 labelled"),
        "\(found)")
      let words = String(first.dropFirst("iris@1: ".count))
      let figures = try await control.feedbackFigures(of: Sample.name(), over: .seconds(35 * 86_400)).json
      #expect(figures["versions"]?.array?.first?["performance"]?["alarm"]?.string == words)
      let (evidence, diagnosis) = try await control.diagnose(Sample.name(), over: .seconds(3600))
      #expect(evidence.worse == [version: words])
      #expect(diagnosis.findings.contains { $0.cause == .data })
      return words
    }
    let entry = try #require(try await entries().first)
    #expect(try await entries().count == 1)
    #expect((entry.subject, entry.principal) == ("iris@1", .platform))
    #expect(
      (entry.details["state"], entry.details["role"], entry.details["aspect"]) == (
        "raised", "performance", "accuracy"
      ))
    #expect((entry.details["words"]?.string, entry.details["days"]) == (words, 7))
    // Another control plane goes on from what is kept.
    let next = bench.reopened()
    try await Bench.run(next) { control in
      _ = try await control.start()
      for day in 15..<17 { try await live(day, isRight: false, control) }
      #expect(try await entries().count == 1)
      #expect(await alarms(control).count == 1)
      for day in 17..<24 { try await live(day, isRight: true, control) }
      #expect(await alarms(control).count == 1)
      try await live(24, isRight: true, control)
      #expect(await alarms(control) == [])
    }
    #expect(try await entries().map { $0.details["state"] } == ["raised", "ended"])
  }

  @Test func `an entry that is in the ledger already is not written again after a crash`() async throws {
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      for day in 0..<8 { try await live(day, isRight: true, control) }
      for day in 8..<15 { try await live(day, isRight: false, control) }
      let entry = try #require(try await entries().first)
      // As it is where the step after the entry was cut off.
      let state = try #require(await bench.feedback.performance(of: version))
      var known = VersionPerformance(json: state)
      #expect(known.news.isEmpty && known.kept(of: version).state == state)
      known.news = [
        VersionPerformance.News(
          id: try #require(entry.details["alert"]?.string), at: entry.time, metric: "accuracy",
          alarm: known.watch.alarm, words: "worse")
      ]
      try await bench.feedback.keep(known.kept(of: version), at: bench.time.now())
      #expect(await bench.feedback.versionsWithNews() == [version])
      _ = try await control.collectRecords()
      #expect(await bench.feedback.versionsWithNews() == [])
      #expect(try await entries().count == 1)
    }
  }

  /// Every durable step fails, done or not, and is made again with the next look; then another control plane takes over.
  @Test(arguments: FaultPlan.Fault.allCases)
  func `whatever step is cut off, a version that is worse is told of once`(fault: FaultPlan.Fault)
    async throws
  {
    var hasFailed = 0
    for write in 2...14 {
      var faults = Bench.Faults()
      faults.feedback = FaultPlan([write: fault])
      let tests = try PerformanceTests(faults)
      let bench = tests.bench
      try await bench.run { control in
        _ = try await Bench.push(Fixture.tree, to: control)
        try await bench.feedback.keep(Self.known.kept(of: version), at: bench.time.now())
        for day in 0..<3 {
          await tests.spool(day)
          for _ in 0..<2 { hasFailed += try await control.collectRecords().failures.count }
          let labels = Self.labels(day, isRight: false)
          do { _ = try await control.giveFeedback(labels, by: Sample.actor) } catch {
            hasFailed += 1
            _ = try await control.giveFeedback(labels, by: Sample.actor)
          }
          bench.time.advance(by: .seconds(86_400))
          for _ in 0..<2 { hasFailed += try await control.collectRecords().failures.count }
        }
      }
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        _ = try await control.collectRecords()
        #expect(await tests.alarms(control).count == 1, "write \(write)")
      }
      #expect(try await tests.entries().map { $0.details["state"] } == ["raised"], "write \(write)")
      #expect(await bench.feedback.versionsWithNews() == [])
    }
    #expect(hasFailed >= 10)
  }

  /// A version that was right in 210 rows of a week, and on one day since.
  private static var known: VersionPerformance {
    var known = VersionPerformance()
    let rows = [LabelledPrediction](
      repeating: LabelledPrediction(.classes(0, confidence: 0.9), .classes(0)), count: 30)
    for day in 0..<8 {
      let start = Timestamp(milliseconds: Int64(day) * FeedbackWindow.length)
      known.take(start, rows, of: VersionReference(name: Sample.name(), version: .first), at: start)
    }
    return known
  }

  @Test func `a day is taken when no label of it came for a day`() throws {
    var known = VersionPerformance()
    let day = Timestamp(milliseconds: 0)
    func at(_ hours: Int64) -> Timestamp { Timestamp(milliseconds: hours * 3_600_000) }
    var ready: [Bool] = []
    // One more label, or one that is put right, and it waits anew.
    for (labels, hours) in [(0, 24), (3, 25), (3, 48), (4, 49), (4, 72), (4, 73)] as [(Int, Int64)] {
      ready.append(known.isReady(day, labels: labels, at: at(hours)))
    }
    #expect(ready == [false, false, false, false, false, true])
    known.take(day, [LabelledPrediction(.binary(1, probability: nil), .classes(1))], of: version, at: at(73))
    #expect(known.watch.gatheredRows == 1)
    let isReadyAgain = known.isReady(day, labels: 5, at: at(200))
    #expect(!isReadyAgain)
    known.take(day, [LabelledPrediction(.binary(1, probability: nil), .classes(1))], of: version, at: at(200))
    #expect(known.watch.gatheredRows == 1)
    #expect(VersionPerformance(json: known.kept(of: version).state) == known)
  }
}
