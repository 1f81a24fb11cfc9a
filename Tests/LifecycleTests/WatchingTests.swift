import Domain
import Encoding
import Lifecycle
import Monitoring
import Provenance
import TestKit
import Testing

/// What becomes of windows of live data: they are held against training, kept once, and what is found is in the ledger.
@Suite struct WatchingTests {
  static let start: Int64 = 1_699_999_200_000

  /// Training of the iris tree: four features, a label; the values are made up.
  static func reference(names: Int = 4) throws -> Reference {
    var columns = (0..<names).map { feature in
      TrainingColumn(
        name: "feature_\(feature)", values: .numbers((0..<300).map { Double(($0 * (feature + 3)) % 97) }))
    }
    columns.append(
      TrainingColumn(name: "predict", role: .prediction, values: .texts((0..<300).map { "\($0 % 3)" })))
    columns.append(
      TrainingColumn(
        name: "confidence", role: .confidence, values: .numbers([Double](repeating: .nan, count: 300))))
    return try Reference(training: columns)
  }

  /// A window of so many rows like training's, or moved away from it.
  static func window(
    of outcome: PushOutcome, _ reference: Reference, minute: Int, rows: Int = 400, moved: Bool = false
  ) throws -> WatchedWindow {
    var profile = ModelProfile(shape: reference.shape)
    for row in 0..<rows {
      // A step that meets every value of training's cycles equally often.
      let numbers = (0..<4).map {
        Double(((minute * rows + row) * ($0 + 3) * 31) % 97) + (moved && $0 == 1 ? 60 : 0)
      }
      try profile.observe(row: numbers + [.nan], texts: ["\((minute + row) % 3)"])
    }
    let begin = Timestamp(milliseconds: start + Int64(minute) * 60_000)
    let end = Timestamp(milliseconds: begin.milliseconds + 60_000)
    return WatchedWindow(
      reference: VersionReference(name: outcome.name, version: try #require(outcome.version)),
      bundle: try #require(outcome.digest),
      window: EventWindow(start: begin, end: end, profile: profile))
  }

  static func name(_ number: Int, of instance: Character = "a") throws -> WindowName {
    let digits = String(number)
    return try #require(
      WindowName(
        "\(String(repeating: instance, count: 16))-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
      ))
  }

