import Access
import Alerting
import Domain
import Encoding
import Gates
import Monitoring
import TestKit
import Testing

@testable import Lifecycle

/// Of which versions that are worse than they were anybody is told: those that callers can be answered by.
struct AnsweringPerformanceTests {
  /// Has the alarms of versions stand.
  private static func worsen(_ numbers: [Int], _ bench: Bench) async throws {
    for number in numbers {
      try await bench.feedback.keep(
        KeptPerformance(
          version: try RolloutStage.reference(number), state: .null, alarm: "worse \(number)", hasNews: false),
        at: bench.time.now())
    }
  }

  private static func told(_ control: ControlPlane) async -> [String] {
    var history = TrafficHistory()
    let seen = await control.alerts.evidence.gather(&history, at: control.now())
    #expect(!seen.unread.contains(.performance))
    return seen.measured.filter { $0.source.rule == .performance }.map(\.source.subject)
  }

  private static func diagnosed(_ control: ControlPlane) async throws -> [VersionReference: String] {
    try await control.diagnose(Sample.name(), over: .seconds(600)).evidence.worse
  }

  @Test func `one that an alias names and one that is coming are told of beside the live one`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.setAlias(
        AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: .administrator)
      try await Self.worsen([1, 2, 3, 7], stage.bench)
      #expect(await Self.told(control) == ["iris@1", "iris@2"])
      _ = try await stage.begin(control, RolloutStage.terms())
      #expect(await Self.told(control) == ["iris@1", "iris@2", "iris@3"])
      #expect(try await Set(Self.diagnosed(control).values) == ["worse 1", "worse 2", "worse 3"])
    }
  }

  @Test func `one that was replaced is no finding and no alert, and its figures say that it answers no more`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await Self.worsen([1], bench)
      let (evidence, before) = try await control.diagnose(Sample.name(), over: .seconds(600))
      #expect(evidence.worse == [try RolloutStage.reference(1): "worse 1"])
      #expect(before.findings.map(\.cause) == [.data])
      _ = try await Bench.push(Fixture.forest, to: control)
      let after = try await control.diagnose(Sample.name(), over: .seconds(600))
      #expect(after.evidence.worse.isEmpty)
      #expect(after.diagnosis.isWell)
      #expect(await Self.told(control) == [])
      for number in [1, 2] {
        var segment = SegmentPredictions(segment: Sample.segmentName(number))
        segment.predictions = [
          MadePrediction(
            version: try RolloutStage.reference(number), at: bench.time.now(), line: 1, row: 0, key: nil,
            said: .classes(0, confidence: 1))
        ]
        try await control.feedback.take(segment)
      }
      let figures = try await control.feedbackFigures(of: Sample.name(), over: .seconds(86_400)).json
      #expect(figures["versions"]?.array?.map { $0["version"] } == [2, 1])
      #expect(figures["versions"]?.array?.map { $0["served"] } == [true, false])
    }
  }
}
