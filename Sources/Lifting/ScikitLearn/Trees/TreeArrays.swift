import Artifacts
import Domain
import ModelGraph

/// Trees put end to end into the arrays of a `TreeEnsemble`.
///
/// Whether they make trees is for the graph's own check to find out: nothing here follows a child.
struct TreeArrays {
  /// How many numbers each leaf gives.
  let width: Int
  private var roots: [Int32] = []
  private var left: [Int32] = []
  private var right: [Int32] = []
  private var feature: [Int32] = []
  private var threshold: [Double] = []
  private var missingLeft: [Bool] = []
  private var leaves: [Double] = []
  private var leafCount = 0
  private var targets: [Int32] = []
  /// For each node up to the last that has a set of categories its number, else −1.
  private var sets: [Int32] = []
  private var setStarts: [Int32] = [0]
  private var setWords: [UInt64] = []

  /// Starts with no trees, whose leaves will give so many numbers.
  init(width: Int) {
    self.width = width
  }

  /// How many trees there are so far.
  var treeCount: Int { roots.count }

  /// Appends the tree at `view`, a `sklearn.tree._tree.Tree` over so many features.
  ///
  /// Its values have the shape `[nodes] + valueShape`; `finishing` makes what a leaf adds of its values, which are
  /// the last of the array, from an index on. `columns` says which column of the input each of the tree's features
  /// is, and `target` which output the tree is for, where its leaves give one number of several.
  mutating func append(
    _ view: PickleView, features: Int, valueShape: [Int], columns: [Int32]? = nil, target: Int? = nil,
    _ builder: inout GraphBuilder, finishing: (_ leaves: inout [Double], _ start: Int) -> Void = { _, _ in }
  ) throws(Problem) {
    let nodes = try TreeNodes(view, features: features, &builder)
    let stride = Tensor.elementCount(of: valueShape) ?? .max
    // What a leaf gives may be more than what it holds.
    let (elements, overflow) = max(stride, width).multipliedReportingOverflow(by: nodes.count)
    guard !overflow else { throw view.unexpected("a tree whose values are there") }
    try builder.spend(elements: elements, for: view)
    let values = try view.attribute("values").numbers(shape: [nodes.count] + valueShape)
    append(nodes, columns: columns, target: target) { node, leaves in
      let start = leaves.count
      leaves += values[(node * stride)..<((node + 1) * stride)]
      finishing(&leaves, start)
    }
  }

  /// Appends a tree's nodes; `give` appends what a leaf gives, `width` numbers.
  mutating func append(
    _ nodes: TreeNodes, columns: [Int32]? = nil, target: Int? = nil,
    give: (_ node: Int, _ leaves: inout [Double]) -> Void
  ) {
    let base = Int64(left.count)
    roots.append(Int32(clamping: base))
    if let target { targets.append(Int32(clamping: target)) }
    reserve(nodes.count)
    for node in 0..<nodes.count {
      guard nodes.left[node] != -1 || nodes.right[node] != -1 else {
        append(left: -1, right: -1, feature: 0, threshold: 0, missingLeft: false)
        give(node, &leaves)
        leafCount += 1
        continue
      }
      // A child or feature beyond 32 bits is beyond any node or column too, and found to be.
      append(
        left: Int32(clamping: nodes.left[node].addingSaturated(base)),
        right: Int32(clamping: nodes.right[node].addingSaturated(base)),
        feature: Self.column(of: nodes.feature[node], columns),
        threshold: nodes.threshold[node], missingLeft: nodes.missingLeft?[node] ?? 0 != 0)
      if let set = nodes.sets[node] {
        sets += repeatElement(-1, count: left.count - 1 - sets.count)
        sets.append(Int32(clamping: setStarts.count - 1))
        setWords += set
        setStarts.append(Int32(clamping: setWords.count))
      }
    }
  }

  private mutating func append(
    left: Int32, right: Int32, feature: Int32, threshold: Double, missingLeft: Bool
  ) {
    self.left.append(left)
    self.right.append(right)
    self.feature.append(feature)
    self.threshold.append(threshold)
    self.missingLeft.append(missingLeft)
  }

  private static func column(of feature: Int64, _ columns: [Int32]?) -> Int32 {
    guard let columns else { return Int32(clamping: feature) }
    guard let index = Int(exactly: feature), columns.indices.contains(index) else { return .max }
    return columns[index]
  }

  /// Makes room, by half at a time: trees come one by one, and there may be many.
  private mutating func reserve(_ count: Int) {
    let needed = left.count + count
    guard needed > left.capacity else { return }
    let capacity = max(needed, left.capacity + left.capacity / 2)
    left.reserveCapacity(capacity)
    right.reserveCapacity(capacity)
    feature.reserveCapacity(capacity)
    threshold.reserveCapacity(capacity)
    missingLeft.reserveCapacity(capacity)
  }

  /// Makes the operator of all the trees so far.
  func ensemble(
    outputs: Int? = nil, comparesSingles: Bool = true, base: [Double]? = nil, divisor: Double = 1
  ) -> TreeEnsemble {
    let categories =
      sets.isEmpty
      ? nil
      : TreeCategories(
        nodes: sets + repeatElement(-1, count: left.count - sets.count), starts: setStarts, words: setWords,
        truncates: true)
    return TreeEnsemble(
      roots: roots, left: left, right: right, feature: feature, threshold: threshold,
      missingLeft: missingLeft, categories: categories,
      // As many values as there are leaves: each leaf gave just those, or the graph's check finds out.
      leaves: ConstantMatrix(leaves, rows: leafCount, columns: width) ?? .empty,
      targets: targets.isEmpty ? nil : targets, outputs: outputs, comparesSingles: comparesSingles,
      base: base, divisor: divisor)
  }
}

extension Int64 {
  /// The sum, or the nearest number there is.
  fileprivate func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }
}
