public import Documents
import Domain
import Encoding
import YAML

/// What came of reading a plan: the plan, or all that is wrong with it.
public struct TestPlanReading: WrittenDocument, Sendable {
  /// The plan; nil where there are faults.
  public let plan: TestPlan?
  /// The same, as of any document.
  public var content: TestPlan? { plan }
  /// The faults in the order of their places, at most a hundred.
  public let faults: [DocumentFault]
  /// Whether there are more faults than are told.
  public let isCut: Bool

  /// Reads a file to its end, whatever it holds.
  public init(_ bytes: [UInt8]) {
    var reading = DocumentReading(bytes, area: "model-tests")
    let plan = reading.testPlan()
    faults = reading.sortedFaults
    isCut = reading.isCut
    self.plan = faults.isEmpty ? plan : nil
  }
}

extension DocumentReading {
  fileprivate mutating func testPlan() -> TestPlan? {
    guard let root = root(),
      opens(root, as: "tests", language: TestPlan.language, "a plan of tests")
    else { return nil }
    let fields = fields(
      of: root, "a plan of tests",
      known: ["tests", "seed", "schema", "quality", "inputs", "properties", "limits"])
    let schema = fields["schema"].map { self.schema($0) }
    let seed = number(fields["seed"], "the seed", in: 0...Int.max, default: 0)
    let quality = fields["quality"].flatMap { self.quality($0, schema) }
    let inputs = elements(of: fields["inputs"], "a case", mayBeEmpty: true).compactMap {
      inputCase($0, schema)
    }
    let properties = elements(of: fields["properties"], "a property", mayBeEmpty: true).compactMap {
      property($0, schema)
    }
    if schema == nil, let node = fields["properties"] {
      add(
        "no-schema", "expected a schema to make rows of for properties, found none", at: node.range,
        hint: "begin with 'gatehouse test --learn DATA.csv'")
    }
    let limits = fields["limits"].map { self.limits($0) } ?? LimitClaims()
    return TestPlan(
      schema: schema, schemaLine: source.place(of: fields.nameRange(of: "schema").lowerBound).line,
      quality: quality, inputs: inputs, properties: properties, limits: limits,
      seed: UInt64(seed), bytes: source.bytes)
  }

  /// The line in which a node begins.
  func line(of node: YAMLNode) -> Int { source.place(of: node.range.lowerBound).line }

  /// A column that the schema has, where there is a schema.
  fileprivate mutating func column(_ node: YAMLNode, _ schema: Schema?) -> String? {
    let name = text(node, "a column")
    guard !name.isEmpty else { return nil }
    guard let schema, schema[name] == nil else { return name }
    addWord(
      "unknown-column", "a column of the schema", name, among: schema.columns.map(\.name), at: node.range)
    return nil
  }

  // MARK: Inputs

  private mutating func inputCase(_ node: YAMLNode, _ schema: Schema?) -> InputCase? {
    let fields = fields(
      of: node, "a case", known: ["name", "send", "rows", "column", "expect", "code"], required: ["expect"])
    guard fields.isMapping else { return nil }
    let expected = expectation(fields)
    var input: InputCase.Input?
    if let node = fields["send"] {
      let names = InputCase.Input.named.map(\.name)
      input = word(node, "an input", among: names).flatMap { name in
        InputCase.Input.named.first { $0.name == name }?.input
      }
      if let other = fields["rows"] {
        addType("'send' or 'rows', and not both", other, hint: "leave one out")
      }
    } else if let node = fields["rows"] {
      input = rows(node)
    } else {
      add(
        "missing-member", "expected 'send' or 'rows' in a case, found neither", at: node.range,
        hint: "use one of \(InputCase.Input.named.map { "'\($0.name)'" }.listed())")
    }
    let column = fields["column"].flatMap { self.column($0, schema) }
    if let node = fields["column"], let input, !input.hasColumn {
      addType("no column for '\(input.name)'", node, hint: "leave it out")
    }
    if expected == .sameAsInOrder, let input, input != .outOfOrder, let node = fields["expect"] {
      addType("'same-as-in-order' for 'out-of-order' alone", node)
    }
    guard let expected, let input else { return nil }
    let name = fields["name"].map { text($0, "the name of a case") }
    return InputCase(
      name: name ?? input.name + (column.map { " of \($0)" } ?? ""), input: input, column: column,
      expected: expected, line: line(of: node))
  }

