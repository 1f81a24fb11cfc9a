import Documents
import Domain
import Inference

/// Holds the rows of a table against a schema, and counts what is not as it says.
struct SchemaCheck {
  /// How many columns a message names.
  private static let told = 5

  /// How many fields of a column are not as the schema says, and how.
  struct Count: Equatable {
    let column: String
    let what: String
    var rows: Int
  }

  private(set) var counts: [Count] = []

  init(_ schema: Schema, of table: DataTable) {
    for column in schema.columns {
      guard let place = try? table.place(of: column.name) else {
        counts.append(Count(column: column.name, what: "no such column", rows: table.rowCount))
        continue
      }
      let values = Set(column.values)
      for row in 0..<table.rowCount {
        guard let what = Self.objection(to: table.field(row, place), column, values) else { continue }
        if let known = counts.lastIndex(where: { $0.column == column.name && $0.what == what }) {
          counts[known].rows += 1
        } else {
          counts.append(Count(column: column.name, what: what, rows: 1))
        }
      }
    }
  }

  private static func objection(
    to field: CSVRecords.Field, _ column: Schema.Column, _ values: Set<String>
  ) -> String? {
    guard !field.isMissing else { return column.mayBeMissing ? nil : "missing" }
    switch column.type {
    case .text: return nil
    case .category: return column.takesOthers || values.contains(field.text) ? nil : "not among the values"
    case .boolean: return field.number == 0 || field.number == 1 ? nil : "neither true nor false"
    case .number, .integer:
      guard let number = field.number, number.isFinite else { return "no number" }
      if column.type == .integer, number != number.rounded() { return "no whole number" }
      return column.range.map { $0.contains(number) } ?? true ? nil : "out of range"
    }
  }

  /// What the check came to; no value of a row is quoted.
  func result(line: Int, rows: Int) -> TestResult {
    let found = counts.prefix(Self.told).map {
      "'\($0.column)' \($0.what) in \($0.rows) row\($0.rows == 1 ? "" : "s")"
    }
    let more = counts.count > Self.told ? [" \(counts.count - Self.told) more"] : []
    var result = TestResult(
      kind: .schema, name: "the data keeps to the schema", line: line,
      objection: counts.isEmpty
        ? nil : "expected rows as the schema has them, found \((found + more).listed("and"))")
    result.tried = rows
    return result
  }
}
