public import Domain

/// Decision trees, their leaf values added in the order of the trees and divided by `divisor`.
///
/// The trees are laid end to end. Node `i` sends a row left where `Float(x[feature[i]]) <= threshold[i]`, or
/// where the element is NaN and `missingLeft[i]`; a leaf has no children (−1). Children come after their
/// parents and in the same tree, and whatever nothing reads is 0, so that one ensemble has one form.
public struct TreeEnsemble: Operator {
  /// The name of the kind.
  public static let kind = "tree_ensemble"

  /// The index of each tree's root; children are indices into the same arrays.
  public var roots: [Int64]
  /// The left child of each node, −1 at a leaf.
  public var left: [Int64]
  /// The right child of each node, −1 at a leaf.
  public var right: [Int64]
  /// The column that a node looks at; 0 at a leaf.
  public var feature: [Int64]
  /// The threshold of each node, which may be infinite but not NaN; 0 at a leaf.
  public var threshold: [Double]
  /// Whether a missing element goes left.
  public var missingLeft: [Bool]
  /// What a leaf adds, a row a node; 0 at an inner node.
  public var values: ConstantMatrix
  /// What the sum over the trees is divided by; 1 leaves it as it is.
  public var divisor: Double

  /// Puts the trees of an ensemble together.
  public init(
    roots: [Int64], left: [Int64], right: [Int64], feature: [Int64], threshold: [Double],
    missingLeft: [Bool], values: ConstantMatrix, divisor: Double
  ) {
    self.roots = roots
    self.left = left
    self.right = right
    self.feature = feature
    self.threshold = threshold
    self.missingLeft = missingLeft
    self.values = values
    self.divisor = divisor
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      roots: try reader.integers("roots"), left: try reader.integers("left"),
      right: try reader.integers("right"), feature: try reader.integers("feature"),
      threshold: try reader.numbers("threshold"), missingLeft: try reader.booleans("missing_left"),
      values: try reader.matrix("values"), divisor: try reader.number("divisor"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(roots, "roots")
    writer.write(left, "left")
    writer.write(right, "right")
    writer.write(feature, "feature")
    writer.write(threshold, "threshold")
    writer.write(missingLeft, "missing_left")
    writer.write(values.tensor, "values")
    writer.write(divisor, "divisor")
  }

  /// Checks the trees node by node.
  ///
  /// Afterwards all arrays have a place per node, every tree's nodes stand together behind its root, children
  /// come after their parent and in its tree, each node but the roots has one parent, inner nodes look at
  /// columns that there are, no threshold is NaN, all values are finite.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    let count = left.count
    guard 1...GraphLimits.treeNodes ~= count else {
      throw operands.problem(
        "tree-size", "expected 1 to \(GraphLimits.treeNodes) nodes in '\(operands.node)', found \(count)")
    }
    guard divisor.isFinite, divisor > 0 else {
      throw operands.problem(
        "divisor", "expected a finite divisor above 0 in '\(operands.node)', found \(divisor)")
    }
    try operands.expect(right, count: count, "right")
    try operands.expect(feature, count: count, "feature")
    try operands.expect(threshold, count: count, "threshold")
    try operands.expect(missingLeft, count: count, "missing_left")
    guard values.rows == count, values.columns > 0 else {
      throw operands.problem(
        "tensor-shape",
        "expected 'values' to have the shape [\(count), 1 or more] in '\(operands.node)', found"
          + " [\(values.rows), \(values.columns)]")
    }
    try operands.expectFinite(values.elements, "values")
    try TreeChecker(trees: self, operands: operands).check(columns: columns)
    return .numbers(values.columns)
  }
}
