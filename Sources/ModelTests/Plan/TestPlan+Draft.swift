public import Domain

extension TestPlan {
  /// A plan to begin with, as text: what rows look like was learned, and the rest is for people to fill in.
  ///
  /// Reading it gives a plan. Throws what learning throws.
  public static func draft(learning table: DataTable, label: String?) throws(Problem) -> String {
    let schema = try Schema(learning: table, label: label)
    var lines = [
      "tests: \(language)",
      "# The schema was learned of \(Schema.scalar(table.name)), \(table.rowCount) rows: see that ranges and values are",
      "# what may come, and not only what came.",
      "schema:",
    ]
    lines += schema.lines.map { "  \($0)" }
    if let label {
      lines += [
        "quality:",
        "  data: \(Schema.scalar(table.name))  # rows that the model was not trained with",
        "  label: \(Schema.scalar(label))",
        "  metrics: []  # such as \"accuracy >= 0.9\", or \"auc[segment=young] >= champion - 0.01\"",
      ]
    }
    lines += [
      "inputs:",
      "  - {send: missing-field, expect: refused}",
      "  - {send: wrong-type, expect: refused}",
      "  - {send: wrong-shape, expect: refused}",
      "properties: []  # such as {increasing: income, of: approved}, or {invariant-to: [sex], within: 0.01}",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
