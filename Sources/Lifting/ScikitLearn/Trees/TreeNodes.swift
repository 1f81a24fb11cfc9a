import Artifacts
import Domain

/// The nodes of one tree, as its library has them: a leaf has no children (−1).
struct TreeNodes {
  let left: [Int64]
  let right: [Int64]
  let feature: [Int64]
  let threshold: [Double]
  /// Whether a missing element goes left; nil where it never does.
  let missingLeft: [Int64]?
  /// The set of categories that go left at the nodes that have one, in 64-bit words.
  let sets: [Int: [UInt64]]
  /// How many rows of the training set reached each node, where that is known.
  let samples: [Int64]

  /// How many nodes there are.
  var count: Int { left.count }

  /// Puts nodes together whose arrays are of one length.
  init(
    left: [Int64], right: [Int64], feature: [Int64], threshold: [Double], missingLeft: [Int64],
    sets: [Int: [UInt64]]
  ) {
    self.left = left
    self.right = right
    self.feature = feature
    self.threshold = threshold
    self.missingLeft = missingLeft
    self.sets = sets
    self.samples = []
  }
}

extension TreeNodes {
  private static let treeClass = PickleGlobal(module: "sklearn.tree._tree", name: "Tree")

  /// Reads the nodes of the tree at `view`, a `sklearn.tree._tree.Tree` over so many features.
  init(_ view: PickleView, features: Int, _ builder: inout GraphBuilder) throws(Problem) {
    guard let object = view.object, object.type == Self.treeClass, object.arguments.count == 3 else {
      throw view.unexpected("an instance of \(Self.treeClass)")
    }
    let treeFeatures = view.view(of: object.arguments[0], ".n_features")
    guard try treeFeatures.integer() == features else {
      throw treeFeatures.unexpected("\(features), as the estimator has")
    }
    let fields = try NodeFields(try view.attribute("nodes"), &builder)
    self.left = try fields.integers("left_child")
    self.right = try fields.integers("right_child")
    self.feature = try fields.integers("feature")
    self.threshold = try fields.doubles("threshold")
    self.samples = try fields.integers("n_node_samples")
    // From scikit-learn 1.3 on.
    self.missingLeft = fields.has("missing_go_to_left") ? try fields.integers("missing_go_to_left") : nil
    self.sets = [:]
  }
}

/// The fields of an array of nodes, by name: their places differ between versions.
struct NodeFields {
  private let view: PickleView
  private let items: NumPyItems
  /// How many nodes there are.
  let count: Int

  /// Opens the array of nodes at `view`, which has one axis and some elements.
  init(_ view: PickleView, _ builder: inout GraphBuilder) throws(Problem) {
    guard case .array(let array) = view.value, array.shape.count == 1, array.shape[0] > 0,
      let items = array.items, case .structured = array.type
    else { throw view.unexpected("an array of tree nodes with one axis") }
    // Six arrays of what the items hold. No overflow: they are there in memory.
    try builder.spend(elements: array.shape[0] * 6, for: view)
    self.view = view
    self.items = items
    self.count = array.shape[0]
  }

  /// Whether there is a field of that name.
  func has(_ name: String) -> Bool { items.field(name) != nil }

  /// A field of whole numbers.
  func integers(_ name: String) throws(Problem) -> [Int64] { try field(name) { $0.integers() } }

  /// A field of numbers.
  func doubles(_ name: String) throws(Problem) -> [Double] { try field(name) { $0.doubles() } }

  private func field<Item>(
    _ name: String, _ read: (NumPyItems) -> [Item]?
  ) throws(Problem) -> [Item] {
    guard let field = items.field(name), let values = read(field), values.count == count else {
      throw view.unexpected("an array of tree nodes with the numeric field '\(name)'")
    }
    return values
  }
}
