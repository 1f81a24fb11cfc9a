import Artifacts
import Domain
import ModelGraph

/// CountVectorizer, TfidfVectorizer, HashingVectorizer and TfidfTransformer.
extension Lifter {
  static let textVectorizers: [PickleGlobal: Lift] = [
    .sklearn("feature_extraction.text", "CountVectorizer"): countVectorizer,
    .sklearn("feature_extraction.text", "TfidfVectorizer"): tfidfVectorizer,
    .sklearn("feature_extraction.text", "HashingVectorizer"): hashingVectorizer,
    .sklearn("feature_extraction.text", "TfidfTransformer"): tfidfTransformer,
  ]

  static func countVectorizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // Counts are exact in each of these.
    let type = try estimator.outputType(among: [.float64, .float32, .int64, .int32])
    return .transformer(try counts(of: estimator, input, &builder), datatype: type, storage: .sparse)
  }

  static func tfidfVectorizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let type = try estimator.outputType(among: [.float64, .float32, .int64, .int32])
    let counts = try counts(of: estimator, input, &builder)
    let view = try estimator.view.fittedAttribute("_tfidf")
    guard view.object?.type == .sklearn("feature_extraction.text", "TfidfTransformer") else {
      throw view.unexpected("a TfidfTransformer")
    }
    let transformer = Estimator(
      view, name: estimator.name, depth: estimator.depth, outerVersion: estimator.versionText)
    return .transformer(
      try weighed(counts, by: transformer, isFloat32: type == .float32, &builder),
      datatype: type == .float32 ? .float32 : .float64, storage: .sparse)
  }

  static func hashingVectorizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let type = try estimator.outputType(among: [.float64, .float32])
    let operation = HashTerms(
      try textAnalysis(of: estimator, &builder), columns: try view.attribute("n_features").integer(),
      alternatesSign: try view.attribute("alternate_sign").bool(),
      isBinary: try view.attribute("binary").bool())
    let documents = try builder.documents(input, origin: estimator)
    let value = try builder.apply(operation, to: documents, named: "terms", for: estimator)
    // Terms of one column and of two signs may add up to 0, which stays stored.
    return .transformer(
      try normalized(value, by: estimator, isFloat32: type == .float32, &builder),
      datatype: type == .float32 ? .float32 : .float64,
      storage: operation.alternatesSign ? .sparseWithZeros : .sparse)
  }

  static func tfidfTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var operand = input
    if estimator.view.attributeIfPresent("n_features_in_") != nil {
      operand = try estimator.columns(of: input, &builder)
    } else if input.count == nil {
      // 0.24 kept no count of its own where there are no weights.
      guard let weights = try inverseFrequencies(of: estimator, &builder) else {
        throw estimator.view.unexpected("the step after a vectorizer")
      }
      operand = try builder.resolve(input, count: weights.count, names: nil, for: estimator)
    }
    var value = try builder.numbers(operand, origin: estimator)
    value = try builder.apply(CheckFinite(allowsNaN: false), to: value, named: "checked", for: estimator)
    return .transformer(
      try weighed(value, by: estimator, isFloat32: false, &builder),
      storage: operand.storage.joined(with: .sparse))
  }

  private static func counts(
    of estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let operation = CountTerms(
      try textAnalysis(of: estimator, &builder), vocabulary: try vocabulary(of: estimator, &builder),
      isBinary: try estimator.view.attribute("binary").bool())
    let documents = try builder.documents(input, origin: estimator)
    return try builder.apply(operation, to: documents, named: "terms", for: estimator)
  }
}

// MARK: - Weights

extension Lifter {
  /// Counts times inverse document frequencies, each row divided by its norm.
  private static func weighed(
    _ value: GraphValue, by estimator: Estimator, isFloat32: Bool, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let weights = try inverseFrequencies(of: estimator, &builder)
    let isSublinear = try estimator.view.attribute("sublinear_tf").bool()
    var value = value
    if isSublinear || weights != nil {
      value = try builder.apply(
        WeighTerms(isSublinear: isSublinear, weights: weights, isFloat32: isFloat32), to: value,
        named: "weighed", for: estimator)
    }
    return try normalized(value, by: estimator, isFloat32: isFloat32, &builder)
  }

