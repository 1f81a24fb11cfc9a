public import Domain

/// How often each term of a vocabulary occurs in a text; other terms are left out.
public struct CountTerms: Operator {
  /// The name of the kind.
  public static let kind = "count_terms"

  /// How a text becomes terms.
  public var analysis: TextAnalysis
  /// The terms, a column each.
  public var vocabulary: [String]
  /// Whether a column says only that the term occurs.
  public var isBinary: Bool

  /// Says what is counted.
  public init(_ analysis: TextAnalysis, vocabulary: [String], isBinary: Bool) {
    self.analysis = analysis
    self.vocabulary = vocabulary
    self.isBinary = isBinary
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      try TextAnalysis(from: &reader), vocabulary: try reader.texts("vocabulary"),
      isBinary: try reader.bool("binary"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    analysis.write(to: &writer)
    writer.write(vocabulary, "vocabulary")
    writer.write(isBinary, "binary")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { analysis.work }

  /// Gives a column for each term.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try analysis.check(operands)
    try operands.expectTerms(vocabulary, "vocabulary")
    return .numbers(vocabulary.count)
  }
}

/// How often terms occur in a text, each in the column that its hash says.
///
/// MurmurHash3 of 32 bits over UTF-8, seed 0: |h| modulo the columns is the column, its sign that of the count.
public struct HashTerms: Operator {
  /// The name of the kind.
  public static let kind = "hash_terms"

  /// How a text becomes terms.
  public var analysis: TextAnalysis
  /// How many columns there are.
  public var columns: Int
  /// Whether the hash gives the sign too.
  public var alternatesSign: Bool
  /// Whether a column says only that some term of it occurs.
  public var isBinary: Bool

  /// Says what is counted.
  public init(_ analysis: TextAnalysis, columns: Int, alternatesSign: Bool, isBinary: Bool) {
    self.analysis = analysis
    self.columns = columns
    self.alternatesSign = alternatesSign
    self.isBinary = isBinary
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      try TextAnalysis(from: &reader), columns: try reader.integer("columns"),
      alternatesSign: try reader.bool("alternates_sign"), isBinary: try reader.bool("binary"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    analysis.write(to: &writer)
    writer.write(columns, "columns")
    writer.write(alternatesSign, "alternates_sign")
    writer.write(isBinary, "binary")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { analysis.work }

  /// Gives as many columns as it says.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try analysis.check(operands)
    try operands.expectHashColumns(columns)
    return .numbers(columns)
  }
}

/// Term counts as TF-IDF weighs them: x or 1 + ln x, times the term's own weight; what is not there stays 0.
public struct WeighTerms: Operator {
  /// The name of the kind.
  public static let kind = "weigh_terms"

  /// Whether a count x becomes 1 + ln x first.
  public var isSublinear: Bool
  /// The factor of each column; nil for none.
  public var weights: [Double]?
  /// Whether each step is rounded to single precision.
  public var isFloat32: Bool

  /// Says how counts are weighed.
  public init(isSublinear: Bool, weights: [Double]?, isFloat32: Bool = false) {
    self.isSublinear = isSublinear
    self.weights = weights
    self.isFloat32 = isFloat32
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      isSublinear: try reader.bool("sublinear"), weights: try reader.numbersIfPresent("weights"),
      isFloat32: try reader.bool("float32"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(isSublinear, "sublinear")
    writer.write(weights, "weights")
    writer.write(isFloat32, "float32")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    if let weights {
      try operands.expect(weights, count: columns, "weights")
      try operands.expectFinite(weights, "weights")
    }
    return .numbers(columns)
  }
}

extension Operands {
  /// Refuses terms of which there are none, or one twice.
  func expectTerms(_ terms: [String], _ attribute: String) throws(Problem) {
    guard 1...GraphLimits.columns ~= terms.count, TermTable(terms) != nil else {
      throw problem(
        "terms",
        "expected 1 to \(GraphLimits.columns) terms, each once, as '\(attribute)' of '\(node)', found"
          + " \(terms.count)\(terms.isEmpty ? "" : ", one of them twice")")
    }
  }

  /// Refuses a number of columns that no hash is spread over.
  func expectHashColumns(_ columns: Int) throws(Problem) {
    guard 1...GraphLimits.columns ~= columns else {
      throw problem(
        "column-count",
        "expected '\(node)' to have 1 to \(GraphLimits.columns) columns, found \(columns)")
    }
  }

  /// Refuses any operand but one column of texts.
  func expectOneText() throws(Problem) {
    let columns = try texts()
    guard columns == 1 else {
      throw problem("operand", "expected '\(node)' to read one column of texts, found \(columns)")
    }
  }
}
