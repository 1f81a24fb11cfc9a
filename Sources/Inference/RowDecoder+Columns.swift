public import Domain
import Encoding
import ModelGraph

extension RowDecoder {
  /// Whether a row is a list of features, and no text or mapping.
  public var takesRows: Bool { features.form == .rows }

  /// The names of columns, a list of texts; numbers, which pandas gives to columns without names, are taken too.
  public func columnNames(_ reader: inout RequestReader, at pointer: String) throws(Problem) -> [String] {
    try expect(.array, "a list of names of columns", &reader, at: pointer)
    var names: [String] = []
    try reader.beginArray()
    while try reader.hasElement() {
      switch try reader.kind() {
      case .string: names.append(try reader.string())
      case .number: names.append(try reader.number().canonicalText)
      case let kind:
        throw Problem(
          .badInput, "predict.malformed", "expected the name of a column, found \(kind.description)",
          position: "\(pointer)/\(names.count)")
      }
    }
    return names
  }

  /// Takes in the object that is next: for each feature by its name the list of its values, a value a row.
  public mutating func decodeColumns(_ reader: inout RequestReader, at pointer: String) throws(Problem) {
    guard features.names != nil else { throw unnamed(at: pointer) }
    let places = try namedPlaces()
    var values: [Int: [Element]] = [:]
    var rowCount: Int?
    try reader.beginObject()
    while let name = try reader.nextName() {
      guard let feature = places[name] else { throw stranger(name, at: pointer) }
      guard values[feature] == nil else { throw reader.repeated(name) }
      let position = "\(pointer)/\(name.excerpt(40))"
      try expect(.array, "a list of values", &reader, at: position)
      var column: [Element] = []
      try reader.beginArray()
      while try reader.hasElement() {
        let row = column.count
        column.append(try read(&reader, feature) { "\(position)/\(row)" })
      }
      guard rowCount == nil || rowCount == column.count else {
        throw Problem(
          .badInput, "predict.malformed",
          "expected \(rowCount ?? 0) values as in the first column, found \(column.count)", position: position
        )
      }
      rowCount = column.count
      values[feature] = column
    }
    try refuseMissing(at: pointer) { values[$0] != nil }
    for row in 0..<(rowCount ?? 0) {
      for feature in 0..<features.count {
        switch values[feature]?[row] {
        case .number(let value): numbers.append(value)
        case .text(let value): texts.append(value)
        case .nothing, nil: break
        }
      }
    }
    self.rowCount += rowCount ?? 0
  }
}
