import Documents
import Domain
import Encoding
import Foundation
import ModelTests
import Testing

/// Numbers and intervals beside those of scikit-learn 1.9 and NumPy.
struct MetricTests {
  /// What a fixture holds: answers, truth, and what the library says of them by slice.
  struct Case {
    let json: JSON
    let truth: [Double]
    let segments: [String]

    init(_ name: String) throws {
      let file = Bench.fixtures.appending(path: "metrics/\(name).json")
      json = try JSON(parsing: [UInt8](try Data(contentsOf: file)))
      truth = try #require(json["truth"]?.array).compactMap(\.double)
      segments = try #require(json["segments"]?.array).compactMap(\.string)
    }

    var model: TestedModel {
      let predicted = json["predicted"]?.array?.compactMap(\.double) ?? []
      guard let classes = json["classes"]?.int else {
        return Bench.values(["row"]) { predicted[Int($0[0])] }
      }
      return Bench.answers(
        classes: classes, predicted: predicted.map { Int($0) },
        probabilities: json["probabilities"]?.array?.flatMap { $0.array?.compactMap(\.double) ?? [] },
        decisions: json["decisions"]?.array?.compactMap(\.double))
    }

    func table() throws -> DataTable {
      let lines = truth.indices.map { "\(segments[$0]),\(truth[$0]),\($0)" }
      return try Bench.table((["segment,label,row"] + lines).joined(separator: "\n"))
    }

    func report() throws -> TestReport {
      let slices = Set(segments).sorted().joined(separator: ", ")
      let plan = try Bench.plan(
        """
        seed: 11
        quality:
          label: label
          slices: [{column: segment, values: [\(slices)]}]
          resamples: 60
          confidence: 0.9
        """)
      return try TestRun(plan, of: model, on: table()).report()
    }
  }

  static func isNear(_ one: Double, _ other: Double) -> Bool {
    abs(one - other) <= 1e-12 * max(1, abs(one), abs(other))
  }

  @Test(arguments: ["two", "two-decisions", "four", "one-sided", "values"])
  func `every number is the library's, for all rows and each slice`(name: String) throws {
    let fixture = try Case(name)
    let report = try fixture.report()
    let expected = try #require(fixture.json["expected"]?.object)
    #expect(report.quality.count == expected.count)
    for slice in report.quality {
      let numbers = try #require(expected[slice.slice ?? ""]?.object)
      #expect(Set(slice.metrics.map(\.metric.rawValue)) == Set(numbers.keys))
      for estimate in slice.metrics {
        let number = try #require(numbers[estimate.metric.rawValue]?.double)
        #expect(Self.isNear(estimate.value, number), "\(slice.slice ?? "") \(estimate.metric)")
      }
    }
  }

  @Test(arguments: ["two", "two-decisions", "four", "one-sided", "values"])
  func `every interval is that of the same draws in NumPy`(name: String) throws {
    let fixture = try Case(name)
    let intervals = try #require(fixture.json["intervals"]?.object)
    for slice in try fixture.report().quality {
      let ends = try #require(intervals[slice.slice ?? ""]?.object)
      for estimate in slice.metrics {
        let expected = ends[estimate.metric.rawValue]?.array?.compactMap(\.double)
        #expect((estimate.interval == nil) == (expected == nil))
        guard let interval = estimate.interval, let expected else { continue }
        #expect(
          Self.isNear(interval.lowerBound, expected[0]) && Self.isNear(interval.upperBound, expected[1]))
      }
    }
  }

  @Test func `scores that are all the same have half the area`() throws {
    let model = Bench.answers(
      classes: 2, predicted: [0, 0, 0, 0], probabilities: [Double](repeating: 0.5, count: 8))
    let plan = try Bench.plan("quality: {label: y, resamples: 0}")
    let report = try TestRun(plan, of: model, on: Bench.table("row,y\n0,0\n1,1\n2,0\n3,1")).report()
    #expect(report.metrics.first { $0.name == "auc" }?.value == 0.5)
  }

  @Test func `a slice of one class has no area, and a comparison with it fails`() throws {
    let model = Bench.answers(classes: 2, predicted: [1, 1], probabilities: [0.2, 0.8, 0.4, 0.6])
    let plan = try Bench.plan("quality: {label: y, metrics: [auc >= 0.5], resamples: 0}")
    let report = try TestRun(plan, of: model, on: Bench.table("row,y\n0,1\n1,1")).report()
    #expect(!report.isPassed)
    #expect(
      report.results.last?.objection
        == "expected auc >= 0.5, found that it is not defined here; there are accuracy, balanced_accuracy, f1,"
        + " f1_macro, precision, precision_macro, recall, recall_macro, log_loss, brier, ece")
  }
}

