import Encoding
import ModelGraph

/// Rows to ask a model about: made of its own constants, without a clock or chance.
struct SampleRows: Sequence {
  /// One row.
  struct Row {
    var numbers: [Double]
    var texts: [String?]
    /// Whether it lies on an edge, or is missing: where a last bit can decide.
    var isOnEdge: Bool
  }

  /// Wider rows are not worth the space.
  private static let mostFeatures = 4096

  private let rows: [Row]

  init(_ graph: ValidatedGraph) {
    let features = graph.signature.features
    guard features.numberCount + features.texts.count <= Self.mostFeatures else {
      rows = []
      return
    }
    let hints = FeatureHints(graph)
    let numbers = hints.numbers.map(Self.ascending)
    let texts = hints.texts
    rows = (0..<12).map { index in
      Row(
        numbers: numbers.enumerated().map { Self.number(of: $0.element, feature: $0.offset, row: index) },
        texts: texts.enumerated().map {
          Self.text(of: $0.element, form: features.form, feature: $0.offset, row: index)
        },
        isOnEdge: index.isMultiple(of: 2))
    }
  }

  func makeIterator() -> IndexingIterator<[Row]> { rows.makeIterator() }

  private static func ascending(_ hints: [Double]) -> [Double] {
    var kept: [Double] = []
    for hint in hints.filter(\.isFinite).sorted() where hint != kept.last { kept.append(hint) }
    return kept
  }

  /// A number of a feature: on an edge in rows of even number, between two in the others.
  private static func number(of edges: [Double], feature: Int, row: Int) -> Double {
    switch row {
    case 0: return 0
    // Where it may be missing.
    case 6: return .nan
    case 8: return feature.isMultiple(of: 2) ? .nan : 1
    default: break
    }
    // A different part of the unit interval for each feature and row, evenly spread.
    let part = (Double(row + 1) * 0.618_033_988_749_894_9 + Double(feature) * 0.754_877_666_246_692_8)
      .truncatingRemainder(dividingBy: 1)
    guard !edges.isEmpty else { return row.isMultiple(of: 2) ? Double(row / 2) : part * Double(row) / 2 }
    let place = Int(part * Double(edges.count))
    let edge = edges[place]
    switch row {
    case 2: return edge
    case 4: return edge.nextUp
    case 10: return edge.nextDown
    default:
      let next = place + 1 < edges.count ? edges[place + 1] : edge + 1
      return edge + (next - edge) * (0.1 + 0.8 * part)
    }
  }

  private static func text(of known: [String], form: InputForm, feature: Int, row: Int) -> String? {
    func pick(_ number: Int) -> String { known.isEmpty ? "" : known[(number + feature) % known.count] }
    switch form {
    case .rows, .unread:
      if row == 6 { return nil }
      return row == 4 ? "?" : pick(row)
    case .documents:
      return row == 0 ? "" : (0..<row).map { pick(row + 7 * $0) }.joined(separator: " ")
    case .mappings:
      let members = (0..<row).map { (pick(row + 7 * $0), JSON.integer(Int64($0 + 1))) }
      return JSON.object(Dictionary(members) { first, _ in first }).canonicalText
    case .lists:
      return JSON.array((0..<row).map { .string(pick(row + 7 * $0)) }).canonicalText
    }
  }
}

/// What a graph's constants say of each feature: thresholds, edges, means, categories, terms.
private struct FeatureHints {
  /// For each feature that is a number, in order.
  private(set) var numbers: [[Double]]
  /// For each feature that is a text, in order.
  private(set) var texts: [[String]]

  /// Where a column comes from: the feature is `value * factor + offset`.
  private struct Source {
    let feature: Int
    var factor = 1.0
    var offset = 0.0
  }

  private static let mostColumns = 4096
  private static let mostNodes = 1 << 16
  private static let mostTexts = 64
  private static let longestText = 256

  /// The columns of each value that are features, by the number of the value.
  private var sources: [[Source?]]

