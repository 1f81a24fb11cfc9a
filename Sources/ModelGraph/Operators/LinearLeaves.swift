public import Domain

/// The linear models in the leaves of trees: LightGBM's `linear_tree`.
///
/// Reads the features, and for each tree the number of the leaf that a row came to. A leaf gives its constant and
/// the sum of its coefficients times features; where one of those is missing, its plain value. Tree `t` adds to
/// output `targets[t]`, in the order of the trees.
public struct LinearLeaves: Operator {
  /// The name of the kind.
  public static let kind = "linear_leaves"

  /// How many outputs there are.
  public var outputs: Int
  /// The output that each tree adds to.
  public var targets: [Int64]
  /// The place of each tree's first leaf among all leaves, and the number of leaves.
  public var leafStarts: [Int64]
  /// The constant of each leaf.
  public var constants: [Double]
  /// What each leaf gives where a feature of its model is missing.
  public var values: [Double]
  /// The place of each leaf's first term among all terms, and the number of terms.
  public var termStarts: [Int64]
  /// The feature of each term.
  public var features: [Int64]
  /// The coefficient of each term.
  public var coefficients: [Double]

  /// Puts the models together.
  public init(
    outputs: Int, targets: [Int64], leafStarts: [Int64], constants: [Double], values: [Double],
    termStarts: [Int64], features: [Int64], coefficients: [Double]
  ) {
    self.outputs = outputs
    self.targets = targets
    self.leafStarts = leafStarts
    self.constants = constants
    self.values = values
    self.termStarts = termStarts
    self.features = features
    self.coefficients = coefficients
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      outputs: try reader.integer("outputs"), targets: try reader.integers("targets"),
      leafStarts: try reader.integers("leaf_starts"), constants: try reader.numbers("constants"),
      values: try reader.numbers("values"), termStarts: try reader.integers("term_starts"),
      features: try reader.integers("features"), coefficients: try reader.numbers("coefficients"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(outputs, "outputs")
    writer.write(targets, "targets")
    writer.write(leafStarts, "leaf_starts")
    writer.write(constants, "constants")
    writer.write(values, "values")
    writer.write(termStarts, "term_starts")
    writer.write(features, "features")
    writer.write(coefficients, "coefficients")
  }

  /// The longest model of each tree.
  public func work(on operands: [ValueType]) -> Work {
    var terms = 0
    for (start, end) in zip(leafStarts, leafStarts.dropFirst()) {
      let longest = (start..<end).reduce(0) { max($0, termStarts[Int($1) + 1] - termStarts[Int($1)]) }
      terms += Int(longest)
    }
    return .product(terms)
  }

  /// Gives a column for each output.
  ///
  /// Afterwards the starts ascend from 0 to the number of leaves and of terms, every tree has a leaf, features
  /// and targets are in range, and all numbers are finite.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.allNumbers(count: 2)
    guard outputs > 0, outputs <= GraphLimits.columns else {
      throw operands.problem(
        "outputs", "expected 1 to \(GraphLimits.columns) outputs in '\(operands.node)', found \(outputs)")
    }
    try operands.expect(targets, count: columns[1], "targets")
    try operands.expectIndices(targets, below: outputs, "targets")
    try expectStarts(
      leafStarts, parts: columns[1], of: constants.count, isEmptyAllowed: false, "leaf_starts", operands)
    try operands.expect(values, count: constants.count, "values")
    try expectStarts(
      termStarts, parts: constants.count, of: features.count, isEmptyAllowed: true, "term_starts", operands)
    try operands.expect(coefficients, count: features.count, "coefficients")
    try operands.expectIndices(features, below: columns[0], "features")
    try operands.expectFinite(constants, "constants")
    try operands.expectFinite(values, "values")
    try operands.expectFinite(coefficients, "coefficients")
    return .numbers(outputs)
  }

  private func expectStarts(
    _ starts: [Int64], parts: Int, of count: Int, isEmptyAllowed: Bool, _ name: String, _ operands: Operands
  ) throws(Problem) {
    // No overflow: there are no more columns and elements than memory holds.
    try operands.expect(starts, count: parts + 1, name)
    let ascends = zip(starts, starts.dropFirst()).allSatisfy { isEmptyAllowed ? $0 <= $1 : $0 < $1 }
    guard ascends, starts.first == 0, starts.last == Int64(count) else {
      throw operands.problem(
        "starts", "expected '\(name)' of '\(operands.node)' to ascend from 0 to \(count), found others")
    }
  }
}
