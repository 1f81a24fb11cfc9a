public import Documents
public import Domain
public import Encoding

/// What policies go by of a report that was kept: read back from `tests.json`.
public struct TestSummary: Sendable {
  /// Where a bundle has the report.
  public static let path = "tests.json"
  /// More bytes than a report of the largest plan has.
  public static let sizeLimit = 8 << 20

  /// The plan's digest.
  public let plan: Digest
  /// Whether every test held but those that take a clock.
  public let isPassed: Bool
  /// How many tests there were.
  public let count: Int
  /// How many of them held.
  public let passedCount: Int
  /// The numbers of all rows and of each slice.
  public let metrics: [Metric]
  /// The same numbers of the champion; nil where there was none to compare with.
  public let championMetrics: [Metric]?

  /// Reads a report; throws `test-report.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.sizeLimit else {
      throw Self.malformed("at most \(Self.sizeLimit) bytes", "more")
    }
    guard let json = try? JSON(parsing: bytes) else {
      throw Self.malformed("a document in JSON", "other bytes")
    }
    try self.init(json: json)
  }

  /// Reads what `TestReport.json` writes.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "test report", code: "test-report.malformed")
    plan = try fields.digest("plan")
    isPassed = try fields.flag("passed")
    guard let results = json["results"]?.array else {
      throw Self.malformed("results in an array", json["results"]?.kind ?? "nothing")
    }
    count = results.count
    passedCount = results.count { $0["passed"]?.bool == true }
    metrics = try Self.metrics(json["metrics"] ?? [])
    championMetrics = try json["championMetrics"].map { (list) throws(Problem) in try Self.metrics(list) }
  }

  private static func metrics(_ list: JSON) throws(Problem) -> [Metric] {
    guard let items = list.array else { throw malformed("metrics in an array", list.kind) }
    var metrics: [Metric] = []
    for item in items {
      guard let name = item["name"]?.string, let value = item["value"]?.double else {
        throw malformed("a metric with its name and its value", item.kind)
      }
      metrics.append(Metric(name: name, slice: item["slice"]?.string, value: value))
    }
    return metrics
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.badInput, "test-report.malformed", "expected \(expected) of a test report, found \(found)")
  }
}
