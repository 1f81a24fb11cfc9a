import Artifacts
import Domain
import ModelGraph

/// The nodes of scikit-learn's trees, copied end to end into the arrays of a `TreeEnsemble`.
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
    let nodes = try TreeNodes(view, features: features)
    let count = nodes.left.count
    let (valueCount, overflow) = (Tensor.elementCount(of: valueShape) ?? .max)
      .multipliedReportingOverflow(by: count)
    guard !overflow, !valueCount.addingReportingOverflow(count * 6).overflow else {
      throw view.unexpected("a tree whose values are there")
    }
    try builder.spend(elements: count * 6 + valueCount, for: view)
    let values = try view.attribute("values").numbers(shape: [count] + valueShape)
    let stride = valueCount / count
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
    let count = nodes.left.count
    let base = Int64(left.count)
    roots.append(Int32(clamping: base))
    if let target { targets.append(Int32(clamping: target)) }
    reserve(count)
    for node in 0..<count {
      let isLeaf = nodes.left[node] == -1 && nodes.right[node] == -1
      // A child or feature beyond 32 bits is beyond any node or column too, and found to be.
      left.append(isLeaf ? -1 : Int32(clamping: nodes.left[node].addingSaturated(base)))
      right.append(isLeaf ? -1 : Int32(clamping: nodes.right[node].addingSaturated(base)))
      feature.append(isLeaf ? 0 : Self.column(of: nodes.feature[node], columns))
      threshold.append(isLeaf ? 0 : nodes.threshold[node])
      missingLeft.append(!isLeaf && nodes.missingLeft?[node] ?? 0 != 0)
      if isLeaf {
        give(node, &leaves)
        leafCount += 1
      }
    }
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
    leaves.reserveCapacity(capacity / 2 * width)
  }

  /// Makes the operator of all the trees so far, on single-precision numbers.
  func ensemble(outputs: Int? = nil, base: [Double]? = nil, divisor: Double = 1) -> TreeEnsemble {
    TreeEnsemble(
      roots: roots, left: left, right: right, feature: feature, threshold: threshold,
      missingLeft: missingLeft,
      // As many values as there are leaves: each leaf gave just those, or the graph's check finds out.
      leaves: ConstantMatrix(leaves, rows: leafCount, columns: width) ?? .empty,
      targets: targets.isEmpty ? nil : targets, outputs: outputs, comparesSingles: true, base: base,
      divisor: divisor)
  }
}

/// The fields of a tree's nodes, by name: their places differ between versions.
struct TreeNodes {
  let left: [Int64]
  let right: [Int64]
  let feature: [Int64]
  let threshold: [Double]
  /// From scikit-learn 1.3 on.
  let missingLeft: [Int64]?
  /// How many rows of the training set reached each node.
  let samples: [Int64]

  private static let treeClass = PickleGlobal(module: "sklearn.tree._tree", name: "Tree")

  /// Reads the nodes of the tree at `view`, a `sklearn.tree._tree.Tree` over so many features.
  init(_ view: PickleView, features: Int) throws(Problem) {
    guard let object = view.object, object.type == Self.treeClass, object.arguments.count == 3 else {
      throw view.unexpected("an instance of \(Self.treeClass)")
    }
    let treeFeatures = view.view(of: object.arguments[0], ".n_features")
    guard try treeFeatures.integer() == features else {
      throw treeFeatures.unexpected("\(features), as the estimator has")
    }
    let view = try view.attribute("nodes")
    guard case .array(let array) = view.value, array.shape.count == 1, array.shape[0] > 0,
      let items = array.items, case .structured = array.type
    else { throw view.unexpected("an array of tree nodes with one axis") }
    func field<Item>(_ name: String, _ read: (NumPyItems) -> [Item]?) throws(Problem) -> [Item] {
      guard let field = items.field(name), let values = read(field), values.count == array.shape[0] else {
        throw view.unexpected("an array of tree nodes with the numeric field '\(name)'")
      }
      return values
    }
    self.left = try field("left_child") { $0.integers() }
    self.right = try field("right_child") { $0.integers() }
    self.feature = try field("feature") { $0.integers() }
    self.threshold = try field("threshold") { $0.doubles() }
    self.samples = try field("n_node_samples") { $0.integers() }
    self.missingLeft =
      items.field("missing_go_to_left") == nil ? nil : try field("missing_go_to_left") { $0.integers() }
  }
}

extension Int64 {
  /// The sum, or the nearest number there is.
  fileprivate func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }
}
