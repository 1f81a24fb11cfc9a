public import Documents
public import Domain
public import Encoding

/// What one test came to.
public struct TestResult: Sendable {
  /// What kind of claim it is about.
  public enum Kind: String, Sendable, CaseIterable {
    /// The data is as the schema says.
    case schema
    /// The answers are as good as asked.
    case quality
    /// What nobody should send is dealt with.
    case input
    /// A property holds for rows that were made.
    case property
    /// The model takes no more than it may.
    case limit
  }

  /// What kind of claim it is about.
  public let kind: Kind
  /// What it is called.
  public let name: String
  /// The line of the plan in which it stands.
  public let line: Int
  /// What was expected and what was found; nil for a test that passed.
  public let objection: String?
  /// The number that was held against a bound.
  public internal(set) var value: Double?
  /// The interval of that number.
  public internal(set) var interval: ClosedRange<Double>?
  /// How many rows, or pairs of rows, were tried.
  public internal(set) var tried: Int?
  /// The simplest rows that were found to break a property.
  public internal(set) var counterExample: CounterExample?

  /// Whether it holds.
  public var isPassed: Bool { objection == nil }

  init(kind: Kind, name: String, line: Int, objection: String?) {
    self.kind = kind
    self.name = name
    self.line = line
    self.objection = objection
  }

  /// The result as reports carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "kind": .string(kind.rawValue), "name": .string(name), "line": JSON(line), "passed": .bool(isPassed),
    ]
    members["reason"] = objection.map { .string($0) }
    members["value"] = value.map { .number($0) }
    members["interval"] = interval.map { [.number($0.lowerBound), .number($0.upperBound)] }
    members["tried"] = tried.map { JSON($0) }
    members["counterExample"] = counterExample?.json
    return .object(members)
  }
}

/// What came out of a plan's tests of a model: nothing in it is from a clock, so that the same plan, model, data and seed
/// give the same bytes.
public struct TestReport: Sendable {
  /// The plan's digest.
  public let plan: Digest
  /// Where chance began.
  public let seed: UInt64
  /// What was tested, by the digest of its bytes, where it was named.
  public var model: Digest?
  /// What it was compared with.
  public var champion: Digest?
  /// The data that the plan was held against; nil for none.
  public let data: DataSet?
  /// How many rows the data has.
  public let rowCount: Int
  /// How many of a hundred intervals hold what they are of.
  public let confidence: Double
  /// The numbers of all rows, then of each slice; empty without data.
  public let quality: [SliceQuality]
  /// The results in the order of the plan.
  public let results: [TestResult]

  /// Whether all tests hold.
  public var isPassed: Bool { results.allSatisfy(\.isPassed) }

  /// The numbers by the names that policies use: `accuracy`, `accuracy[segment=young]`.
  public var metrics: [Metric] { metrics(\.metrics) }

  /// The same numbers of the champion; nil where there was none.
  public var championMetrics: [Metric]? { champion == nil ? nil : metrics(\.champion) }

  private func metrics(_ estimates: (SliceQuality) -> [MetricEstimate]) -> [Metric] {
    quality.flatMap { slice in
      estimates(slice).map { Metric(name: $0.metric.rawValue, slice: slice.slice, value: $0.value) }
    }
  }

  /// The report as JSON; its canonical bytes are `tests.json`.
  public var json: JSON {
    var members: [String: JSON] = [
      "tests": .string(TestPlan.language), "plan": .string(plan.description), "seed": .string(String(seed)),
      "passed": .bool(isPassed), "results": .array(results.map(\.json)),
      "generator": "SplitMix64",
    ]
    members["model"] = model.map { .string($0.description) }
    members["champion"] = champion.map { .string($0.description) }
    members["data"] = data.map {
      ["name": .string($0.name), "digest": .string($0.digest.description), "rows": JSON(rowCount)]
    }
    if !quality.isEmpty {
      members["confidence"] = .number(confidence)
      members["metrics"] = .array(quality.flatMap { slice in Self.json(slice.metrics, slice, true) })
      let differences = quality.flatMap { slice in Self.json(slice.differences, slice, true) }
      if !differences.isEmpty {
        members["differences"] = .array(differences)
        members["championMetrics"] = .array(
          quality.flatMap { slice in Self.json(slice.champion, slice, false) })
      }
    }
    return .object(members)
  }

  private static func json(_ estimates: [MetricEstimate], _ slice: SliceQuality, _ hasInterval: Bool)
    -> [JSON]
  {
    estimates.map { estimate in
      var members: [String: JSON] = [
        "name": .string(estimate.metric.rawValue), "value": .number(estimate.value), "rows": JSON(slice.rows),
      ]
      members["slice"] = slice.slice.map { .string($0) }
      if hasInterval {
        members["resamples"] = JSON(slice.resamples)
        members["interval"] =
          estimate.interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null
      }
      return .object(members)
    }
  }
}

/// What the machine that ran the tests took: apart from the report, for it is another each time.
public struct MeasuredLatency: Sendable {
  /// The 99th percentile of a row by itself, in nanoseconds.
  public let p99: Int64
  /// How many rows were timed.
  public let rows: Int
  /// The most that it may be.
  public let limit: Int64

  /// Whether it is within the limit.
  public var isPassed: Bool { p99 <= limit }

  /// The measurement as `tests.json` carries it beside the report.
  public var json: JSON {
    [
      "p99Nanoseconds": .integer(p99), "limitNanoseconds": .integer(limit), "rows": JSON(rows),
      "passed": .bool(isPassed),
    ]
  }
}
