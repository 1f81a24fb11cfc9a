public import Domain
public import Encoding

/// How the tests of a version went before it was admitted, and all that it takes to run them again.
public struct TestRecord: Equatable, Sendable {
  /// The version that was tested.
  public let version: VersionReference
  /// The plan's file.
  public let plan: Digest
  /// The rows whose labels are known; nil where the plan asks for none.
  public let data: DataSet?
  /// Where chance began.
  public let seed: UInt64
  /// What it was compared with: the version that was in service; nil where none was.
  public let champion: VersionReference?
  /// The report, as the bundle has it.
  public let report: Digest
  /// Whether every test held, those of a clock too.
  public let isPassed: Bool
  /// When they were run.
  public let at: Timestamp

  /// Records how tests went.
  public init(
    version: VersionReference, plan: Digest, data: DataSet?, seed: UInt64, champion: VersionReference?,
    report: Digest, isPassed: Bool, at: Timestamp
  ) {
    self.version = version
    self.plan = plan
    self.data = data
    self.seed = seed
    self.champion = champion
    self.report = report
    self.isPassed = isPassed
    self.at = at
  }

  /// The blobs that it names.
  public var blobs: [Digest] { [plan, report] + (data.map { [$0.digest] } ?? []) }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "plan": .string(plan.description),
      "data": data.map { ["name": .string($0.name), "digest": .string($0.digest.description)] } ?? .null,
      "seed": .string(String(seed)), "champion": champion.map { .string($0.description) } ?? .null,
      "report": .string(report.description), "passed": .bool(isPassed), "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `test-record.malformed`.
  public init(json: JSON) throws(Problem) {
    let code = "test-record.malformed"
    let fields = RecordFields(json, "test record", code: code)
    guard let seed = try fields.wholeNumber("seed") else {
      throw Problem(.badInput, code, "expected a seed of a test record, found none", position: "/seed")
    }
    self.init(
      version: try fields.version("version"), plan: try fields.digest("plan"),
      data: try fields.dataSet("data"),
      seed: seed, champion: fields.has("champion") ? try fields.version("champion") : nil,
      report: try fields.digest("report"), isPassed: try fields.flag("passed"),
      at: try fields.requiredMoment("at"))
  }
}