  @Test func `what training looked like is in the bundle, and made again with it`() async throws {
    let bench = try Bench()
    let reference = try Self.reference()
    let outcome = try await bench.run { control in
      let outcome = try await Bench.push(Fixture.tree, reference: reference.bytes, to: control)
      await bench.bundles.lose(try #require(outcome.digest))
      let again = try await Bench.push(Fixture.tree, to: control)
      #expect(again.digest == outcome.digest)
      return outcome
    }
    #expect(outcome.status == .live)
    let digest = try #require(outcome.digest)
    let bundle = try #require(await bench.bundles.bundle(digest)).contents
    #expect(bundle.bytes(at: Reference.path) == reference.bytes)
    #expect(await bench.audit().problems == [])
  }

  @Test func `a reference of another model is refused with the column, and nothing is made`() async throws {
    let bench = try Bench()
    let bytes = try Self.reference(names: 3).bytes
    let problem = await #expect(throws: Problem.self) {
      try await bench.run { try await Bench.push(Fixture.tree, reference: bytes, to: $0) }
    }
    #expect(problem?.code == "reference.unlike-model")
    #expect(
      problem?.message
        == "expected column 4 to be the feature 'feature_3', a number as in the model's signature, found the prediction"
        + " 'predict', a text")
    #expect(await bench.registry.versions(of: Sample.name()).isEmpty)
  }

  /// Pushes with a reference, and puts quiet windows and one that moved where a data plane would.
  static func prepare(_ bench: Bench, _ control: ControlPlane) async throws -> PushOutcome {
    let reference = try reference()
    let outcome = try await Bench.push(Fixture.tree, reference: reference.bytes, to: control)
    for minute in 0..<3 {
      await bench.windows.put(
        try name(minute + 1), try window(of: outcome, reference, minute: minute, moved: minute == 2).bytes)
    }
    return outcome
  }

  @Test func `a change is told of once, kept, and in the ledger with its figures and no value`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Self.prepare(bench, control)
      let collected = try await control.watching.collect()
      #expect(collected.taken == 3)
      #expect(collected.problems == [])
      #expect(
        collected.alerts.contains { $0.column == "feature_1" && $0.aspect == "values" && $0.change != nil })
      #expect(try await control.watching.collect() == CollectedWindows())
      let (reports, silent, alerts) =
        try await control.watched(Sample.name(), over: .seconds(30 * 86_400))
      #expect(silent.isEmpty && reports.allSatisfy(\.isServed))
      #expect(alerts.map(\.id).sorted() == collected.alerts.map(\.id).sorted())
      let report = try #require(reports.first)
      #expect((report.yardstick, report.windows, report.seen.window.profile.rows) == (.training, 3, 1200))
      #expect(report.standing.contains { $0.column == "feature_1" })
      let moved = try #require(report.drift.first { $0.column.name == "feature_1" }?.kolmogorovSmirnov)
      #expect(moved.statistic > 0.15)
    }
    let entries = try await bench.entries().filter { $0.act == .alert }
    let alerts = await bench.monitor.alerts(of: Sample.name(), count: 99)
    #expect(entries.count == alerts.count)
    let entry = try #require(entries.first { $0.details["column"] == "feature_1" })
    #expect((entry.subject, entry.principal, entry.phase) == ("iris@1", .platform, .done))
    #expect(entry.details["state"] == "raised")
    #expect((entry.details["rows"]?.int ?? 0) > 0)
    #expect(entry.details["message"] == nil)
    #expect(await bench.audit().problems == [])
  }

  @Test func `no window is lost and none counts twice, whatever write fails and however`() async throws {
    let plain = try Bench()
    let expected = try await plain.run { control in
      _ = try await Self.prepare(plain, control)
      _ = try await control.watching.collect()
      return await plain.monitor.alerts(of: Sample.name(), count: 99)
    }
    #expect(!expected.isEmpty)
    for fault in FaultPlan.Fault.allCases {
      for write in 1...6 {
        for isMonitor in [true, false] {
          var faults = Bench.Faults()
          if isMonitor {
            faults.monitor = FaultPlan([write: fault])
          } else {
            faults.windows = FaultPlan([write: fault])
          }
          let bench = try Bench(faults)
          _ = try await bench.run { try await Self.prepare(bench, $0) }
          _ = try? await bench.control.watching.collect()
          // As after a crash: nothing that was in memory is left.
          let control = bench.reopened()
          for _ in 0..<3 { _ = try? await control.watching.collect() }
          let version = VersionReference(name: Sample.name(), version: .first)
          let windows = try await bench.monitor.windows(
            of: version, after: Timestamp(milliseconds: 0), before: Timestamp(milliseconds: .max), count: 99)
          #expect(windows.map(\.window.window.profile.rows) == [400, 400, 400])
          #expect(await bench.windows.waiting().isEmpty)
          #expect(await bench.monitor.alerts(of: Sample.name(), count: 99) == expected)
          #expect(await bench.monitor.unrecorded().isEmpty)
          #expect(try await bench.entries().filter { $0.act == .alert }.count == expected.count)
        }
      }
    }
  }

  @Test func `what does not read, or is of no version here, is dropped and said, and holds up nothing`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await Self.prepare(bench, control)
      await bench.windows.put(try Self.name(1), [1, 2, 3])
      var foreign = try Self.window(of: outcome, try Self.reference(), minute: 5)
      foreign = WatchedWindow(reference: foreign.reference, bundle: Sample.digest(9), window: foreign.window)
      await bench.windows.put(try Self.name(1, of: "b"), foreign.bytes)
      let collected = try await control.watching.collect()
      #expect(collected.taken == 2)
      #expect(collected.problems.map(\.code) == ["monitoring.malformed", "watch.unknown-version"])
      #expect(
        collected.problems.map(\.subject) == [
          try Self.name(1).description, try Self.name(1, of: "b").description,
        ])
      #expect(await bench.windows.waiting().isEmpty)
    }
  }

  @Test func `without training what comes later is held against what came first`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await Bench.push(Fixture.tree, to: control)
      let shape = try Self.reference()
      let plain = Reference(
        firstSeen: ModelProfile(
          shape: ModelShape(
            columns: shape.shape.columns.map { column in
              if case .category = column.kind { return column }
              return ColumnShape(name: column.name, role: column.role, kind: .number(NumberShape()))
            })))
      let now = Int(control.now().milliseconds - Self.start) / 60_000
      for (number, minute) in [now - 200, now - 199, now - 198, now - 5, now - 4].enumerated() {
        let window = try Self.window(of: outcome, plain, minute: minute, moved: number > 2)
        await bench.windows.put(try Self.name(number + 1), window.bytes)
      }
      #expect(try await control.watching.collect().taken == 5)
      let report = try #require(try await control.watched(Sample.name(), over: .seconds(3600)).reports.first)
      #expect((report.yardstick, report.windows) == (.firstRows, 2))
      let moved = try #require(report.drift.first { $0.column.name == "feature_1" }?.kolmogorovSmirnov)
      #expect(moved.statistic > 0.5)
      #expect(report.standing.isEmpty)
    }
  }

  @Test func `windows of minutes become one for each hour when they are old, with every row`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await Bench.push(Fixture.tree, reference: try Self.reference().bytes, to: control)
      let hour = Int(control.now().milliseconds - Self.start) / 60_000 / 60 * 60 - 300
      for (number, minute) in [hour, hour + 1, hour + 30, hour + 61].enumerated() {
        let window = try Self.window(of: outcome, try Self.reference(), minute: minute, rows: 10)
        await bench.windows.put(try Self.name(number + 1), window.bytes)
      }
      _ = try await control.watching.collect()
      let version = VersionReference(name: Sample.name(), version: .first)
      let windows = try await bench.monitor.windows(
        of: version, after: Timestamp(milliseconds: 0), before: Timestamp(milliseconds: .max), count: 99)
      #expect(windows.map(\.window.window.profile.rows) == [30, 10])
    }
  }

  @Test func `a deployment that is not to be watched says so to the data plane`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await control.setWatched(false, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy.isWatched == false)
      try await control.setWatched(true, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy == .standard)
    }
  }
}
