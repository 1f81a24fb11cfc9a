import Access
import Domain
import Encoding
import Monitoring
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// What becomes of predictions and of labels that come for them later.
@Suite struct FeedbackTests {
  private static let first = Sample.segmentName(1)
  private static let second = Sample.segmentName(2)
  private static let day: Int64 = 86_400_000

  /// A segment whose records have what the iris tree said, one row each.
  private static func segment(
    _ name: SegmentName, _ said: [String], at moment: Timestamp, key: String? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let header = RecordSegment.Header(segment: name.description, begun: moment, salt: "00")
    RecordSegment.append(header.json.canonicalBytes, to: &bytes)
    for text in said {
      var record = AccessRecord(time: moment, trace: String(repeating: "0", count: 32))
      record.status = 200
      record.deployment = Sample.name()
      record.version = 1
      record.said = text
      record.feedbackKey = key.map {
        FeedbackKey.digest($0, of: Sample.name(), salt: InMemoryRecordStore.salt)
      }
      var line: [UInt8] = []
      record.write(to: &line)
      RecordSegment.append(line, to: &bytes)
    }
    return bytes
  }

  private static func labels(_ name: SegmentName, _ labels: [JSON], from line: Int = 1) -> [UInt8] {
    JSON.array(
      labels.enumerated().map { place, label in
        ["deployment": "iris", "receipt": .string("\(name)-\(line + place)"), "label": label]
      }
    ).canonicalBytes
  }

  private static func figures(_ control: ControlPlane, days: Int64 = 35) async throws -> JSON {
    try await control.feedbackFigures(of: Sample.name(), over: .seconds(days * 86_400)).json
  }

  private static func total(_ figures: JSON) -> JSON {
    figures["versions"]?.array?.first?["total"] ?? .null
  }

