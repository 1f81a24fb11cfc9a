public import ModelGraph

/// What a model is asked about: rows of features, numbers and texts apart, each end to end.
public struct Rows: Sendable {
  /// The features that are numbers, row by row, in the order of the features; NaN is a missing one.
  public let numbers: [Double]
  /// The features that are texts, row by row, in the order of the features; nil is a missing one.
  public let texts: [String?]
  /// How many rows there are.
  public let rowCount: Int
  /// How many features each row was sent with.
  public let featureCount: Int

  /// How many UTF-8 bytes the texts have.
  var textBytes: Int { texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) } }

  /// Takes rows whose features are all numbers, laid end to end; nothing is checked here, see
  /// `ExecutionPlan.run`.
  public init(values: [Double], rowCount: Int, featureCount: Int) {
    self.init(numbers: values, texts: [], rowCount: rowCount, featureCount: featureCount)
  }

  /// Takes rows of a number for every feature, laid end to end, and keeps those that the model reads as numbers.
  ///
  /// For a model that reads no texts; `values` has as many elements as there are rows times features.
  public init(values: [Double], rowCount: Int, features: FeatureList) {
    let numbers = features.numbers
    guard numbers.count < features.count, features.count > 0, values.count == rowCount * features.count else {
      self.init(values: values, rowCount: rowCount, featureCount: features.count)
      return
    }
    var kept: [Double] = []
    kept.reserveCapacity(rowCount * numbers.count)
    for start in stride(from: 0, to: values.count, by: features.count) {
      for feature in numbers { kept.append(values[start + feature]) }
    }
    self.init(numbers: kept, texts: [], rowCount: rowCount, featureCount: features.count)
  }

  /// Takes rows of a text for every feature, laid end to end, and keeps those that the model reads.
  ///
  /// For a model that reads no numbers.
  public init(texts: [String], rowCount: Int, width: Int, features: FeatureList) {
    guard width == features.count, texts.count == rowCount * width else {
      self.init(numbers: [], texts: texts.map { $0 }, rowCount: rowCount, featureCount: width)
      return
    }
    var kept: [String?] = []
    kept.reserveCapacity(rowCount * features.texts.count)
    for start in stride(from: 0, to: texts.count, by: max(width, 1)) {
      for feature in features.texts { kept.append(texts[start + feature]) }
    }
    self.init(numbers: [], texts: kept, rowCount: rowCount, featureCount: width)
  }

  /// Takes rows that were sent apart, of the same features, one after another.
  public init(joining parts: [Rows]) {
    self.init(
      numbers: Array(parts.map(\.numbers).joined()), texts: Array(parts.map(\.texts).joined()),
      rowCount: parts.reduce(0) { $0 + $1.rowCount }, featureCount: parts.first?.featureCount ?? 0)
  }

  /// So many rows for a model that reads none of their features.
  public init(unread rowCount: Int) {
    self.init(
      numbers: [Double](repeating: 0, count: rowCount), texts: [], rowCount: rowCount, featureCount: 1)
  }

  /// Takes rows whose numbers and texts are laid end to end; nothing is checked here.
  public init(numbers: [Double], texts: [String?], rowCount: Int, featureCount: Int) {
    self.numbers = numbers
    self.texts = texts
    self.rowCount = rowCount
    self.featureCount = featureCount
  }
}
