public import Domain
public import Encoding
public import ModelGraph

/// Lays rows of features, in the order of the model's or by their names, end to end.
public struct RowDecoder {
  private let features: FeatureList
  private let kinds: [FeatureList.Kind]
  private var columns: [String: Int]?
  private var numbers: [Double] = []
  private var texts: [String?] = []
  private var rowCount = 0

  /// Reads rows for a model of this signature.
  public init(signature: ModelSignature) {
    features = signature.features
    kinds = signature.features.kinds
  }

  /// What was read so far.
  public var rows: Rows {
    Rows(numbers: numbers, texts: texts, rowCount: rowCount, featureCount: features.count)
  }

  /// Takes in the member `data`; says whether it is one row and no list.
  public mutating func decode(_ data: JSON) throws(Problem) -> Bool {
    if features.form != .rows { return try decodeTexts(data) }
    switch data {
    case .object(let row):
      try append(row, row: nil)
      return true
    case .array(let elements):
      // What the first element is decides what the others must be.
      switch elements.first {
      case .array, .object: break
      case nil: return false
      default:
        try append(elements, row: nil)
        return true
      }
      numbers.reserveCapacity(min(elements.count, 1 << 20) * features.numberCount)
      for (index, element) in elements.enumerated() {
        switch element {
        case .array(let row): try append(row, row: index)
        case .object(let row): try append(row, row: index)
        default:
          throw Problem(
            .badInput, "predict.malformed", "expected a row like those before it, found \(element.kind)",
            position: "/data/\(index)")
        }
      }
      return false
    default:
      throw Problem(
        .badInput, "predict.malformed", "expected a row or a list of rows as 'data', found \(data.kind)",
        position: "/data")
    }
  }

  /// Reads rows that are a text, or a mapping, each.
  private mutating func decodeTexts(_ data: JSON) throws(Problem) -> Bool {
    guard case .array(let elements) = data else {
      try append(data, position: "/data")
      return true
    }
    for (index, element) in elements.enumerated() {
      // A list of one is a row as well: what a column of a table gives.
      if features.form != .lists, case .array(let row) = element, row.count == 1 {
        try append(row[0], position: "/data/\(index)/0")
      } else {
        try append(element, position: "/data/\(index)")
      }
    }
    return false
  }

  private mutating func append(_ json: JSON, position: String) throws(Problem) {
    switch (features.form, json) {
    case (.documents, .string(let text)): texts.append(text)
    case (.mappings, .object), (.lists, .array):
      texts.append(String(decoding: json.canonicalBytes, as: UTF8.self))
    default:
      let expected =
        switch features.form {
        case .mappings: "an object of names and values"
        case .lists: "a list of names, or of pairs of a name and a value,"
        case .documents, .rows: "a text"
        }
      throw Problem(
        .badInput, "predict.malformed", "expected \(expected) as a row, found \(json.kind)",
        position: position)
    }
    rowCount += 1
  }

  private mutating func append(_ row: [JSON], row index: Int?) throws(Problem) {
    guard row.count == features.count else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(features.count) features in each row, found \(row.count)", position: pointer(index),
        hint: features.names.map { "send them in this order: \(Self.list($0))" })
    }
    for (column, element) in row.enumerated() {
      switch kinds[column] {
      case .ignored: continue
      case .number:
        guard let value = Self.number(element) else {
          throw unexpected(element, column, position: "\(pointer(index))/\(column)")
        }
        numbers.append(value)
      case .text:
        guard let value = Self.text(element) else {
          throw unexpected(element, column, position: "\(pointer(index))/\(column)")
        }
        texts.append(value)
      }
    }
    rowCount += 1
  }

  private mutating func append(_ row: [String: JSON], row index: Int?) throws(Problem) {
    guard let names = features.names else {
      throw Problem(
        .badInput, "predict.no-feature-names",
        "expected rows of \(features.count) features in order, found named features; the model was trained"
          + " without names", position: pointer(index))
    }
    let columns = try columns(names)
    if let stranger = row.keys.filter({ columns[$0] == nil }).min() {
      throw mismatch(
        "expected only features of the model, found '\(stranger.prefix(80))'", position: pointer(index))
    }
    for (column, name) in names.enumerated() where kinds[column] != .ignored {
      guard let element = row[name] else {
        throw mismatch(
          "expected the feature '\(name.prefix(80))', found none of that name", position: pointer(index))
      }
      if kinds[column] == .number, let value = Self.number(element) {
        numbers.append(value)
      } else if kinds[column] == .text, let value = Self.text(element) {
        texts.append(value)
      } else {
        throw unexpected(element, column, position: pointer(index))
      }
    }
    rowCount += 1
  }

  private mutating func columns(_ names: [String]) throws(Problem) -> [String: Int] {
    if let columns { return columns }
    let made = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    // A model with a name twice would leave a column unset.
    guard made.count == features.count else {
      throw Problem(
        .badInput, "predict.no-feature-names",
        "expected rows of \(features.count) features in order, found named features; the model's names are"
          + " not unique")
    }
    columns = made
    return made
  }

  private func mismatch(_ message: String, position: String) -> Problem {
    Problem(
      .badInput, "predict.feature-names", message, position: position,
      hint: features.names.map { "send exactly these: \(Self.list($0))" })
  }

  private func unexpected(_ element: JSON, _ column: Int, position: String) -> Problem {
    let name = features.names.map { " for '\($0[column].prefix(80))'" } ?? ""
    return kinds[column] == .text
      ? Problem(
        .badInput, "predict.not-a-text", "expected a text or null\(name), found \(element.kind)",
        position: position)
      : Problem(
        .badInput, "predict.not-a-number", "expected a number or null\(name), found \(element.kind)",
        position: position)
  }

  private func pointer(_ row: Int?) -> String { row.map { "/data/\($0)" } ?? "/data" }

  private static func list(_ names: [String]) -> String {
    names.prefix(50).joined(separator: ", ") + (names.count > 50 ? " …" : "")
  }

  /// A number, a truth value as 0 or 1, or NaN for a missing value.
  private static func number(_ json: JSON) -> Double? {
    switch json {
    case .null: .nan
    case .bool(let value): value ? 1 : 0
    default: json.double
    }
  }

  /// A text, or nil inside for a missing one; nil outside where it is neither.
  private static func text(_ json: JSON) -> String?? {
    switch json {
    case .null: .some(nil)
    case .string(let text): .some(text)
    default: nil
    }
  }
}
