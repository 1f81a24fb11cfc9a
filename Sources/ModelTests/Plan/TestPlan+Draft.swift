public import Domain

extension TestPlan {
  /// A plan to begin with, as text: what rows look like was learned, and the rest is for people to fill in.
  ///
  /// Reading it gives a plan. Throws what learning throws.
  public static func draft(learning table: DataTable, label: String?) throws(Problem) -> String {
    var lines = try schemaLines(learning: table, label: label)
    if let label {
      lines += [
        "quality:",
        "  data: \(Schema.scalar(table.name))  # rows that the model was not trained with",
        "  label: \(Schema.scalar(label))",
        "  metrics: []  # such as \"accuracy >= 0.9\", or \"auc[segment=young] >= champion - 0.01\"",
      ]
    }
    lines += inputLines
    lines += [
      "properties: []  # such as {increasing: income, of: approved}, or {invariant-to: [sex], within: 0.01}"
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A plan that asks what can be asked of any model that was trained with these rows: that rows which nobody should send
  /// are refused.
  ///
  /// How good its answers are is not asked: of rows that it was trained with they say little. Throws what learning throws.
  public static func inferred(from table: DataTable, label: String) throws(Problem) -> [UInt8] {
    let lines = try schemaLines(learning: table, label: label) + inputLines
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  private static func schemaLines(learning table: DataTable, label: String?) throws(Problem) -> [String] {
    [
      "tests: \(language)",
      "# The schema was learned of \(Schema.scalar(table.name)), \(table.rowCount) rows: see that ranges and values are",
      "# what may come, and not only what came.",
      "schema:",
    ] + (try Schema(learning: table, label: label).lines.map { "  \($0)" })
  }

  private static let inputLines = [
    "inputs:",
    "  - {send: missing-field, expect: refused}",
    "  - {send: wrong-type, expect: refused}",
    "  - {send: wrong-shape, expect: refused}",
  ]
}