  @Test func `labels find their predictions, and the ledger has who sent how many and no label`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let said = ["[3,0,[0,0.9]]", "[3,0,[1,0.8]]", "[3,0,[2,0.7]]", "[3,0,[1]]"]
      await bench.records.spool(Self.first, Self.segment(Self.first, said, at: bench.time.now()))
      #expect(try await control.collectRecords().kept == [Self.first])
      let given = try await control.giveFeedback(
        Self.labels(Self.first, [0, "1", 1, 9, 0]), by: Sample.actor)
      #expect(given.turns == [.taken, .taken, .taken, .unlike, .unknown])
      #expect(
        try await control.giveFeedback(Self.labels(Self.first, [0, 2]), by: Sample.actor).turns
          == [.repeated, .corrected])
      let figures = try await Self.figures(control)
      let total = Self.total(figures)
      #expect((total["predictions"], total["labelled"], total["corrections"]) == (4, 3, 1))
      // Of three labels one is what was said.
      #expect(total["metrics"]?["accuracy"]?["value"]?.double == 1.0 / 3)
      #expect(figures["labels"] == ["repeated": 1, "unknown": 1, "unlike": 1, "pending": 0])
    }
    let entries = try await bench.entries().filter { $0.act == .giveFeedback }
    #expect(entries.map(\.phase) == [.begun, .done, .begun, .done])
    let entry = try #require(entries.dropFirst().first)
    #expect((entry.subject, entry.principal) == ("iris", Sample.actor.principal))
    #expect(entry.details["labels"] == 5)
    #expect((entry.details["taken"], entry.details["unlike"], entry.details["unknown"]) == (3, 1, 1))
    #expect(
      entry.details["digest"]?.string
        == Digest(of: InMemoryRecordStore.salt + Self.labels(Self.first, [0, "1", 1, 9, 0])).description)
    #expect(await bench.audit().problems == [])
  }

  @Test func `labels wait for predictions that are in the spool still, by receipt and by key`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let byKey: JSON = [["deployment": "iris", "key": "order-7", "row": 1, "label": 2]]
      #expect(
        try await control.giveFeedback(Self.labels(Self.first, [0]), by: Sample.actor).turns == [.pending])
      #expect(
        try await control.giveFeedback(byKey.canonicalBytes, by: Sample.actor).turns == [.pending])
      await bench.records.spool(
        Self.first, Self.segment(Self.first, ["[3,0,[0]]"], at: bench.time.now()))
      await bench.records.spool(
        Self.second,
        Self.segment(Self.second, ["[3,2,[0],[2,0.5]]"], at: bench.time.now(), key: "order-7"))
      #expect(try await control.collectRecords().kept == [Self.first, Self.second])
      let total = Self.total(try await Self.figures(control))
      #expect((total["predictions"], total["unkept"], total["labelled"]) == (5, 2, 2))
      #expect(total["metrics"]?["accuracy"]?["value"]?.double == 1)
      #expect(try await control.giveFeedback(byKey.canonicalBytes, by: Sample.actor).turns == [.repeated])
    }
  }

  /// Every durable step of the collection fails, done or not; then another control plane takes over.
  @Test(arguments: FaultPlan.Fault.allCases)
  func `no prediction is lost and none counts twice, whatever step is cut off`(fault: FaultPlan.Fault)
    async throws
  {
    for isOfTheRecords in [true, false] {
      for write in 1...4 {
        var faults = Bench.Faults()
        if isOfTheRecords {
          faults.records = FaultPlan([write: fault])
        } else {
          faults.feedback = FaultPlan([write: fault])
        }
        let bench = try Bench(faults)
        try await bench.run { control in _ = try await Bench.push(Fixture.tree, to: control) }
        for name in [Self.first, Self.second] {
          await bench.records.spool(
            name, Self.segment(name, ["[3,0,[0]]", "[3,0,[1]]"], at: bench.time.now()))
        }
        _ = try await bench.control.collectRecords()
        let next = bench.reopened()
        try await Bench.run(next) { control in
          _ = try await control.start()
          _ = try await control.collectRecords()
          _ = try await control.collectRecords()
          #expect(Self.total(try await Self.figures(control))["predictions"] == 4)
          #expect(await bench.records.keptNames() == [Self.first, Self.second])
        }
      }
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `labels that were cut off are sent again and count once`(fault: FaultPlan.Fault) async throws {
    var faults = Bench.Faults()
    // The first write keeps the segment, the second is the hour's tidying, the third takes the labels.
    faults.feedback = FaultPlan([3: fault])
    let bench = try Bench(faults)
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      await bench.records.spool(Self.first, Self.segment(Self.first, ["[3,0,[0]]"], at: bench.time.now()))
      _ = try await control.collectRecords()
      let labels = Self.labels(Self.first, [0])
      await #expect(throws: Problem.self) { try await control.giveFeedback(labels, by: Sample.actor) }
      let again = try await control.giveFeedback(labels, by: Sample.actor)
      #expect(again.turns == [fault == .persisted ? .repeated : .taken])
      let total = Self.total(try await Self.figures(control))
      #expect((total["labelled"], total["corrections"]) == (1, 0))
    }
    let phases = try await bench.entries().filter { $0.act == .giveFeedback }.map(\.phase)
    #expect(phases == [.begun, .failed, .begun, .done])
  }

  @Test func `what is masked is not kept, and goes out of what was`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      await bench.records.spool(Self.first, Self.segment(Self.first, ["[3,0,[0,0.9]]"], at: bench.time.now()))
      _ = try await control.collectRecords()
      let window = FeedbackWindow(
        VersionReference(name: Sample.name(), version: .first), of: bench.time.now())
      func mask(_ names: [String]) async throws {
        try await control.setRecords(
          try RecordsPolicy(payloadMillionths: 0, masked: names, whenSpoolFull: nil), of: Sample.name(),
          by: Sample.actor)
        _ = try await control.collectRecords()
      }
      try await mask(["predict_proba"])
      #expect(
        await bench.feedback.rows(of: window).rows == [LabelledPrediction(.classes(0, confidence: nil))])
      #expect(try await control.feedbackObstacle(Sample.name())?.hasPrefix("'predict_proba'") == true)
      try await mask(["predict"])
      #expect(await bench.feedback.rows(of: window).rows == [])
      #expect(try await control.feedbackObstacle(Sample.name())?.hasPrefix("'predict' is masked") == true)
      // A segment of a data plane that did not know of the mask yet.
      await bench.records.spool(Self.second, Self.segment(Self.second, ["[3,0,[1]]"], at: bench.time.now()))
      _ = try await control.collectRecords()
      #expect(await bench.feedback.rows(of: window).rows == [])
      #expect(
        try await control.giveFeedback(Self.labels(Self.second, [1]), by: Sample.actor).turns == [.unknown])
      // A label says what is masked: none waits.
      let byKey: JSON = [["deployment": "iris", "key": "order-7", "label": 2]]
      #expect(try await control.giveFeedback(byKey.canonicalBytes, by: Sample.actor).turns == [.unknown])
      #expect(await bench.feedback.counts(of: Sample.name()).pending == 0)
    }
  }

  @Test func `days without labels are estimated by what earlier days showed, with what that assumes`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      // Of the second class is said 0.9 or 0.1, and eight of ten times it is so.
      let said = (0..<60).map { "[2,0,[\($0 % 2),\($0 % 2 == 1 ? 0.9 : 0.1)]]" }
      let labels = (0..<60).map { JSON($0 / 2 % 10 < 8 ? $0 % 2 : 1 - $0 % 2) }
      let now = bench.time.now()
      let before = Timestamp(milliseconds: now.milliseconds - Self.day)
      await bench.records.spool(Self.first, Self.segment(Self.first, said, at: before))
      await bench.records.spool(Self.second, Self.segment(Self.second, Array(said.prefix(20)), at: now))
      _ = try await control.collectRecords()
      let days = { (figures: JSON) in figures["versions"]?.array?.first?["days"]?.array ?? [] }
      let without = try #require(days(try await Self.figures(control)).last)
      #expect(
        without["expected"]?["missing"]?.string
          == "earlier days have 0 labelled rows, and 50 are needed to learn what the probabilities mean")
      _ = try await control.giveFeedback(Self.labels(Self.first, labels), by: Sample.actor)
      let figures = days(try await Self.figures(control))
      let expected = try #require(figures.last?["expected"])
      // Both probabilities are right in 24 of 30 rows.
      #expect(abs(try #require(expected["accuracy"]?.double) - 0.8) < 1e-9)
      #expect(expected["calibrationRows"] == 60)
      let until = FeedbackWindow(VersionReference(name: Sample.name(), version: .first), of: before).end
      #expect(
        expected["assumes"]?.string
          == "what 60 labelled rows until \(until) say of its probabilities still holds; that the concept has"
          + " changed shows in labels alone")
      // Below what it was: a note.
      let version = VersionReference(name: Sample.name(), version: .first)
      var known = VersionPerformance()
      let rows = [LabelledPrediction](
        repeating: LabelledPrediction(.binary(1, probability: 1), .classes(1)), count: 100)
      for day in 0..<7 {
        known.take(Timestamp(milliseconds: Int64(day) * Self.day), rows, of: version, at: before)
      }
      try await bench.feedback.keep(known.kept(of: version), at: now)
      #expect(
        days(try await Self.figures(control)).last?["expected"]?["below"]?.string
          == "less than the 1.000 of its first 700 labelled rows: an estimate, of which no alarm is made")
      // A day whose labels have all come needs none.
      #expect(figures.first?["expected"] == nil)
      #expect(figures.first?["metrics"]?["accuracy"]?["value"] == 0.8)
    }
  }

  @Test func `where there is no room the oldest day becomes figures`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let store = InMemoryFeedback()
      let feedback = Feedback(
        registry: bench.registry, store: store, records: bench.records,
        said: BundleFacts(
          bundles: bench.bundles,
          seals: Seals(
            registry: bench.registry, bundles: bench.bundles, present: bench.sealingKey,
            store: bench.sealKeys)), time: bench.time, rowLimit: 3)
      let version = VersionReference(name: Sample.name(), version: .first)
      let now = bench.time.now()
      func take(_ number: Int, _ count: Int, daysAgo: Int64) async throws {
        var segment = SegmentPredictions(segment: Sample.segmentName(number))
        let at = Timestamp(milliseconds: now.milliseconds - daysAgo * Self.day)
        segment.predictions = (0..<count).map {
          MadePrediction(
            version: version, at: at, line: $0, row: 0, key: nil, said: .classes(0, confidence: 1))
        }
        try await feedback.take(segment)
      }
      try await take(1, 2, daysAgo: 2)
      let sent = try LabelBatch(parsing: Self.labels(Sample.segmentName(1), [1]), isKey: { _ in true })
      #expect(try await feedback.learn(sent.labels, of: version.name) == [.taken])
      try await take(2, 2, daysAgo: 1)
      // Of a day that could not wait for its labels nothing is said but its figures, and that it was so.
      #expect(await store.performance(of: version) == nil)
      let figures = try await feedback.figures(of: version.name, after: Timestamp(milliseconds: 0))
      #expect(figures.performance[version]?["cutShortDays"] == 1)
      #expect(figures.performance[version]?["metric"] == .null)
      #expect(await store.windows(of: version.name).map(\.rows) == [2])
      let settled = await store.settled(of: version.name, after: Timestamp(milliseconds: 0))
      #expect(settled.map { $0.figures["predictions"] } == [2])
      #expect(settled.map { $0.figures["cutShort"] } == [true])
      // What is older than all that is kept makes no room for itself.
      try await take(3, 3, daysAgo: 1)
      #expect(await store.windows(of: version.name).map(\.rows) == [3])
      let yesterday = Timestamp(milliseconds: now.milliseconds - Self.day)
      #expect(await store.rows(of: FeedbackWindow(version, of: yesterday)).unkept == 2)
      // Beyond 90 days, and more than a day ahead, nothing is kept.
      try await take(4, 1, daysAgo: 91)
      try await take(5, 1, daysAgo: -2)
      #expect(await store.windows(of: version.name).map(\.rows) == [3])
    }
  }

  @Test func `labels for what is not deployed, or without the right, are refused`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let other: JSON = [["deployment": "wine", "key": "a", "label": 1]]
      let unknown = await #expect(throws: Problem.self) {
        try await control.giveFeedback(other.canonicalBytes, by: Sample.actor)
      }
      #expect(unknown?.code == "deployment.unknown")
      let broken = await #expect(throws: Problem.self) {
        try await control.giveFeedback(Array("[{}]".utf8), by: Sample.actor)
      }
      #expect((broken?.code, broken?.position) == ("feedback.malformed", "/0"))
    }
    #expect(try await bench.entries().filter { $0.act == .giveFeedback }.isEmpty)
  }

  @Test func `a deployment that awaits labels says so to the data plane`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await control.setFeedback(250_000, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy.feedbackMillionths == 250_000)
      try await control.setFeedback(0, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy == .standard)
    }
  }
}
