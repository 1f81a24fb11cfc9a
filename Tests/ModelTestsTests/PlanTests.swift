import Documents
import Domain
import Encoding
import ModelTests
import Testing

/// Plans as people write them.
struct PlanTests {
  static let whole = """
    tests: gatehouse/v1
    seed: 7
    schema:
      age: {type: integer, range: [18, 90], typical: [30, 55], missing: refused}
      income: {type: number, range: [0, 1e6], missing: allowed}
      member: {type: boolean}
      segment: {type: category, values: [young, old], others: allowed}
      note: {type: text}
    quality:
      data: {name: held-out.csv, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
      label: paid
      metrics: ["accuracy >= 0.9", "auc[segment=young] >= champion - 0.01"]
      slices: [member, {column: age, range: [18, 30]}, {column: age, range: [60, 90], name: seniors}]
      confidence: 0.9
      resamples: 500
      hold: interval
    inputs:
      - {send: missing-field, column: age, expect: refused, code: predict.feature-names}
      - {send: out-of-order, expect: same-as-in-order}
      - {rows: "[[1]]", expect: refused}
    properties:
      - {increasing: income, of: paid, within: 0.001, trials: 50}
      - {name: no talk of members, invariant-to: [member, note]}
    limits: {p99-latency: 250 us, model-size: 2 MiB}
    """

  @Test func `a plan is read as it stands`() throws {
    let plan = try TestPlan(parsing: Array(Self.whole.utf8))
    #expect(plan.seed == 7)
    #expect(plan.schema?.columns.map(\.type) == [.integer, .number, .boolean, .category, .text])
    #expect(plan.schema?["age"]?.range == 18...90)
    #expect(
      plan.quality?.slices.map(\.label) == [
        "member=true", "member=false", "age=18..30", "seniors", "segment=young",
      ])
    #expect(plan.quality?.standard == .interval && plan.quality?.resamples == 500)
    #expect(plan.inputs.map(\.name) == ["missing-field of age", "out-of-order", "rows"])
    #expect(plan.inputs.map(\.line) == [18, 19, 20])
    #expect(plan.properties.map(\.name) == ["increasing income, of paid", "no talk of members"])
    #expect(plan.limits.latency == 250_000 && plan.limits.modelBytes == 2 << 20)
  }

  static let faulty: [(String, String)] = [
    ("", "1:1 model-tests.not-yaml: expected a document, found none"),
    (
      "tests: gatehouse/v2",
      "1:8 model-tests.language: expected the tests language gatehouse/v1, found 'gatehouse/v2'"
    ),
    (
      "schema: {}",
      "1:1 model-tests.language: expected 'tests: gatehouse/v1' first, found 'schema' (begin with 'tests: gatehouse/v1')"
    ),
    (
      "tests: gatehouse/v1\nqualty: {label: y}",
      "2:1 model-tests.unknown-member: expected a member of a plan of tests, found 'qualty' (use 'quality')"
    ),
    (
      "tests: gatehouse/v1\nschema: {a: {type: interger}}",
      "2:20 model-tests.unknown-word: expected the type of a column, found 'interger' (use 'integer')"
    ),
    (
      "tests: gatehouse/v1\nschema: {a: {type: integer, range: [0, 1.5]}}",
      "2:36 model-tests.type: expected 'range' as the least and the greatest whole number, found a list (write it like '[0, 100]')"
    ),
    (
      "tests: gatehouse/v1\nschema: {a: {type: category}}",
      "2:13 model-tests.missing-member: expected 'values' of a category, found none (name the values, or use the type 'text')"
    ),
    (
      "tests: gatehouse/v1\nquality: {label: y, metrics: [acuracy >= 0.9]}",
      "2:31 model-tests.unknown-metric: expected a metric, found 'acuracy' (use 'accuracy')"
    ),
    (
      "tests: gatehouse/v1\nquality: {label: y, metrics: [auc => 0.9]}",
      "2:31 model-tests.comparison: expected a comparison such as 'accuracy >= 0.92' or 'auc >= champion - 0.01',"
        + " found 'auc => 0.9' (use one of '>=', '<=', '==', '!=', '>' or '<')"
    ),
    (
      "tests: gatehouse/v1\nquality: {label: y, slices: [segment]}",
      "2:30 model-tests.slice: expected the values or the range of a slice, found a column whose values the schema does"
        + " not name (write it like '{column: segment, values: [young, old]}')"
    ),
    (
      "tests: gatehouse/v1\ninputs: [{send: wrong-shape, column: a, expect: refused}]",
      "2:38 model-tests.type: expected no column for 'wrong-shape', found 'a' (leave it out)"
    ),
    (
      "tests: gatehouse/v1\nproperties: [{increasing: a}]",
      "2:13 model-tests.no-schema: expected a schema to make rows of for properties, found none (begin with"
        + " 'gatehouse test --learn DATA.csv')"
    ),
    (
      "tests: gatehouse/v1\nschema: {income: {type: number}}\nproperties: [{increasing: incme}]",
      "3:27 model-tests.unknown-column: expected a column of the schema, found 'incme' (use 'income')"
    ),
    (
      "tests: gatehouse/v1\nlimits: {p99-latency: 5}",
      "2:23 model-tests.time-span: expected a length of time such as '250 us', found '5' (use a number with us, ms or s)"
    ),
  ]

  @Test(arguments: faulty)
  func `a fault is told where it stands`(text: String, fault: String) {
    #expect(Bench.faults(text) == [fault])
  }

  @Test func `all faults are told at once, in their order`() {
    let text = "tests: gatehouse/v1\nseed: x\nschema: {a: {typ: number}}\nlimits: {model-size: big}"
    #expect(
      TestPlanReading(Array(text.utf8)).faults.map(\.code) == [
        "model-tests.type", "model-tests.unknown-member", "model-tests.size",
      ])
  }
}

