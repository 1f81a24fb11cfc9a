public import Encoding

/// Two rows that break a property, as simple as could be found.
public struct CounterExample: Sendable {
  /// The columns of the row in the order of the features.
  let names: [String]
  let row: [Cell]
  /// The columns in which the other row differs, and what stands there instead.
  let changed: [(column: Int, cell: Cell)]
  /// The columns in which the row is not as simple as the schema allows: what it takes to break the property.
  let needed: [Int]
  /// What the model answered to both, or why it refused.
  let answers: [ProbeAnswer]

  /// The names of the columns that the row needs beside the changed ones.
  public var neededColumns: [String] { needed.map { names[$0] } }

  /// How many columns of the two rows differ.
  public var changedCount: Int { changed.count }

  /// The example as reports carry it; the values are made of the schema, never taken from a row of the data.
  public var json: JSON {
    var changes: [String: JSON] = [:]
    for change in changed { changes[names[change.column]] = [row[change.column].json, change.cell.json] }
    return [
      "row": .object(Dictionary(zip(names, row.map(\.json)), uniquingKeysWith: { first, _ in first })),
      "changed": .object(changes), "needed": .array(neededColumns.map { .string($0) }),
      "answers": .array(answers.map(\.json)),
    ]
  }

  /// The example for a terminal, a line each.
  var lines: [String] {
    var lines: [String] = []
    for change in changed {
      lines.append(
        "\(names[change.column]): \(row[change.column].json.canonicalText) -> \(change.cell.json.canonicalText)"
      )
    }
    lines.append("answer: \(answers.map(\.json.canonicalText).joined(separator: " -> "))")
    let others = needed.filter { place in !changed.contains { $0.column == place } }
    if !others.isEmpty {
      lines.append(
        "where " + others.map { "\(names[$0]) is \(row[$0].json.canonicalText)" }.joined(separator: ", "))
    }
    return lines.map { $0.excerpt(400) }
  }
}

/// What a model said to a row that was made: the numbers that are compared, or the code of its refusal.
enum ProbeAnswer: Equatable, Sendable {
  case numbers([Double])
  case refused(code: String)

  var json: JSON {
    switch self {
    case .numbers(let numbers): numbers.count == 1 ? .number(numbers[0]) : .array(numbers.map { .number($0) })
    case .refused(let code): ["refused": .string(code)]
    }
  }
}