/// What is asked of the numbers.
struct QualityTests {
  private static let model = Bench.answers(
    classes: 2, predicted: [0, 1, 1, 0], probabilities: [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, 0.7, 0.3])
  private static let rows = "y,segment,row\n0,young,0\n1,old,1\n0,young,2\n0,old,3"

  private func results(
    _ quality: String, champion: TestedModel? = nil, rows: String = rows
  ) throws -> [TestResult] {
    let plan = try Bench.plan("quality: {label: y, resamples: 0, \(quality)}")
    return try TestRun(plan, of: Self.model, on: Bench.table(rows), against: champion).report().results
  }

  @Test func `a comparison with a slice is held against the rows of the slice`() throws {
    let found = try results(#"metrics: ["accuracy >= 0.75", "accuracy[segment=young] >= 0.75"]"#)
    #expect(found.map(\.isPassed) == [true, false])
    #expect(found[1].objection == "expected accuracy[segment=young] >= 0.75, found 0.5")
  }

  @Test func `a slice without rows holds nothing`() throws {
    #expect(
      try results(#"metrics: ["accuracy[segment=new] >= 0"]"#)[0].objection
        == "expected rows of 'accuracy[segment=new]', found none in the data")
  }

  @Test func `the metrics have the names that policies use`() throws {
    let plan = try Bench.plan(
      "quality: {label: y, resamples: 0, slices: [{column: segment, values: [young]}]}")
    let report = try TestRun(plan, of: Self.model, on: Bench.table(Self.rows)).report()
    #expect(report.metrics.contains { $0.label == "accuracy" && $0.value == 0.75 })
    #expect(report.metrics.contains { $0.label == "accuracy[segment=young]" && $0.value == 0.5 })
  }

  @Test func `what is compared with a champion fails without one`() throws {
    #expect(
      try results("metrics: [accuracy >= champion - 0.1]")[0].objection
        == "expected accuracy >= champion - 0.1, found no champion to compare with")
  }

  @Test func `differences are of the same rows and draws as the champion's`() throws {
    let champion = Bench.answers(
      classes: 2, predicted: [0, 1, 1, 0], probabilities: [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, 0.7, 0.3])
    let plan = try Bench.plan(
      "quality: {label: y, resamples: 100, metrics: [auc >= champion], hold: interval}")
    let rows = Self.rows + "\n1,old,1\n0,old,0"
    let report = try TestRun(plan, of: Self.model, on: Bench.table(rows), against: champion).report()
    let differences = report.quality[0].differences
    #expect(!differences.isEmpty)
    // A model is no better and no worse than itself in every draw.
    #expect(differences.allSatisfy { $0.value == 0 && $0.interval == 0...0 })
    #expect(report.isPassed)
    #expect(report.championMetrics == nil)
  }

  @Test func `a whole interval can be asked to hold`() throws {
    let rows = "y,row\n" + (0..<40).map { "\($0 % 4 == 1 ? 1 : 0),\($0 % 4)" }.joined(separator: "\n")
    func outcome(_ hold: String) throws -> TestResult {
      let plan = try Bench.plan(
        "quality: {label: y, resamples: 200, metrics: [accuracy >= 0.7], hold: \(hold)}")
      return try #require(try TestRun(plan, of: Self.model, on: Bench.table(rows)).report().results.first)
    }
    #expect(try outcome("value").isPassed)
    let objection = try #require(try outcome("interval").objection)
    #expect(objection.hasPrefix("expected accuracy >= 0.7 for the whole interval, found one from 0."))
  }

  @Test func `a label that is no class is told by its row and not quoted`() throws {
    let problem = #expect(throws: Problem.self) {
      try results("metrics: []", rows: "y,row\n0,0\nsecret,1")
    }
    #expect(problem?.code == "model-tests.label")
    #expect(problem?.position == "row 3")
    #expect(problem?.description.contains("secret") == false)
  }

  @Test func `data of another digest than the plan names is refused`() throws {
    let plan = try Bench.plan(
      "quality: {label: y, data: {name: a.csv, digest: \"sha256:\(String(repeating: "0", count: 64))\"}}")
    let problem = #expect(throws: Problem.self) {
      try TestRun(plan, of: Self.model, on: Bench.table(Self.rows)).report()
    }
    #expect(problem?.code == "model-tests.data-digest")
  }
}
