public import Domain
public import Encoding
public import ModelGraph

/// Lays rows of numbers or of named features end to end.
public struct RowDecoder {
  private let featureCount: Int
  private let names: [String]?
  private var columns: [String: Int]?
  private var values: [Double] = []
  private var rowCount = 0

  /// Reads rows for a model of this signature.
  public init(signature: ModelSignature) {
    featureCount = signature.featureCount
    names = signature.featureNames
  }

  /// What was read so far.
  public var rows: Rows { Rows(values: values, rowCount: rowCount, featureCount: featureCount) }

  /// Takes in the member `data`; says whether it is one row and no list.
  public mutating func decode(_ data: JSON) throws(Problem) -> Bool {
    switch data {
    case .object(let features):
      try append(features, row: nil)
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
      values.reserveCapacity(min(elements.count, 1 << 20) * featureCount)
      for (index, element) in elements.enumerated() {
        switch element {
        case .array(let numbers): try append(numbers, row: index)
        case .object(let features): try append(features, row: index)
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

  private mutating func append(_ numbers: [JSON], row: Int?) throws(Problem) {
    guard numbers.count == featureCount else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(featureCount) features in each row, found \(numbers.count)", position: pointer(row),
        hint: names.map { "send them in this order: \(Self.list($0))" })
    }
    for (column, number) in numbers.enumerated() {
      guard let value = Self.number(number) else {
        throw Problem(
          .badInput, "predict.not-a-number", "expected a number or null, found \(number.kind)",
          position: "\(pointer(row))/\(column)")
      }
      values.append(value)
    }
    rowCount += 1
  }

  private mutating func append(_ features: [String: JSON], row: Int?) throws(Problem) {
    guard let names else {
      throw Problem(
        .badInput, "predict.no-feature-names",
        "expected rows of \(featureCount) numbers, found named features; the model was trained without names",
        position: pointer(row))
    }
    let columns = try columns(names)
    guard features.count == names.count else { throw mismatch(features, columns, row) }
    let start = values.count
    values += repeatElement(.nan, count: featureCount)
    for (name, feature) in features {
      guard let column = columns[name] else { throw mismatch(features, columns, row) }
      guard let value = Self.number(feature) else {
        throw Problem(
          .badInput, "predict.not-a-number",
          "expected a number or null for '\(name.prefix(80))', found \(feature.kind)", position: pointer(row))
      }
      values[start + column] = value
    }
    rowCount += 1
  }

  private mutating func columns(_ names: [String]) throws(Problem) -> [String: Int] {
    if let columns { return columns }
    let made = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    // A model with a name twice would leave a column unset.
    guard made.count == featureCount else {
      throw Problem(
        .badInput, "predict.no-feature-names",
        "expected rows of \(featureCount) numbers, found named features; the model's names are not unique")
    }
    columns = made
    return made
  }

  private func mismatch(_ features: [String: JSON], _ columns: [String: Int], _ row: Int?) -> Problem {
    let stranger = features.keys.filter { columns[$0] == nil }.min()
    let absent = columns.keys.filter { features[$0] == nil }.min()
    let message =
      if let stranger {
        "expected only features of the model, found '\(stranger.prefix(80))'"
      } else {
        "expected the feature '\(absent?.prefix(80) ?? "")', found none of that name"
      }
    return Problem(
      .badInput, "predict.feature-names", message, position: pointer(row),
      hint: names.map { "send exactly these: \(Self.list($0))" })
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
}
