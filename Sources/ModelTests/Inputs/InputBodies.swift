import Domain
import Encoding
import ModelGraph

/// Rows in JSON that nobody should send, each made of the simplest row that the schema allows.
struct InputBodies {
  /// A text that no system should be sent as one value.
  private static let hugeText = 1 << 20

  private let columns: FeatureColumns
  /// The schema's columns by feature; made up where there is no schema.
  private let kinds: [Schema.Column]
  private let sources: [CellSource]

  init(_ columns: FeatureColumns, schema: Schema?) throws(Problem) {
    self.columns = columns
    if let schema {
      kinds = try columns.columns(of: schema)
    } else {
      kinds = columns.names.indices.map { feature in
        Schema.Column(
          name: columns.names[feature], type: columns.kinds[feature] == .number ? .number : .text,
          mayBeMissing: columns.kinds[feature] == .ignored)
      }
    }
    sources = kinds.map(CellSource.init)
  }

  /// One body and the column that it is about.
  struct Body {
    let column: String?
    let bytes: [UInt8]
  }

  /// What is sent for a case; empty where no column is of the kind that the case is about.
  func bodies(of input: InputCase.Input, column: String?) -> [Body] {
    switch input {
    case .rows(let text): return [Body(column: nil, bytes: Array(text.utf8))]
    case .wrongShape: return [Body(column: nil, bytes: list(simplest + [.integer(0)]))]
    case .outOfOrder: return [Body(column: nil, bytes: object(simplest, skipping: nil, reversed: true))]
    case .missingField, .wrongType, .outOfRange, .huge, .unseenCategory: break
    }
    var bodies: [Body] = []
    for (feature, name) in columns.names.enumerated() where column == nil || column == name {
      guard columns.kinds[feature] != .ignored else { continue }
      if input == .missingField {
        bodies.append(Body(column: name, bytes: without(feature)))
      } else {
        for value in values(of: input, feature) {
          var row = simplest
          row[feature] = value
          bodies.append(Body(column: name, bytes: self.row(row)))
        }
      }
    }
    return bodies
  }

  /// The simplest row, its features in order.
  var inOrder: [UInt8] { row(simplest) }

  private var simplest: [JSON] { sources.indices.map { json(sources[$0].simplest, $0) } }

  private func json(_ cell: Cell, _ feature: Int) -> JSON {
    switch (columns.kinds[feature], cell) {
    case (.number, .text(let text)): Double(text).map { .number($0) } ?? .null
    case (.text, .number(let number)): .string(JSON.shortestText(of: number))
    default: cell.json
    }
  }

  private func values(of input: InputCase.Input, _ feature: Int) -> [JSON] {
    let isText = columns.kinds[feature] == .text
    let column = kinds[feature]
    switch input {
    case .wrongType: return [isText ? .integer(1) : .string("one")]
    case .huge:
      return [
        isText
          ? .string(String(repeating: "a", count: Self.hugeText)) : .number(Double.greatestFiniteMagnitude)
      ]
    case .outOfRange:
      guard let range = column.range, !isText else { return [] }
      let step = max(1, (range.upperBound - range.lowerBound).rounded(.up))
      return [range.lowerBound - step, range.upperBound + step].filter { !range.contains($0) && $0.isFinite }
        .map { .number($0) }
    case .unseenCategory:
      guard column.type == .category else { return [] }
      guard isText else {
        let greatest = column.values.compactMap { Double($0) }.max() ?? 0
        return [.number(greatest + 1)]
      }
      var unseen = "unseen"
      while column.values.contains(unseen) { unseen += "-" }
      return [.string(unseen)]
    case .missingField, .wrongShape, .outOfOrder, .rows: return []
    }
  }

  // MARK: JSON

  private func row(_ values: [JSON]) -> [UInt8] {
    columns.features.names == nil ? list(values) : object(values, skipping: nil, reversed: false)
  }

  private func without(_ feature: Int) -> [UInt8] {
    guard columns.features.names == nil else { return object(simplest, skipping: feature, reversed: false) }
    var values = simplest
    values.remove(at: feature)
    return list(values)
  }

  private func list(_ values: [JSON]) -> [UInt8] { JSON.array([.array(values)]).canonicalBytes }

  /// One row by names in an order, which `JSON` does not keep.
  private func object(_ values: [JSON], skipping: Int?, reversed: Bool) -> [UInt8] {
    var order = Array(values.indices)
    if reversed { order.reverse() }
    var text: [UInt8] = Array("[{".utf8)
    var isFirst = true
    for feature in order where feature != skipping {
      if !isFirst { text.append(UInt8(ascii: ",")) }
      isFirst = false
      text.append(jsonString: columns.names[feature])
      text.append(UInt8(ascii: ":"))
      text += values[feature].canonicalBytes
    }
    return text + Array("}]".utf8)
  }
}