  private mutating func expectation(_ fields: Fields) -> InputCase.Outcome? {
    let code = fields["code"].map { text($0, "the code of a problem") }
    guard let node = fields["expect"],
      let name = word(node, "an outcome", among: ["refused", "answered", "same-as-in-order"])
    else { return nil }
    if name != "refused", let node = fields["code"] {
      addType("a code for 'refused' alone", node, hint: "leave it out")
    }
    return name == "refused" ? .refused(code: code) : name == "answered" ? .answered : .sameAsInOrder
  }

  private mutating func rows(_ node: YAMLNode) -> InputCase.Input? {
    guard case .scalar(let text) = node.content, 1...(1 << 16) ~= text.utf8.count else {
      addType("rows as a text of 1 to 65536 bytes of JSON", node, hint: "write them like '[[1, 2]]'")
      return nil
    }
    return .rows(text)
  }

  // MARK: Properties

  private mutating func property(_ node: YAMLNode, _ schema: Schema?) -> PropertyClaim? {
    let fields = fields(
      of: node, "a property",
      known: ["name", "invariant-to", "increasing", "decreasing", "of", "within", "trials"])
    guard fields.isMapping else { return nil }
    let kinds = ["invariant-to", "increasing", "decreasing"].filter { fields[$0] != nil }
    guard kinds.count == 1, let kind = kinds.first, let target = fields[kind] else {
      add(
        "property", "expected one of 'invariant-to', 'increasing' or 'decreasing', found \(kinds.count)",
        at: node.range)
      return nil
    }
    var relation: PropertyClaim.Relation?
    if kind == "invariant-to" {
      let columns = elements(of: target, "a column").compactMap { column($0, schema) }
      if !columns.isEmpty { relation = .invariant(columns: columns) }
    } else if let column = column(target, schema) {
      if let type = schema?[column]?.type, !type.isNumeric {
        addType("a column of numbers for '\(kind)'", target)
      }
      relation = kind == "increasing" ? .increasing(column: column) : .decreasing(column: column)
    }
    let tolerance =
      value(fields["within"], "'within' as a number of at least 0") { text in
        decimal(text).flatMap { $0 >= 0 ? $0 : nil }
      } ?? 0
    let trials = number(fields["trials"], "'trials'", in: 1...10_000, default: 200)
    let outcome = fields["of"].map { text($0, "a class") }
    guard let relation else { return nil }
    let name = fields["name"].map { text($0, "the name of a property") }
    return PropertyClaim(
      name: name ?? "\(kind) \(relation.columns.listed("and"))" + (outcome.map { ", of \($0)" } ?? ""),
      relation: relation, outcome: outcome, tolerance: tolerance, trials: trials, line: line(of: node))
  }

  // MARK: Limits

  private mutating func limits(_ node: YAMLNode) -> LimitClaims {
    let fields = fields(of: node, "the limits", known: ["p99-latency", "model-size"])
    var limits = LimitClaims()
    if let node = fields["p99-latency"] {
      limits.latency = value(
        node, "a length of time such as '250 us'", code: "time-span",
        hint: "use a number with us, ms or s"
      ) { Self.nanoseconds($0) }
      limits.latencyLine = line(of: node)
    }
    if let node = fields["model-size"] {
      limits.modelBytes = value(node, ByteCount.expected, code: "size", hint: ByteCount.hint) {
        ByteCount(parsing: $0)?.bytes
      }
      limits.modelBytesLine = line(of: node)
    }
    return limits
  }

  /// A number with `us`, `ms` or `s` behind it, at most an hour.
  private static func nanoseconds(_ text: String) -> Int64? {
    let units = [("us", 1e3), ("ms", 1e6), ("s", 1e9)]
    guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
      let number = decimal(Substring(text.dropLast(unit.count)).trimmed), number > 0,
      number * factor <= 3.6e12
    else { return nil }
    return Int64((number * factor).rounded())
  }
}
