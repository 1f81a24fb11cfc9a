import Documents
import Domain
import Encoding
import YAML

extension DocumentReading {
  /// What is asked of the answers to rows whose label is known.
  mutating func quality(_ node: YAMLNode, _ schema: Schema?) -> QualityClaims? {
    let fields = fields(
      of: node, "'quality'",
      known: ["data", "label", "metrics", "slices", "confidence", "resamples", "hold"], required: ["label"])
    guard fields.isMapping else { return nil }
    let (data, digest) = data(fields["data"])
    let label = text(fields["label"], "the column of the label")
    if let node = fields["label"], schema?[label] != nil {
      addType("a label that is no column of the schema", node, hint: "take it out of the schema")
    }
    var slices: [Slice] = []
    for element in elements(of: fields["slices"], "a slice", mayBeEmpty: true) {
      for slice in self.slices(element, schema) {
        guard !slices.contains(where: { $0.label == slice.label }) else {
          add(
            "slice", "expected each slice once, found '\(slice.label.excerpt(80))' again", at: element.range)
          continue
        }
        slices.append(slice)
      }
    }
    let metrics = elements(of: fields["metrics"], "a comparison", mayBeEmpty: true).compactMap {
      claim($0, &slices)
    }
    if slices.count > Self.listLimit, let node = fields["slices"] {
      add("slice", "expected at most \(Self.listLimit) slices, found \(slices.count)", at: node.range)
    }
    let confidence =
      value(fields["confidence"], "'confidence' as a number from 0.5 to 0.999") { text in
        decimal(text).flatMap { 0.5...0.999 ~= $0 ? $0 : nil }
      } ?? 0.95
    return QualityClaims(
      data: data, digest: digest, label: label, slices: slices, confidence: confidence,
      resamples: number(fields["resamples"], "'resamples'", in: 0...10_000, default: 1000),
      standard: choice(fields["hold"], "what has to hold") ?? .value, metrics: metrics)
  }

  /// A name by itself, or with a digest.
  private mutating func data(_ node: YAMLNode?) -> (name: String?, digest: Digest?) {
    guard let node else { return (nil, nil) }
    guard case .mapping = node.content else { return (text(node, "the name of the rows' file"), nil) }
    let fields = fields(of: node, "'data'", known: ["name", "digest"], required: ["name"])
    let digest = value(fields["digest"], "a digest such as 'sha256:…'", code: "digest") {
      try? Digest(parsing: $0)
    }
    return (text(fields["name"], "the name of the rows' file"), digest)
  }

  private mutating func claim(_ node: YAMLNode, _ slices: inout [Slice]) -> MetricClaim? {
    guard
      let requirement = value(
        node, MetricRequirement.expected, code: "comparison", hint: "use one of \(Comparison.expected)",
        { MetricRequirement(parsing: $0) })
    else { return nil }
    guard let metric = QualityMetric(rawValue: requirement.name) else {
      let names = QualityMetric.allCases.map(\.rawValue)
      addWord("unknown-metric", "a metric", requirement.name, among: names, at: node.range)
      return nil
    }
    if let label = requirement.slice, !slices.contains(where: { $0.label == label }) {
      // A slice by a value needs no declaration.
      guard let slice = Slice(parsing: label) else {
        addWord("unknown-slice", "a slice", label, among: slices.map(\.label), at: node.range)
        return nil
      }
      slices.append(slice)
    }
    return MetricClaim(requirement: requirement, metric: metric, line: line(of: node))
  }

  private mutating func slices(_ node: YAMLNode, _ schema: Schema?) -> [Slice] {
    if case .scalar = node.content { return slices(ofEach: text(node, "a column"), node, schema) }
    let fields = fields(
      of: node, "a slice", known: ["column", "values", "range", "name"], required: ["column"])
    let column = text(fields["column"], "a column")
    guard !column.isEmpty else { return [] }
    guard column.utf8.count <= 64, !column.utf8.contains(UInt8(ascii: "]")) else {
      addType("a column with a name of at most 64 bytes without ']'", node)
      return []
    }
    if let node = fields["values"] {
      let values = elements(of: node, "a value").map { text($0, "a value") }
      let slices = values.filter { !$0.isEmpty }.compactMap { Slice(column: column, value: $0) }
      if slices.count < values.count {
        addType("values of at most \(Slice.valueLimit) bytes without ']'", node)
      }
      return slices
    }
    if let node = fields["range"] {
      guard let range = range(node, of: nil, "'range'") else { return [] }
      return [
        Slice(
          column: column, range: range,
          name: fields["name"].flatMap { node in
            value(node, "a name of a slice of at most \(Slice.valueLimit) bytes without ']'") { text in
              1...Slice.valueLimit ~= text.utf8.count && !text.utf8.contains(UInt8(ascii: "]"))
                && text.isOneLine(upTo: Slice.valueLimit) ? text : nil
            }
          })
      ]
    }
    return slices(ofEach: column, node, schema)
  }

  /// A slice for each value that the schema names of a column.
  private mutating func slices(ofEach column: String, _ node: YAMLNode, _ schema: Schema?) -> [Slice] {
    guard !column.isEmpty else { return [] }
    let found = schema?[column]
    let values = found?.type == .boolean ? ["true", "false"] : found?.values ?? []
    let slices = values.compactMap { Slice(column: column, value: $0) }
    if slices.isEmpty || slices.count < values.count {
      add(
        "slice",
        "expected the values or the range of a slice, found a column whose values the schema does not name",
        at: node.range, hint: "write it like '{column: \(column.excerpt(40)), values: [young, old]}'")
    }
    return slices
  }
}
