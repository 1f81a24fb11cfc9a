import Domain
import Encoding
import Inference
import ModelGraph

/// One value of a row that tests make.
enum Cell: Hashable, Sendable {
  case number(Double)
  case text(String)
  case missing

  /// The value as JSON has it.
  var json: JSON {
    switch self {
    case .number(let number): .number(number)
    case .text(let text): .string(text)
    case .missing: .null
    }
  }
}

/// Which column each feature of a model is.
struct FeatureColumns: Sendable {
  let features: FeatureList
  /// The name of the column of each feature.
  let names: [String]
  let kinds: [FeatureList.Kind]

  /// Takes the model's own names, else the schema's columns in their order, else those of the data but for the label.
  ///
  /// Throws `model-tests.features` where none of them fits, and `model-tests.form` for a model of rows of other forms.
  init(
    of signature: ModelSignature, schema: Schema?, table: DataTable?, label: String?
  ) throws(Problem) {
    features = signature.features
    kinds = features.kinds
    switch features.form {
    case .rows, .documents: break
    case .unread, .mappings, .lists:
      throw Problem(
        .refused, "model-tests.form",
        "expected a model whose rows are columns or texts, found one of \(features.form.rawValue)")
    }
    if let names = features.names {
      self.names = names
      return
    }
    let columns = schema?.columns.map(\.name) ?? table?.columns.filter { $0 != label } ?? []
    guard columns.count == features.count else {
      throw Problem(
        .badInput, "model-tests.features",
        "expected \(features.count) columns for the features of a model without names, found \(columns.count)",
        hint: "name them in the schema in the order of the model's")
    }
    names = columns
  }

  /// Some rows of a table as the model reads them; all where none are named.
  func rows(of table: DataTable, in range: Range<Int>? = nil) throws(Problem) -> Rows {
    let range = range ?? 0..<table.rowCount
    var places: [Int] = []
    for (feature, name) in names.enumerated() {
      // What nothing reads need not be there.
      places.append(kinds[feature] == .ignored ? -1 : try table.place(of: name))
    }
    // No overflow: a table has no more cells than its limit, and the columns are among them.
    var numbers: [Double] = []
    var texts: [String?] = []
    numbers.reserveCapacity(range.count * features.numberCount)
    texts.reserveCapacity(range.count * features.texts.count)
    for row in range {
      for (feature, place) in places.enumerated() {
        switch kinds[feature] {
        case .ignored: break
        case .text:
          let field = table.field(row, place)
          texts.append(field.isMissing ? nil : field.text)
        case .number:
          guard let number = table.field(row, place).number else {
            throw Problem(
              .badInput, "rows.malformed",
              "expected a number or nothing in the column '\(names[feature].excerpt(80))', found something else",
              subject: table.name, position: "row \(table.line(of: row))")
          }
          numbers.append(number)
        }
      }
    }
    return Rows(
      numbers: numbers, texts: texts, rowCount: range.count, featureCount: features.count)
  }

  /// Rows that were made, a cell for each feature, as the model reads them.
  func rows(of cells: [[Cell]]) -> Rows {
    var numbers: [Double] = []
    var texts: [String?] = []
    for row in cells {
      for (feature, cell) in row.enumerated() {
        switch (kinds[feature], cell) {
        case (.ignored, _): break
        case (.number, .number(let number)): numbers.append(number)
        // A category may stand for a number; the schema was held against the features.
        case (.number, .text(let text)): numbers.append(Double(text) ?? .nan)
        case (.number, .missing): numbers.append(.nan)
        case (.text, .number(let number)): texts.append(JSON.shortestText(of: number))
        case (.text, .text(let text)): texts.append(text)
        case (.text, .missing): texts.append(nil)
        }
      }
    }
    return Rows(numbers: numbers, texts: texts, rowCount: cells.count, featureCount: features.count)
  }

  /// The schema's column of each feature.
  ///
  /// Throws `model-tests.features` for a feature that the schema does not have, or has as something that the model
  /// does not read.
  func columns(of schema: Schema) throws(Problem) -> [Schema.Column] {
    let known = Dictionary(schema.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var columns: [Schema.Column] = []
    for (feature, name) in names.enumerated() {
      guard let column = known[name] else {
        guard kinds[feature] == .ignored else {
          throw Problem(
            .badInput, "model-tests.features",
            "expected a column '\(name.excerpt(80))' in the schema, found none of that name",
            hint: NearName.nearest(to: name, among: schema.columns.map(\.name)).map { "rename '\($0)'" })
        }
        columns.append(Schema.Column(name: name, type: .text, mayBeMissing: true))
        continue
      }
      if kinds[feature] == .number,
        column.type == .text || column.values.contains(where: { Double($0)?.isFinite != true })
      {
        throw Problem(
          .badInput, "model-tests.features",
          "expected numbers in the column '\(name.excerpt(80))', as the model reads it, found texts in the schema"
        )
      }
      columns.append(column)
    }
    return columns
  }
}
