public import Domain
import Inference
import ModelGraph

/// Holds a model against a plan.
///
/// Everything is values: whoever runs it reads files, and wires up whom to ask. Work is bounded by the limits of
/// `DataTable`, by the trials and resamples of the plan, and by `Bootstrap.workLimit` for each slice.
public struct TestRun: Sendable {
  /// What is asked.
  public let plan: TestPlan
  /// Whom to ask.
  public let model: TestedModel
  /// Rows whose label is known; nil where there are none.
  public let data: DataTable?
  /// Whom the model is compared with.
  public let champion: TestedModel?
  /// Whether nothing is in service yet: what is asked in comparison with a champion holds then.
  public let isFirst: Bool
  /// Where chance begins.
  public let seed: UInt64

  /// Puts a run together.
  public init(
    _ plan: TestPlan, of model: TestedModel, on data: DataTable? = nil, against champion: TestedModel? = nil,
    isFirst: Bool = false, seed: UInt64? = nil
  ) {
    self.plan = plan
    self.model = model
    self.data = data
    self.champion = champion
    self.isFirst = isFirst
    self.seed = seed ?? plan.seed
  }

  /// Runs every test but those that take a clock.
  ///
  /// Throws where a test cannot be run at all: no data where the plan asks for some, `model-tests.no-data`; data of
  /// another digest, `model-tests.data-digest`; columns or labels that do not fit the model.
  public func report() throws(Problem) -> TestReport {
    let label = plan.quality?.label
    try checkData()
    var results: [TestResult] = []
    if let schema = plan.schema, let data {
      results.append(SchemaCheck(schema, of: data).result(line: plan.schemaLine, rows: data.rowCount))
    }
    var quality: [SliceQuality] = []
    if let claims = plan.quality, let data {
      let analysis = try QualityAnalysis(
        of: model, against: champion, on: data, schema: plan.schema, label: claims.label)
      let bootstrap = Bootstrap(seed: seed, confidence: claims.confidence, resamples: claims.resamples)
      for slice in [nil] + claims.slices.map(Optional.some) {
        // A slice has its own bound of work; there may be many slices.
        try model.requireTime()
        quality.append(try analysis.metrics(of: slice, bootstrap))
      }
      results += claims.results(quality, hasChampion: champion != nil, isFirst: isFirst)
    }
    if !plan.inputs.isEmpty {
      let check = try InputCheck(of: model, schema: plan.schema, table: data, label: label)
      results += plan.inputs.map { check.result(of: $0) }
    }
    if let schema = plan.schema {
      for claim in plan.properties {
        results.append(try PropertyTrial(claim, of: model, schema: schema).result(seed: seed))
      }
    }
    if let limit = plan.limits.modelBytes { results.append(size(within: limit)) }
    return TestReport(
      plan: plan.digest, seed: seed, data: try data.map { table throws(Problem) in try table.dataSet },
      rowCount: data?.rowCount ?? 0, confidence: plan.quality?.confidence ?? 0.95, quality: quality,
      results: results)
  }

  private func checkData() throws(Problem) {
    guard let quality = plan.quality else { return }
    guard let data else {
      throw Problem(
        .badInput, "model-tests.no-data", "expected the rows that 'quality' asks for, found none",
        hint: "name a file of them with --data")
    }
    if let digest = quality.digest, digest != data.digest {
      throw Problem(
        .badInput, "model-tests.data-digest",
        "expected the data \(digest.short), as the plan says, found \(data.digest.short)", subject: data.name)
    }
  }

  private func size(within limit: Int) -> TestResult {
    let found = model.byteCount
    let holds = found.map { $0 <= limit } ?? false
    var result = TestResult(
      kind: .limit, name: "model-size", line: plan.limits.modelBytesLine,
      objection: holds
        ? nil
        : "expected at most \(limit) bytes of the model, found "
          + (found.map { "\($0)" } ?? "that its size is not known"))
    result.value = found.map { Double($0) }
    return result
  }

  /// Times single rows by a clock that counts nanoseconds; nil where the plan asks for no limit.
  ///
  /// The rows are the first of the data, else the simplest of the schema. The first hundred answers warm up and do
  /// not count. Throws what the model refuses.
  public func latency(clock: () -> Int64) throws(Problem) -> MeasuredLatency? {
    guard let limit = plan.limits.latency else { return nil }
    var rows: [Rows] = []
    let columns = try FeatureColumns(
      of: model.signature, schema: plan.schema, table: data, label: plan.quality?.label)
    if let data {
      for row in 0..<min(data.rowCount, 200) { rows.append(try columns.rows(of: data, in: row..<row + 1)) }
    } else {
      let bodies = columns.kinds.map { Cell.of($0) }
      let cells = try plan.schema.map { schema throws(Problem) in
        try columns.columns(of: schema).map { CellSource($0).simplest }
      }
      rows = [columns.rows(of: [cells ?? bodies])]
    }
    var times: [Int64] = []
    let methods = model.methods
    for turn in 0..<1100 {
      let start = clock()
      _ = try model.predict(methods, rows[turn % rows.count])
      if turn >= 100 { times.append(clock() - start) }
    }
    times.sort()
    return MeasuredLatency(p99: times[times.count * 99 / 100], rows: times.count, limit: limit)
  }
}

extension DataTable {
  fileprivate var dataSet: DataSet { get throws(Problem) { try DataSet(name: name, digest: digest) } }
}

extension Cell {
  /// A value for a feature of which nothing is known.
  fileprivate static func of(_ kind: FeatureList.Kind) -> Cell {
    switch kind {
    case .number: .number(0)
    case .text: .text("")
    case .ignored: .missing
    }
  }
}
