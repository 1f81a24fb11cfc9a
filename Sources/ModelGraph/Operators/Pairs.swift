public import Domain

/// What support vectors say of each pair of classes.
///
/// That is Σ coefficient × kernel value over the vectors of both classes, and an intercept.
///
/// Vectors stand class by class. One of class i has a coefficient against each other class, row j − 1 against a
/// later class j, row j against an earlier one. Source: `svm_predict_values` of LIBSVM.
public struct PairDecisions: Operator {
  /// The name of the kind.
  public static let kind = "pair_decisions"

  /// `[classes - 1, vectors]`.
  public var coefficients: ConstantMatrix
  /// How many vectors each class has.
  public var counts: [Int64]
  /// One a pair, in the order (0, 1), (0, 2) and so on, then (1, 2).
  public var intercepts: [Double]

  /// Says what kernel values are multiplied by, and added.
  public init(coefficients: ConstantMatrix, counts: [Int64], intercepts: [Double]) {
    self.coefficients = coefficients
    self.counts = counts
    self.intercepts = intercepts
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      coefficients: try reader.matrix("coefficients"), counts: try reader.integers("counts"),
      intercepts: try reader.numbers("intercepts"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(coefficients.tensor, "coefficients")
    writer.write(counts, "counts")
    writer.write(intercepts, "intercepts")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(counts.count, operands[0].columns) }

  /// Gives a column for each pair, of one kernel value for each vector.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let vectors = try operands.numbers()
    let pairs = try operands.pairs(of: counts.count)
    try operands.expect(coefficients.tensor, shape: [counts.count - 1, vectors], "coefficients")
    try operands.expectFinite(coefficients.elements, "coefficients")
    try operands.expect(intercepts, count: pairs, "intercepts")
    try operands.expectFinite(intercepts, "intercepts")
    var left = Int64(vectors)
    for count in counts {
      guard 0...left ~= count else {
        throw operands.problem(
          "tensor-shape", "expected 'counts' of \(vectors) vectors in all in '\(operands.node)', found others"
        )
      }
      left -= count
    }
    guard left == 0 else {
      throw operands.problem(
        "tensor-shape", "expected 'counts' of \(vectors) vectors in all in '\(operands.node)', found fewer")
    }
    return .numbers(pairs)
  }
}

/// How many pairs each class wins; with confidences as a second value what decides between equals is added.
///
/// The first value holds, for each pair (i, j) with i < j, 0 where i wins and 1 where j does. The second holds how
/// sure that is, above 0 for j: s ÷ 3 (|s| + 1) is added to the votes, s being the sum for a class. Source:
/// `_ovr_decision_function` of scikit-learn.
public struct PairVotes: Operator {
  /// The name of the kind.
  public static let kind = "pair_votes"

  /// How many classes there are.
  public var classCount: Int

  /// Says how many classes vote.
  public init(classCount: Int) {
    self.classCount = classCount
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(classCount: try reader.integer("class_count"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(classCount, "class_count")
  }

  /// Gives a column for each class.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.allNumbers()
    let pairs = try operands.pairs(of: classCount)
    guard columns.count <= 2, columns.allSatisfy({ $0 == pairs }) else {
      throw operands.problem(
        "operand", "expected '\(operands.node)' to read one or two values of \(pairs) columns, found others")
    }
    return .numbers(classCount)
  }
}

/// Probabilities of classes from decisions between pairs: each through a logistic curve, all of them coupled.
///
/// Source: Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling", 2004,
/// the second method, with the limits and the end of LIBSVM.
public struct PairCoupling: Operator {
  /// The name of the kind.
  public static let kind = "pair_coupling"

  /// How many classes there are.
  public var classCount: Int
  /// What the decision of each pair is multiplied by, `probA`.
  public var slopes: [Double]
  /// What is then added, `probB`.
  public var offsets: [Double]

  /// Says how decisions become probabilities.
  public init(classCount: Int, slopes: [Double], offsets: [Double]) {
    self.classCount = classCount
    self.slopes = slopes
    self.offsets = offsets
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      classCount: try reader.integer("class_count"), slopes: try reader.numbers("slopes"),
      offsets: try reader.numbers("offsets"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(classCount, "class_count")
    writer.write(slopes, "slopes")
    writer.write(offsets, "offsets")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(classCount, classCount, max(100, classCount))
  }

  /// Gives a column for each class.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let pairs = try operands.pairs(of: classCount)
    guard try operands.numbers() == pairs else {
      throw operands.problem(
        "operand", "expected '\(operands.node)' to read \(pairs) columns, found \(try operands.numbers())")
    }
    for (attribute, elements) in [("slopes", slopes), ("offsets", offsets)] {
      try operands.expect(elements, count: pairs, attribute)
      try operands.expectFinite(elements, attribute)
    }
    return .numbers(classCount)
  }
}

extension Operands {
  /// How many pairs there are of two or more classes.
  fileprivate func pairs(of classes: Int) throws(Problem) -> Int {
    // A kernel takes memory in proportion to the square of the classes.
    guard 2...4096 ~= classes else {
      throw problem("class-count", "expected 2 to 4096 classes in '\(node)', found \(classes)")
    }
    return classes * (classes - 1) / 2
  }
}
