public import Domain
public import ModelGraph

/// Reads rows from comma-separated values (RFC 4180): a line a row, an empty field for a missing value.
///
/// A field in quotes is a text even where it is empty. A first line names the columns where the model has names and
/// they are all in it, or where a field stands for a number and is none; a model with names takes its columns by
/// them, in whatever order they come and whatever stands between them.
public struct CSVRows {
  private let layout: RowLayout
  private var features: FeatureList { layout.features }

  /// Reads rows for a model of this layout.
  public init(_ layout: RowLayout) { self.layout = layout }

  /// Reads rows for a model of this signature; who reads often keeps a layout.
  public init(signature: ModelSignature) { self.init(RowLayout(signature)) }

  /// The rows that the bytes spell.
  public func rows(in bytes: [UInt8]) throws(Problem) -> Rows {
    guard features.form != .mappings else {
      throw Problem(
        .badInput, "rows.malformed", "expected objects of names and values in JSON, found lines of fields")
    }
    let records = try CSVRecords(bytes).all
    guard let first = records.first else {
      throw Problem(.badInput, "rows.malformed", "expected at least one row, found none")
    }
    if features.form == .unread {
      // Names, where none of them is a number.
      let isHeader = first.fields.allSatisfy { $0.number == nil }
      return Rows(unread: records.count - (isHeader ? 1 : 0))
    }
    let header = try columns(named: first)
    var numbers: [Double] = []
    var texts: [String?] = []
    if let ragged = records.first(where: { $0.fields.count != first.fields.count }) {
      throw Problem(
        .badInput, "rows.malformed", "expected \(first.fields.count) fields, found \(ragged.fields.count)",
        position: "row \(ragged.line)")
    }
    let isNamed = header != nil && features.names != nil
    guard isNamed || first.fields.count == features.count else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(features.count) features in each row, found \(first.fields.count)")
    }
    for record in records.dropFirst(header == nil ? 0 : 1) {
      for (place, feature) in layout.read.enumerated() {
        let field = record.fields[header?[place] ?? feature]
        if layout.isText(feature) {
          texts.append(field.text.isEmpty && !field.isQuoted ? nil : field.text)
        } else if let number = field.number {
          numbers.append(number)
        } else {
          throw Problem(
            .badInput, "rows.malformed",
            "expected a number or nothing, found '\(String(field.text.prefix(40)).singleLine)'",
            position: "row \(record.line), column \((header?[place] ?? feature) + 1)")
        }
      }
    }
    return Rows(
      numbers: numbers, texts: texts, rowCount: records.count - (header == nil ? 0 : 1),
      featureCount: features.count)
  }

  /// For each feature that is read the column that has it, where the first line names the columns; nil where it is
  /// a row.
  private func columns(named first: CSVRecords.Record) throws(Problem) -> [Int]? {
    var places: [String: Int] = [:]
    for (column, field) in first.fields.enumerated() where places[field.text] == nil {
      places[field.text] = column
    }
    let spellsNumbers = zip(layout.columns, first.fields).allSatisfy { column, field in
      if case .number = column { return field.number != nil }
      return true
    }
    guard let names = features.names else { return spellsNumbers ? nil : layout.read }
    // To the first that is missing: a line of few fields takes no longer where there are many names.
    var found: [Int] = []
    for feature in layout.read {
      guard let column = places[names[feature]] else { break }
      found.append(column)
    }
    guard found.count < layout.read.count else { return found }
    // A row of data names none of them; a line that names some but not all is a header of another table.
    if spellsNumbers && !first.fields.contains(where: { layout.places?[$0.text] != nil }) { return nil }
    let missing = names[layout.read[found.count]]
    throw Problem(
      .badInput, "rows.missing-column",
      "expected a column '\(missing.prefix(80))', found none of that name",
      hint: "the model was trained with \(names.prefix(20).joined(separator: ", "))")
  }
}

extension String {
  /// The text without what would break the line of a message.
  fileprivate var singleLine: String {
    String(map { $0.isNewline ? " " : $0 })
  }
}
