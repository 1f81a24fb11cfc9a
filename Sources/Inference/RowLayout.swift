public import ModelGraph

/// Where the features of a model's rows go, and which feature each name is.
///
/// Made once for a model: it takes time in proportion to the features, which a request of a few bytes must not.
public struct RowLayout: Sendable {
  let features: FeatureList
  let columns: [Column]
  /// The features that something reads, ascending.
  let read: [Int]
  /// Which feature each name is, the first one where several bear it; nil where the model has no names.
  let places: [String: Int]?

  /// Where a feature goes within its row.
  enum Column {
    case number(Int)
    case text(Int)
    case ignored
  }

  /// Lays out the rows of a model of this signature.
  public init(_ signature: ModelSignature) {
    features = signature.features
    var (numbers, texts) = (0, 0)
    var (columns, read): ([Column], [Int]) = ([], [])
    for (feature, kind) in signature.features.kinds.enumerated() {
      if kind != .ignored { read.append(feature) }
      switch kind {
      case .ignored: columns.append(.ignored)
      case .number:
        columns.append(.number(numbers))
        numbers += 1
      case .text:
        columns.append(.text(texts))
        texts += 1
      }
    }
    (self.columns, self.read) = (columns, read)
    places = signature.features.names.map { names in
      Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }
  }

  /// Whether a feature is a text.
  func isText(_ feature: Int) -> Bool {
    if case .text = columns[feature] { true } else { false }
  }
}
