public import Domain

/// Decision trees whose leaf values are put together in the order of the trees.
///
/// The trees are laid end to end. Node `i` looks at x, the element in column `feature[i]`, rounded to single
/// precision first where `comparesSingles`. It sends the row left
/// - where x is NaN: if `missingLeft[i]`,
/// - at a node that has a set of categories: if x is in it,
/// - else: if x ≤ `threshold[i]`, compared in double precision.
///
/// A leaf has no children (−1). Children come after their parents and in the same tree, and whatever nothing reads
/// is 0, so that one ensemble has one form.
///
/// The leaf that a row reaches gives a row of `leaves`, in the order in which the leaves stand among the nodes: a
/// number for each output, or where there are `targets` one number for the output that the tree's target names.
/// For each output the numbers of all trees are put together from the first tree to the last, starting from `base`
/// or from what a second operand holds, and divided by `divisor`.
public struct TreeEnsemble: Operator {
  /// How the numbers of the trees become one.
  public enum Aggregate: String, Sendable, CaseIterable {
    /// They are added.
    case sum
    /// They are added in single precision: the sum is rounded after each tree.
    case sumOfSingles = "sum_of_singles"
    /// The least of them.
    case minimum
    /// The greatest of them.
    case maximum
  }

  /// The name of the kind.
  public static let kind = "tree_ensemble"

  /// The index of each tree's root; children are indices into the same arrays.
  public var roots: [Int32]
  /// The left child of each node, −1 at a leaf.
  public var left: [Int32]
  /// The right child of each node, −1 at a leaf.
  public var right: [Int32]
  /// The column that a node looks at; 0 at a leaf.
  public var feature: [Int32]
  /// The threshold of each node, which may be infinite but not NaN; 0 at a leaf and at a node with categories.
  public var threshold: [Double]
  /// Whether a missing element goes left.
  public var missingLeft: [Bool]
  /// Which nodes ask for categories, and which ones; nil where none does.
  public var categories: TreeCategories?
  /// What the leaves give, a row a leaf.
  public var leaves: ConstantMatrix
  /// The output that each tree's one number is for; nil where a leaf has a number for each output.
  public var targets: [Int32]?
  /// How many outputs there are.
  public var outputs: Int
  /// Whether elements are rounded to single precision before they are compared.
  public var comparesSingles: Bool
  /// How the numbers of the trees become one.
  public var aggregate: Aggregate
  /// What each output's sum starts from, before the first tree; nil starts from nothing.
  public var base: [Double]?
  /// What each output is divided by at the end; 1 leaves it as it is.
  public var divisor: Double