/// What rows look like, learned and written down.
struct SchemaTests {
  @Test func `types, ranges, categories and what is missing are learned`() throws {
    let table = try Bench.table(
      """
      age,income,member,segment,id,y
      31,10.5,true,young,a1,0
      40,,false,old,b2,1
      18,3,true,young,c3,0
      90,7,true,young,d4,1
      25,8,false,old,e5,0
      33,9,true,,f6,0
      35,2,true,young,g7,1
      36,2,true,young,h8,1
      """)
    #expect(
      try Schema(learning: table, label: "y").lines == [
        "age: {type: integer, range: [18, 90], typical: [25, 40], missing: refused}",
        "income: {type: number, range: [2, 10.5], typical: [2, 9], missing: allowed}",
        "member: {type: boolean, missing: refused}",
        "segment: {type: category, values: [young, old], missing: allowed}",
        "id: {type: text, missing: refused}",
      ])
  }

  @Test func `of many categories the most frequent are named, and others allowed`() throws {
    let frequent = (0..<100).flatMap { [String](repeating: "v\($0)", count: 20) }
    let rows = frequent + (0..<30).map { "rare\($0)" }
    let column = try #require(
      try Schema(learning: Bench.table((["c"] + rows).joined(separator: "\n"))).columns.first)
    #expect(column.type == .category && column.values.count == 100 && column.takesOthers)
    #expect(!column.values.contains { $0.hasPrefix("rare") })
  }

  @Test func `a schema is written so that it reads back the same, whatever it holds`() throws {
    var numbers = SplitMix64(seed: 4)
    let signs = [
      "a", "Z", "0", " ", "\"", "\\", "'", ":", "#", "ä", "日", "\u{202E}", "\n", "\t", "-", "{", ",", "]",
    ]
    func text() -> String { (0...numbers.below(8)).map { _ in signs[numbers.below(signs.count)] }.joined() }
    for round in 0..<60 {
      var lines = ["\"c\(round)\",n"]
      for _ in 0..<12 {
        let quoted = text().split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        let number = Double(bitPattern: numbers.next())
        lines += [String](repeating: "\"\(quoted)\",\(number.isFinite ? number : 0)", count: 2)
      }
      let schema = try Schema(learning: Bench.table(lines.joined(separator: "\n")))
      let plan = try Bench.plan("schema:\n" + schema.lines.map { "  \($0)\n" }.joined())
      #expect(plan.schema == schema)
    }
  }

  @Test func `the plan to begin with is a plan`() throws {
    let table = try Bench.table("a,\"no\",y\n1,x,0\n2,x,1\n")
    let draft = try TestPlan.draft(learning: table, label: "y")
    let plan = try TestPlan(parsing: Array(draft.utf8))
    #expect(plan.quality?.label == "y" && plan.quality?.data == "rows.csv")
    #expect(plan.schema == (try Schema(learning: table, label: "y")))
    #expect(plan.inputs.count == 3)
  }

  @Test func `rows that are not as the schema says are counted and not quoted`() throws {
    let plan = try Bench.plan(
      "schema: {a: {type: integer, range: [0, 9]}, b: {type: category, values: [x]}, c: {type: text}}")
    let model = Bench.values(["a"]) { $0[0] }
    let report = try TestRun(plan, of: model, on: Bench.table("b,a\nx,1\ny,10\nx,\nz,1.5")).report()
    #expect(
      report.results.map(\.objection) == [
        "expected rows as the schema has them, found 'a' out of range in 1 row, 'a' missing in 1 row,"
          + " 'a' no whole number in 1 row, 'b' not among the values in 2 rows and 'c' no such column in 4 rows"
      ])
  }
}
