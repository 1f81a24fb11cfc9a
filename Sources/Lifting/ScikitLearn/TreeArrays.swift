import Artifacts
import Domain
import ModelGraph

/// The nodes of scikit-learn's trees, copied end to end into the arrays of a `TreeEnsemble`.
///
/// Whether they make trees is for the graph's own check to find out: nothing here follows a child.
struct TreeArrays {
  /// The numbers that each leaf gives, `outputs` of them.
  let outputs: Int
  private var roots: [Int64] = []
  private var left: [Int64] = []
  private var right: [Int64] = []
  private var feature: [Int64] = []
  private var threshold: [Double] = []
  private var missingLeft: [Bool] = []
  private var values: [Double] = []

  init(outputs: Int) {
    self.outputs = outputs
  }

  /// Appends the tree at `view`, a `sklearn.tree._tree.Tree`.
  ///
  /// Its values have the shape `[nodes] + valueShape`; `finishing` makes of a leaf's values what it adds.
  mutating func append(
    _ view: PickleView, features: Int, valueShape: [Int], _ builder: inout GraphBuilder,
    finishing: (inout ArraySlice<Double>) -> Void
  ) throws(Problem) {
    guard let object = view.object, object.type == Self.treeClass, object.arguments.count == 3 else {
      throw view.unexpected("an instance of \(Self.treeClass)")
    }
    let treeFeatures = view.view(of: object.arguments[0], ".n_features")
    guard try treeFeatures.integer() == features else {
      throw treeFeatures.unexpected("\(features), as the estimator has")
    }
    let nodes = try Nodes(try view.attribute("nodes"))
    let count = nodes.left.count
    // Six arrays and the values. No overflow: the arrays of nodes and values are there in memory.
    try builder.spend(elements: count * (6 + outputs), for: view)
    let leafValues = try view.attribute("values").numbers(shape: [count] + valueShape)

    let base = Int64(left.count)
    roots.append(base)
    for node in 0..<count {
      let isLeaf = nodes.left[node] == -1 && nodes.right[node] == -1
      // Children are wrong if this wraps, and found to be.
      left.append(isLeaf ? -1 : nodes.left[node] &+ base)
      right.append(isLeaf ? -1 : nodes.right[node] &+ base)
      feature.append(isLeaf ? 0 : nodes.feature[node])
      threshold.append(isLeaf ? 0 : nodes.threshold[node])
      missingLeft.append(!isLeaf && nodes.missingLeft?[node] ?? 0 != 0)
      if isLeaf {
        var leaf = leafValues[(node * outputs)..<((node + 1) * outputs)]
        finishing(&leaf)
        values += leaf
      } else {
        values += repeatElement(0, count: outputs)
      }
    }
  }

  /// Makes the operator of all the trees so far.
  func ensemble(divisor: Double) -> TreeEnsemble {
    TreeEnsemble(
      roots: roots, left: left, right: right, feature: feature, threshold: threshold,
      missingLeft: missingLeft,
      // As many values as there are nodes and outputs: each tree appended just those.
      values: ConstantMatrix(values, rows: left.count, columns: outputs) ?? .empty, divisor: divisor)
  }

  private static let treeClass = PickleGlobal(module: "sklearn.tree._tree", name: "Tree")
}

/// The fields of a tree's nodes, by name: their places differ between versions.
private struct Nodes {
  let left: [Int64]
  let right: [Int64]
  let feature: [Int64]
  let threshold: [Double]
  /// From scikit-learn 1.3 on.
  let missingLeft: [Int64]?

  init(_ view: PickleView) throws(Problem) {
    guard case .array(let array) = view.value, array.shape.count == 1, array.shape[0] > 0,
      let items = array.items, case .structured = array.type
    else { throw view.unexpected("an array of tree nodes with one axis") }
    func field<Item>(_ name: String, _ read: (NumPyItems) -> [Item]?) throws(Problem) -> [Item] {
      guard let field = items.field(name), let values = read(field) else {
        throw view.unexpected("an array of tree nodes with the numeric field '\(name)'")
      }
      return values
    }
    self.left = try field("left_child") { $0.integers() }
    self.right = try field("right_child") { $0.integers() }
    self.feature = try field("feature") { $0.integers() }
    self.threshold = try field("threshold") { $0.doubles() }
    self.missingLeft =
      items.field("missing_go_to_left") == nil ? nil : try field("missing_go_to_left") { $0.integers() }
  }
}