  private static func normalized(
    _ value: GraphValue, by estimator: Estimator, isFloat32: Bool, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try estimator.view.attribute("norm")
    guard !attribute.isNone else { return value }
    guard let norm = NormalizeRows.Norm(rawValue: try attribute.string()), norm != .sum else {
      throw attribute.unexpected("'l1', 'l2', 'max' or None")
    }
    let value = try builder.apply(
      NormalizeRows(norm: norm, zeroNorm: .keep), to: value, named: "normalized", for: estimator)
    return isFloat32
      ? try builder.apply(MapElements(.float32), to: value, named: "rounded", for: estimator) : value
  }

  /// A weight for each column, as a vector from 1.5 on and as the diagonal of a sparse matrix before; nil where
  /// none were learnt.
  private static func inverseFrequencies(
    of estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double]? {
    if let vector = estimator.view.attributeIfPresent("idf_") {
      let (elements, shape) = try vector.numbers(axes: 1)
      try builder.spend(elements: shape[0], for: vector)
      return elements
    }
    guard try estimator.view.attribute("use_idf").bool() else { return nil }
    let matrix = try estimator.view.fittedAttribute("_idf_diag")
    let data = try matrix.attribute("data")
    let (elements, _) = try data.numbers(axes: 1)
    try builder.spend(elements: elements.count, for: data)
    let columns = try matrix.attribute("indices").numbers(shape: [elements.count])
    let starts = try matrix.attribute("indptr").numbers(shape: [elements.count + 1])
    guard columns.indices.allSatisfy({ columns[$0] == Double($0) }),
      starts.indices.allSatisfy({ starts[$0] == Double($0) })
    else { throw matrix.unexpected("a diagonal matrix without gaps") }
    return elements
  }
}

// MARK: - Vocabulary

extension Lifter {
  /// The terms in the order of their columns: learnt, or given as a parameter.
  private static func vocabulary(
    of estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [String] {
    if let learnt = estimator.view.attributeIfPresent("vocabulary_") {
      return try learnt.columnNames(&builder)
    }
    guard let given = estimator.view.attributeIfPresent("vocabulary"), !given.isNone else {
      throw Problem(
        .refused, "lift.not-fitted",
        "expected \(estimator.view.path) to be fitted, found no attribute 'vocabulary_'",
        position: estimator.view.position, hint: "call fit before you save the model")
    }
    switch given.value {
    case .dictionary: return try given.columnNames(&builder)
    // A set is put in Python's order, that of the characters.
    case .set, .frozenSet:
      return try given.words(&builder, mayRepeat: false).sorted {
        $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
      }
    default: return try given.words(&builder, mayRepeat: false)
    }
  }
}

extension PickleView {
  /// The keys of a dictionary whose values number them from 0 on, in that order.
  func columnNames(_ builder: inout GraphBuilder) throws(Problem) -> [String] {
    guard case .dictionary(let pairs) = value, !pairs.isEmpty, Set(pairs.map(\.key)).count == pairs.count
    else { throw unexpected("a dictionary of names and columns that is not empty") }
    try builder.spend(elements: pairs.count, for: self)
    var names = [String?](repeating: nil, count: pairs.count)
    for pair in pairs {
      let name = try view(of: pair.key, "'s keys").string()
      try builder.spend(elements: name.utf8.count, for: self)
      let index = try view(of: pair.value, "[…]").integer()
      guard names.indices.contains(index), names[index] == nil else {
        throw unexpected("a dictionary whose values are 0 to \(pairs.count - 1), each once")
      }
      names[index] = name
    }
    return names.compactMap(\.self)
  }

  /// The strings of a list, tuple or set, each once where the pickle names one several times.
  func words(_ builder: inout GraphBuilder, mayRepeat: Bool = true) throws(Problem) -> [String] {
    let ids: [ValueID]
    switch value {
    case .list(let elements), .tuple(let elements), .set(let elements), .frozenSet(let elements):
      ids = elements
    default: throw unexpected("a list or set of strings")
    }
    var (words, seen): ([String], Set<ValueID>) = ([], [])
    for id in ids {
      guard seen.insert(id).inserted else {
        guard mayRepeat else { throw unexpected("strings, each once") }
        continue
      }
      guard let word = view(of: id, "").text else { throw unexpected("strings alone") }
      try builder.spend(elements: word.utf8.count + 1, for: self)
      words.append(word)
    }
    return words
  }
}
