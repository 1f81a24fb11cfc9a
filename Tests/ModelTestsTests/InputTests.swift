import Documents
import Domain
import Encoding
import ModelTests
import Testing

/// What nobody should send, to real models through the decoding that serving uses.
struct InputTests {
  private static let iris = (0..<4).map { "  x\($0): {type: number, range: [0, 8]}" }.joined(separator: "\n")
  private static let frame = """
      age: {type: number, range: [0, 99], missing: allowed}
      fare: {type: number, range: [0, 600]}
      port: {type: category, values: [S, Q], missing: allowed}
      deck: {type: category, values: [A, B], missing: allowed}
      size: {type: category, values: [small, medium, large]}
      note: {type: text}
      kin: {type: integer, range: [0, 9]}
    """

  private func results(_ model: String, _ schema: String, _ cases: String) throws -> [TestResult] {
    let plan = try Bench.plan("schema:\n\(schema)\ninputs:\n\(cases)")
    return try TestRun(plan, of: Bench.lifted(model)).report().results
  }

  @Test func `a model without names refuses what is no row of its own`() throws {
    let found = try results(
      "iris-tree", Self.iris,
      """
        - {send: missing-field, expect: refused, code: predict.feature-count}
        - {send: wrong-type, expect: refused, code: predict.not-a-number}
        - {send: wrong-shape, expect: refused, code: predict.feature-count}
        - {send: out-of-range, expect: answered}
        - {rows: "[[1, 2, 3, 4], [1e999]]", expect: refused}
      """)
    #expect(found.map(\.objection) == [nil, nil, nil, nil, nil])
    // Each feature by itself, and both sides of each range.
    #expect(found.map(\.tried) == [4, 4, 1, 8, 1])
  }

  @Test func `a pipeline with named columns takes them in any order`() throws {
    let found = try results(
      "frames-mixed-forest", Self.frame,
      """
        - {send: out-of-order, expect: same-as-in-order}
        - {send: missing-field, column: fare, expect: refused, code: predict.feature-names}
        - {send: wrong-type, column: note, expect: refused, code: predict.not-a-text}
        - {send: unseen-category, column: port, expect: answered}
      """)
    #expect(found.map(\.objection) == [nil, nil, nil, nil])
  }

  @Test func `what comes otherwise than expected is told with its code`() throws {
    let found = try results(
      "iris-tree", Self.iris,
      """
        - {send: wrong-type, column: x1, expect: refused, code: predict.other}
        - {send: out-of-range, expect: refused}
        - {send: out-of-order, expect: same-as-in-order}
        - {send: unseen-category, expect: refused}
      """)
    #expect(
      found.map(\.objection) == [
        "expected a refusal, predict.other, for 'x1', found predict.not-a-number",
        "expected a refusal for 'x0', found an answer",
        "expected the answer to the row in order, found a refusal, predict.no-feature-names",
        "expected a column that 'unseen-category' can be about, found none",
      ])
  }
}

/// Reports.
struct ReportTests {
  private func report(limit: String) throws -> TestReport {
    let plan = try Bench.plan(
      "quality: {label: y, metrics: [mae <= 1], resamples: 50}\nlimits: {model-size: \(limit), p99-latency: 1 s}"
    )
    let rows = "y,a\n" + (0..<30).map { "\($0),\($0 + $0 % 2)" }.joined(separator: "\n")
    return try TestRun(plan, of: Bench.values(["a"]) { $0[0] }, on: Bench.table(rows)).report()
  }

  @Test func `the same run gives the same bytes`() throws {
    #expect(try report(limit: "1 kB").json.canonicalBytes == report(limit: "1 kB").json.canonicalBytes)
  }

  @Test func `a report says what it is of`() throws {
    let json = try report(limit: "1 kB").json
    #expect(json["tests"] == "gatehouse/v1" && json["passed"] == true && json["seed"] == "0")
    #expect(json["data"]?["rows"] == 30 && json["data"]?["name"] == "rows.csv")
    #expect(json["metrics"]?.array?.first?["name"] == "mae")
    #expect(json["metrics"]?.array?.first?["value"] == 0.5)
  }

  @Test func `a model that is too large fails, and the text says where`() throws {
    let report = try report(limit: "99")
    #expect(!report.isPassed)
    let lines = report.lines(plan: "t.yaml")
    #expect(
      lines.prefix(4) == [
        "passed  quality  mae <= 1", "failed  limit  model-size", "  --> t.yaml:3",
        "  expected at most 99 bytes of the model, found 100",
      ])
  }

  @Test func `latency is measured apart from the report`() throws {
    let plan = try Bench.plan("schema: {a: {type: number}}\nlimits: {p99-latency: 1 us}")
    let run = TestRun(plan, of: Bench.values(["a"]) { $0[0] })
    // Each answer takes a nanosecond longer than the one before; those that warm up are read once.
    var now: Int64 = 0
    var turn: Int64 = 0
    let measured = try #require(
      try run.latency {
        turn += 1
        if turn.isMultiple(of: 2) { now += turn / 2 }
        return now
      })
    #expect(measured.rows == 1000 && measured.p99 == 1041 && !measured.isPassed)
    #expect(try run.report().results.isEmpty)
  }

  @Test func `names of data and columns cannot steer a terminal`() throws {
    let plan = try Bench.plan("schema: {\"a\\u202e\": {type: number}}")
    let run = TestRun(plan, of: Bench.values(["a"]) { $0[0] }, on: try Bench.table("a\n1"))
    let lines = try run.report().lines(plan: "t\u{1b}.yaml")
    #expect(!lines.joined().unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" })
    #expect(lines.first == "failed  schema  the data keeps to the schema")
  }
}