  /// Puts the trees of an ensemble together; without targets there are as many outputs as leaves have numbers.
  public init(
    roots: [Int32], left: [Int32], right: [Int32], feature: [Int32], threshold: [Double],
    missingLeft: [Bool], categories: TreeCategories? = nil, leaves: ConstantMatrix, targets: [Int32]? = nil,
    outputs: Int? = nil, comparesSingles: Bool, aggregate: Aggregate = .sum, base: [Double]? = nil,
    divisor: Double = 1
  ) {
    self.roots = roots
    self.left = left
    self.right = right
    self.feature = feature
    self.threshold = threshold
    self.missingLeft = missingLeft
    self.categories = categories
    self.leaves = leaves
    self.targets = targets
    self.outputs = outputs ?? leaves.columns
    self.comparesSingles = comparesSingles
    self.aggregate = aggregate
    self.base = base
    self.divisor = divisor
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      roots: try reader.integers32("roots"), left: try reader.integers32("left"),
      right: try reader.integers32("right"), feature: try reader.integers32("feature"),
      threshold: try reader.numbers("threshold"), missingLeft: try reader.booleans("missing_left"),
      categories: try TreeCategories(from: &reader), leaves: try reader.matrix("leaves"),
      targets: try reader.integers32IfPresent("targets"), outputs: try reader.integer("outputs"),
      comparesSingles: try reader.bool("compares_singles"), aggregate: try reader.choice("aggregate"),
      base: try reader.numbersIfPresent("base"), divisor: try reader.number("divisor"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(roots, "roots")
    writer.write(left, "left")
    writer.write(right, "right")
    writer.write(feature, "feature")
    writer.write(threshold, "threshold")
    writer.write(missingLeft, "missing_left")
    TreeCategories.write(categories, to: &writer)
    writer.write(leaves.tensor, "leaves")
    writer.write(targets, "targets")
    writer.write(outputs, "outputs")
    writer.write(comparesSingles, "compares_singles")
    writer.write(aggregate, "aggregate")
    writer.write(base, "base")
    writer.write(divisor, "divisor")
  }

  /// The longest way through each tree, and the numbers of its leaf.
  public func work(on operands: [ValueType]) -> Work {
    var nodes = 0
    for (number, root) in roots.enumerated() {
      let end = number + 1 < roots.count ? Int(roots[number + 1]) : left.count
      nodes += depth(of: Int(root)..<end)
    }
    return .product(nodes) + .product(roots.count, leaves.columns)
  }

  /// Checks the trees node by node.
  ///
  /// Afterwards all arrays have a place per node, every tree's nodes stand together behind its root, children
  /// come after their parent and in its tree, each node but the roots has one parent, inner nodes look at
  /// columns that there are, no threshold is NaN, sets of categories lie in their words, there is a row of `leaves`
  /// for each leaf, targets are outputs, all values are finite.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.allNumbers()
    guard columns.count == 1 || (columns.count == 2 && columns[1] == outputs && base == nil) else {
      throw operands.problem(
        "operand",
        "expected '\(operands.node)' to read one value, or a second one of \(outputs) columns to start from,"
          + " found \(columns.count)")
    }
    try checkSizes(operands)
    try operands.expectFinite(leaves.elements, "leaves")
    if let base {
      try operands.expect(base, count: outputs, "base")
      try operands.expectFinite(base, "base")
    }
    guard divisor.isFinite, divisor > 0 else {
      throw operands.problem(
        "divisor", "expected a finite divisor above 0 in '\(operands.node)', found \(divisor)")
    }
    var checker = TreeChecker(trees: self, operands: operands)
    try checker.check(columns: columns[0])
    return .numbers(outputs)
  }

  /// How many nodes the longest way from the root of a tree meets.
  private func depth(of nodes: Range<Int>) -> Int {
    var depths = [Int32](repeating: 1, count: nodes.count)
    var deepest: Int32 = 1
    for node in nodes where left[node] >= 0 {
      let depth = depths[node - nodes.lowerBound] + 1
      depths[Int(left[node]) - nodes.lowerBound] = depth
      depths[Int(right[node]) - nodes.lowerBound] = depth
      deepest = max(deepest, depth)
    }
    return Int(deepest)
  }

  private func checkSizes(_ operands: Operands) throws(Problem) {
    let count = left.count
    guard 1...GraphLimits.treeNodes ~= count else {
      throw operands.problem(
        "tree-size", "expected 1 to \(GraphLimits.treeNodes) nodes in '\(operands.node)', found \(count)")
    }
    try operands.expect(right, count: count, "right")
    try operands.expect(feature, count: count, "feature")
    try operands.expect(threshold, count: count, "threshold")
    try operands.expect(missingLeft, count: count, "missing_left")
    guard 1...GraphLimits.columns ~= outputs else {
      throw operands.problem(
        "tree-outputs", "expected 1 to \(GraphLimits.columns) outputs in '\(operands.node)', found \(outputs)"
      )
    }
    let width = targets == nil ? outputs : 1
    guard leaves.columns == width else {
      throw operands.problem(
        "tensor-shape",
        "expected 'leaves' to have \(width) columns in '\(operands.node)', found \(leaves.columns)")
    }
    if let targets {
      try operands.expect(targets, count: roots.count, "targets")
      guard let wrong = targets.first(where: { $0 < 0 || $0 >= outputs }) else { return }
      throw operands.problem(
        "index-range",
        "expected 'targets' of '\(operands.node)' to be from 0 to below \(outputs), found \(wrong)")
    }
  }
}
