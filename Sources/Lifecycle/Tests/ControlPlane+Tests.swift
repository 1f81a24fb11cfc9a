public import Domain
public import Encoding
public import Gates
public import ModelTests
import Provenance
import Synchronization

/// The tests of a version, run again.
public struct RepeatedTests: Sendable {
  /// How they went before it was admitted.
  public let record: TestRecord
  /// How they went now.
  public let outcome: TestJob.Outcome
  /// Whether the report has the same bytes; another seed gives others.
  public let isSame: Bool

  /// All of it as the HTTP face carries it.
  public var json: JSON {
    var members: [String: JSON] = [
      "record": record.json, "report": outcome.report.json, "same": .bool(isSame),
      "passed": .bool(outcome.isPassed),
    ]
    members["measured"] = outcome.latency?.json
    return .object(members)
  }
}

extension ControlPlane {
  /// How the tests of a version went before it was admitted: the record, and the report as the bundle has it.
  ///
  /// Throws `version.unknown`, and `model-tests.none` where it had none.
  public func tests(of reference: VersionReference) async throws(Problem) -> (
    record: TestRecord, report: JSON
  ) {
    _ = try await registry.version(reference)
    guard let record = try await registry.tests(of: reference) else {
      throw Problem(
        .notFound, "model-tests.none",
        "expected a version that was tested, found '\(reference)', which was not",
        subject: reference.description, hint: "push it with its tests: 'gatehouse push … --tests FILE'")
    }
    let bytes = try await parts.blobs.read(record.report, limit: TestSummary.sizeLimit)
    guard let report = try? JSON(parsing: bytes) else {
      throw Problem(
        .integrity, "test-report.malformed", "expected a report in JSON, found other bytes",
        subject: record.report.description)
    }
    return (record, report)
  }

  /// Runs the tests of a version again: the same model out of its bundle, the same plan, rows, champion and seed.
  ///
  /// Changes nothing, and needs no turn. Throws as `tests(of:)` does, and what running them throws: `bundle.revoked` too
  /// where the champion of then is not there any more.
  public func repeatTests(
    of reference: VersionReference, seed: UInt64?
  ) async throws(Problem) -> RepeatedTests {
    // One at a time, before anything is read: models and rows may be large.
    let busy = Problem(
      .unavailable, "model-tests.busy",
      "expected room to run tests again, found that those of another version are run",
      hint: "try again in a minute or two")
    return try await repeating.perform(orThrow: busy) { () async throws(Problem) in
      try await repeatedTests(of: reference, seed: seed)
    }
  }

  private func repeatedTests(
    of reference: VersionReference, seed: UInt64?
  ) async throws(Problem) -> RepeatedTests {
    let version = try await registry.version(reference)
    let (record, _) = try await tests(of: reference)
    let files = road.test.files
    var champion = TestJob.Champion.none
    if let other = record.champion {
      let bundle = try await registry.version(other).bundle
      champion = .model(try await files.model(bundle, digest: bundle))
    }
    let job = TestJob(
      try await files.plan(record.plan), of: try await files.model(version.bundle, digest: version.artifact),
      on: try await files.data(record.data), against: champion, seed: seed ?? record.seed)
    let outcome = try await parts.tester.run(job)
    return RepeatedTests(
      record: record, outcome: outcome,
      isSame: Digest(of: outcome.report.json.canonicalBytes) == record.report)
  }
}
