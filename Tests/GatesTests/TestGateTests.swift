import Documents
import Domain
import Gates
import Testing

/// Gates that ask about tests, metrics and training data.
@Suite struct TestGateTests {
  private static let report = TestEvidence(
    passed: true,
    metrics: [
      Metric(name: "accuracy", value: 0.92), Metric(name: "accuracy", slice: "segment=young", value: 0.85),
      Metric(name: "auc", value: 0.91), Metric(name: "loss", value: .nan), Metric(name: "twice", value: 1),
      Metric(name: "twice", value: 2),
    ], champion: .metrics([Metric(name: "auc", value: 0.92)]))

  static let metrics: [(String, String?)] = [
    ("accuracy >= 0.92", nil),
    ("accuracy > 0.92", "expected accuracy > 0.92, found 0.92"),
    ("accuracy[segment=young] >= 0.85", nil),
    ("accuracy[segment=young] >= 0.86", "expected accuracy[segment=young] >= 0.86, found 0.85"),
    ("auc >= champion - 0.01", nil),
    ("auc > champion - 0.01", "expected auc > 0.91, found 0.91"),
    ("auc >= champion", "expected auc >= 0.92, found 0.91"),
    ("auc <= champion + 0.5", nil),
    (
      "accuracy >= champion",
      "expected accuracy >= champion, found that the champion's 'accuracy' is not known"
    ),
    ("loss <= 1", "expected loss <= 1, found no number"),
    ("loss != 1", "expected loss != 1, found no number"),
    (
      "twice >= 0",
      "expected twice >= 0, found that 'twice' is not known; the report has accuracy, accuracy[segment=young], auc, loss, twice"
    ),
    (
      "recall >= 0.5",
      "expected recall >= 0.5, found that 'recall' is not known; the report has accuracy, accuracy[segment=young], auc, loss, twice"
    ),
  ]

  @Test(arguments: metrics)
  func `a metric is compared with a number or the champion's`(requirement: String, objection: String?) throws
  {
    let found = try Example.answer("metrics: [\"\(requirement)\"]", .admission) { $0.tests = Self.report }
    #expect(found == objection.map { "failed: \($0)" } ?? "passed: \(requirement) holds")
  }

  @Test func `the first version of a model has no champion to be held against`() throws {
    let gate = "metrics: [\"auc >= champion\", \"recall >= champion\"]"
    let answer = { (champion: Champion?) in
      try Example.answer(gate, .admission) {
        $0.tests = TestEvidence(passed: true, metrics: [Metric(name: "auc", value: 0)], champion: champion)
      }
    }
    // The metric itself has to be there all the same.
    #expect(
      try answer(Champion.none)
        == "failed: expected recall >= champion, found that 'recall' is not known; the report has auc")
    #expect(
      try answer(nil)?.hasPrefix("failed: expected auc >= champion, found that the champion's 'auc'") == true)
    #expect(
      try answer(.metrics([]))?.hasPrefix("failed: expected auc >= champion, found that the champion's 'auc'")
        == true)
  }

  @Test func `a name that is near is what was meant`() throws {
    let policy = try Example.policy("metrics: [\"acuracy >= 0.92\"]")
    let report = policy.evaluate(Example.evidence { $0.tests = Self.report })
    #expect(report.problem?.hint == "use 'accuracy'")
  }

  @Test func `every metric that is not what it should be is told`() throws {
    let found = try Example.answer("metrics: [\"accuracy >= 1\", \"auc >= 0.5\", \"auc >= 1\"]", .admission) {
      $0.tests = Self.report
    }
    #expect(found == "failed: expected accuracy >= 1, found 0.92; expected auc >= 1, found 0.91")
  }

  @Test(arguments: [
    (true, "passed: its tests passed"), (false, "failed: expected tests that passed, found that some failed"),
    (nil, "failed: expected tests that passed, found that how its tests went is not known"),
  ])
  func `tests have to have passed`(passed: Bool?, answer: String) throws {
    let found = try Example.answer("tests: {passed: true}", .admission) {
      $0.tests = passed.map { TestEvidence(passed: $0) }
    }
    #expect(found == answer)
  }

  @Test func `metrics without a report are not known`() throws {
    #expect(
      try Example.answer("metrics: [\"auc >= 1\"]", .admission)
        == "failed: expected auc >= 1, found that its test report is not known")
  }

  private static func data(_ days: String?...) -> [TrainingDataEvidence] {
    days.map { day in
      TrainingDataEvidence(name: "d", newest: day.map { Example.moment("\($0)T00:00:00Z") })
    }
  }

  static let data: [(String, [TrainingDataEvidence]?, String)] = [
    ("{stated: true}", data(nil), "passed: training data is stated"),
    ("{stated: true}", [], "failed: expected training data to be stated, found none stated"),
    (
      "{stated: true}", nil,
      "failed: expected training data to be stated, found that what it was trained with is not known"
    ),
    (
      "{newest-within: 180d}", data("2020-01-01", nil, "2026-10-01"),
      "passed: the newest training data, of 2026-10-01, is within 180d"
    ),
    (
      "{newest-within: 180d}", data("2026-05-25"),
      "failed: expected training data whose newest is within 180d, found 2026-05-25"
    ),
    (
      "{newest-within: 180d}", data("2026-11-23"),
      "failed: expected training data whose newest is within 180d, found a day to come, 2026-11-23"
    ),
    (
      "{newest-within: 180d}", data(nil),
      "failed: expected training data whose newest is within 180d, found that how old it is is not known"
    ),
  ]

  @Test(arguments: data)
  func `training data is stated, and new enough`(
    gate: String, data: [TrainingDataEvidence]?, answer: String
  ) throws {
    #expect(try Example.answer("training-data: \(gate)", .admission) { $0.trainingData = data } == answer)
  }
}
