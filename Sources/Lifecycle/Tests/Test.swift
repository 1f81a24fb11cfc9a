import Domain
import Encoding
import Gates
import Lifting
import ModelGraph
import ModelTests
import Provenance

/// A lifted model, and how its tests went where it brought some.
public struct TestedCandidate: Sendable {
  /// What was tested.
  public let lifted: LiftedModel
  /// How that went; nil where nothing was asked of it.
  let tests: CandidateTests?

  fileprivate init(lifted: LiftedModel, tests: CandidateTests?) {
    self.lifted = lifted
    self.tests = tests
  }
}

/// How the tests of a candidate went.
struct CandidateTests: Sendable {
  let plan: Digest
  let data: DataSet?
  let seed: UInt64
  /// The version that was in service.
  let champion: VersionReference?
  /// `tests.json`, which is a blob by now.
  let report: [UInt8]
  /// What it says.
  let summary: TestSummary
  let isPassed: Bool
  let at: Timestamp

  /// How they went, as gates ask of what becomes `version`, while `served` is in service.
  func evidence(for version: VersionNumber, served: VersionNumber?) -> TestEvidence {
    TestEvidence(
      summary, isPassed: isPassed, comparedWith: champion?.version, for: version, served: served)
  }

  /// How they went, in a line.
  var line: String {
    let isSlow = summary.isPassed && !isPassed
    return "\(summary.passedCount) of \(summary.count) tests hold" + (isSlow ? ", but it is too slow" : "")
      + (champion.map { ", beside \($0)" } ?? "")
  }

  /// The record of it once the candidate is a version.
  func record(of version: VersionReference) -> TestRecord {
    TestRecord(
      version: version, plan: plan, data: data, seed: seed, champion: champion,
      report: Digest(of: report), isPassed: isPassed, at: at)
  }
}

extension TestEvidence {
  /// What a report that was kept says to gates of a version, while another, itself or none is in service.
  ///
  /// Numbers that were compared with another version than the one in service say nothing of that one.
  init(
    _ summary: TestSummary, isPassed: Bool, comparedWith champion: VersionNumber?, for version: VersionNumber,
    served: VersionNumber?
  ) {
    self.init(passed: isPassed, metrics: summary.metrics, champion: nil)
    guard [champion, version].contains(served) else { return }
    self.champion = champion == nil ? Champion.none : summary.championMetrics.map { .metrics($0) }
  }
}

/// Holds a lifted model against the plan of tests that was pushed with it.
///
/// What does not hold is no refusal here: the gates `tests` and `metrics` say what has to.
struct Test: Sendable {
  let blobs: any BlobStore
  let files: TestFiles
  let tester: any ModelTester
  let time: any TimeSource

  /// Runs the tests that were pushed with the model; without any, it is a candidate as it is.
  func callAsFunction(_ lifted: LiftedModel, recorder: Recorder) async throws(Problem) -> TestedCandidate {
    let pushed = lifted.inspected.pushed
    guard let stated = pushed.tests else { return TestedCandidate(lifted: lifted, tests: nil) }
    return try await recorder.record(.test, of: "\(pushed.name) \(pushed.digest)") {
      () async throws(Problem) in
      let plan = try await files.plan(stated.plan)
      let data = try await files.data(stated.data)
      let champion = try await files.champion(of: pushed.name)
      let model = TestJob.Model(lifted.lifted.graph, byteCount: lifted.modelBytes, digest: pushed.digest)
      let job = TestJob(
        plan, of: model, on: data, against: champion.map { .model($0.model) } ?? .none, seed: stated.seed)
      let outcome = try await tester.run(job)
      let bytes = outcome.report.json.canonicalBytes
      guard bytes.count <= TestSummary.sizeLimit else {
        throw Problem(
          .tooLarge, "test-report.too-large",
          "expected a report of at most \(TestSummary.sizeLimit) bytes, found one of \(bytes.count)",
          hint: "ask for fewer tests and slices")
      }
      // Before anything names it. A crash in between leaves a blob that nothing needs.
      let report = try await blobs.keep(bytes)
      let tests = CandidateTests(
        plan: plan.digest, data: stated.data, seed: outcome.report.seed, champion: champion?.version,
        report: bytes, summary: try TestSummary(parsing: bytes), isPassed: outcome.isPassed, at: time.now())
      return .done(
        TestedCandidate(lifted: lifted, tests: tests),
        details: [
          "plan": .string(plan.digest.description), "report": .string(report.description),
          "data": stated.data.map { .string($0.digest.description) } ?? .null,
          "seed": .string(String(outcome.report.seed)), "passed": .bool(outcome.isPassed),
          "champion": champion.map { .string($0.version.description) } ?? .null,
        ])
    }
  }
}