  init(_ graph: ValidatedGraph) {
    let features = graph.signature.features
    numbers = [[Double]](repeating: [], count: features.numberCount)
    texts = [[String]](repeating: [], count: features.texts.count)
    sources = [
      numbers.indices.map { Source(feature: $0) }, texts.indices.map { Source(feature: $0) },
    ]
    for step in graph.steps {
      // A value whose columns are no features has as many unknown ones.
      let operands = zip(step.inputs, step.operands).map { input, type in
        type.columns > Self.mostColumns || !sources[input].isEmpty
          ? sources[input] : [Source?](repeating: nil, count: type.columns)
      }
      look(at: step.operation, operands)
      let given = Self.passed(through: step.operation, operands)
      let isKnown = given.count == step.type.columns && given.count <= Self.mostColumns
      sources.append(isKnown ? given : [])
    }
  }

  private mutating func look(at operation: any Operator, _ operands: [[Source?]]) {
    guard let columns = operands.first else { return }
    switch operation {
    case let trees as TreeEnsemble:
      for index in trees.left.indices.prefix(Self.mostNodes) where trees.left[index] >= 0 {
        add(trees.threshold[index], to: Int(trees.feature[index]), columns)
      }
    case let scale as Scale:
      for column in columns.indices {
        let center = scale.offset?[column] ?? 0
        let spread = scale.divisor?[column] ?? 1
        for number in [center - spread, center, center + spread] { add(number, to: column, columns) }
      }
    case let bins as Bins:
      for column in columns.indices {
        for index in Int(bins.starts[column])..<Int(bins.starts[column + 1]) {
          add(bins.edges[index], to: column, columns)
        }
      }
    case let lookup as LookupNumbers:
      for column in columns.indices {
        for index in lookup.table.range(of: column).prefix(Self.mostTexts) {
          add(lookup.categories[index], to: column, columns)
        }
      }
    case let encode as EncodeNumbers:
      for column in columns.indices {
        for key in encode.keys.prefix(Self.mostTexts) { add(key, to: column, columns) }
      }
    case let lookup as LookupTexts:
      for column in columns.indices {
        for index in lookup.table.range(of: column).prefix(Self.mostTexts) {
          add(lookup.categories[index], to: column, columns)
        }
      }
    case let encode as EncodeTexts:
      for column in columns.indices {
        for key in encode.keys.prefix(Self.mostTexts) { add(key, to: column, columns) }
      }
    case let count as CountTerms:
      for term in count.vocabulary.prefix(Self.mostTexts) { add(term, to: 0, columns) }
    case let vectorize as VectorizeMappings:
      for name in vectorize.names.prefix(Self.mostTexts) { add(name, to: 0, columns) }
    default: break
    }
  }

  private mutating func add(_ number: Double, to column: Int, _ columns: [Source?]) {
    guard columns.indices.contains(column), let source = columns[column],
      numbers.indices.contains(source.feature)
    else { return }
    numbers[source.feature].append(number * source.factor + source.offset)
  }

  private mutating func add(_ text: String, to column: Int, _ columns: [Source?]) {
    guard columns.indices.contains(column), let source = columns[column],
      texts.indices.contains(source.feature), text.utf8.count <= Self.longestText
    else { return }
    texts[source.feature].append(text)
  }

  /// The columns that an operator passes on, where it passes on any.
  private static func passed(through operation: any Operator, _ operands: [[Source?]]) -> [Source?] {
    let columns = operands.first ?? []
    switch operation {
    case is CheckFinite, is CheckPresent, is CheckWhole, is FillTexts: return columns
    case let map as MapElements where map.function == .float32: return columns
    case let combine as Combine where combine.function == .fillMissing: return columns
    case let some as Columns:
      return some.indices.map { columns.indices.contains(Int($0)) ? columns[Int($0)] : nil }
    case is Concat: return operands.flatMap(\.self)
    case let scale as Scale:
      return columns.enumerated().map { column, source in
        guard let source else { return nil }
        let (divisor, offset) = (scale.divisor?[column] ?? 1, scale.offset?[column] ?? 0)
        return Source(
          feature: source.feature, factor: source.factor * divisor,
          offset: source.factor * offset + source.offset)
      }
    default: return []
    }
  }
}
