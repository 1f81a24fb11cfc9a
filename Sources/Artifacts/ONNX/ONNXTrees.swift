import Encoding

/// The decision trees of one `ai.onnx.ml` node, whose nodes name each other by number.
///
/// A runtime follows the numbers wherever they lead: a child out of range is a read out of bounds, a circle
/// never ends, a node of two parents is a tree that multiplies. `TreeStructure` asks for more than holds here:
/// nodes have numbers of their own, any of them may be the root, and where a row is compared with one value
/// after another, the comparisons may lead to the same node.
struct ONNXTrees {
  /// How many nodes all trees of one operator may have.
  static let nodeLimit = 20_000_000
  /// How many columns a model may look at where its input does not say.
  static let featureLimit: Int32 = 1 << 24
  /// How many outputs it may have.
  static let targetLimit: Int64 = 1 << 24

  /// Something that is wrong with the trees.
  struct Fault {
    let kind: ONNXObservation.Kind
    let detail: String
    let offset: Int
  }

  /// What a node does, as far as the structure goes.
  enum Mode: UInt8 {
    case leaf, branch
    /// A comparison with one value: several of a row may share what they lead to, as a set of values.
    case equal
  }

  let node: ONNXNode
  private let width: Int64?
  private(set) var faults: [Fault] = []

  /// Takes the parameters of a node; `width` is the number of columns of its input, where that is known.
  init(_ node: ONNXNode, width: Int64?) {
    self.node = node
    self.width = width
  }

  /// Checks the trees.
  mutating func check() throws(MalformedBytes) {
    if node.operation == "TreeEnsemble" { try checkSplits() } else { try checkNodes() }
  }

  mutating func fault(_ detail: String, _ kind: ONNXObservation.Kind = .treeStructure) {
    faults.append(Fault(kind: kind, detail: detail, offset: node.offset))
  }

  // MARK: - TreeEnsembleClassifier and TreeEnsembleRegressor

  private mutating func checkNodes() throws(MalformedBytes) {
    let names = ["treeids", "nodeids", "featureids", "truenodeids", "falsenodeids"]
    let count = node.attribute("nodes_treeids")?.integerCount ?? 0
    guard count <= Self.nodeLimit else {
      return fault("expected at most \(Self.nodeLimit) nodes, found \(count)", .limit)
    }
    var lengthsAgree = true
    for name in names {
      lengthsAgree =
        sameLength("nodes_\(name)", node.attribute("nodes_\(name)")?.integerCount, count) && lengthsAgree
    }
    lengthsAgree = sameLength("nodes_modes", node.attribute("nodes_modes")?.textCount, count) && lengthsAgree
    let values = node.attribute("nodes_values")?.floatCount ?? 0
    let wideValues = try elementCount("nodes_values_as_tensor")
    lengthsAgree = sameLength("nodes_values", max(values, wideValues), count) && lengthsAgree
    for name in ["nodes_hitrates", "nodes_missing_value_tracks_true"] {
      guard let attribute = node.attribute(name) else { continue }
      let found = max(attribute.floatCount, attribute.integerCount)
      if found > 0 { lengthsAgree = sameLength(name, found, count) && lengthsAgree }
    }
    guard lengthsAgree, count > 0,
      let treeIDs = try node.attribute("nodes_treeids")?.integers(),
      let nodeIDs = try node.attribute("nodes_nodeids")?.integers(),
      let modes = try node.attribute("nodes_modes")?.texts(Self.mode)
    else { return try checkTargets(TreeNumbers(trees: [], nodes: [])) }
    let numbers = TreeNumbers(trees: treeIDs, nodes: nodeIDs)
    if let twice = numbers.duplicate {
      return fault("expected each node once, found node \(nodeIDs[twice]) of tree \(treeIDs[twice]) again")
    }
    try checkTargets(numbers)
    let features = try node.attribute("nodes_featureids")?.integers() ?? []
    checkFeatures(features, modes)
    guard let yes = try children("nodes_truenodeids", modes, numbers),
      let no = try children("nodes_falsenodeids", modes, numbers)
    else { return }
    checkShape(yes, no, modes, features, numbers)
  }

  mutating func sameLength(_ name: String, _ found: Int?, _ expected: Int) -> Bool {
    if found ?? 0 == expected { return true }
    fault("expected \(expected) numbers in \(name), found \(found ?? 0)")
    return false
  }

  private static func mode(_ text: ArraySlice<UInt8>) -> Mode {
    if text.elementsEqual("LEAF".utf8) { return .leaf }
    return text.elementsEqual("BRANCH_EQ".utf8) ? .equal : .branch
  }

  /// How many elements the tensor of an attribute says that it has; -1 where its shape is none.
  func elementCount(_ name: String) throws(MalformedBytes) -> Int {
    guard let attribute = node.attribute(name), let tensor = attribute.tensor else { return 0 }
    var count = 1
    var fields = ProtobufReader(tensor, origin: attribute.origin)
    while let field = try fields.next() {
      guard field.number == 1, count >= 0 else { continue }
      var product = count
      try field.forEachInteger { size in
        let (result, overflow) = product.multipliedReportingOverflow(by: Int(size))
        product = overflow || size < 0 || product < 0 ? -1 : result
      }
      count = product
    }
    return count
  }

  mutating func checkFeatures(_ features: [Int32], _ modes: [Mode]) {
    let limit = width.map { Int64($0) } ?? Int64(Self.featureLimit)
    for (index, feature) in features.enumerated() where modes.indices.contains(index) && modes[index] != .leaf
    {
      if feature < 0 || Int64(feature) >= limit {
        return fault("expected a feature from 0 to \(limit - 1) at node \(index), found \(feature)")
      }
    }
  }

  /// The index of each node's child, -1 for leaves; nil where one does not exist, which is said.
  private mutating func children(_ name: String, _ modes: [Mode], _ numbers: TreeNumbers)
    throws(MalformedBytes)
    -> [Int32]?
  {
    guard var children = try node.attribute(name)?.integers() else { return nil }
    for index in children.indices {
      if modes[index] == .leaf {
        children[index] = -1
        continue
      }
      guard let child = numbers.index(tree: numbers.trees[index], node: children[index]) else {
        fault(
          "expected a child in tree \(numbers.trees[index]) for node \(numbers.nodes[index]), found"
            + " \(children[index])")
        return nil
      }
      children[index] = Int32(truncatingIfNeeded: child)
    }
    return children
  }

  /// Each tree has one root, and from it each of its nodes is reached once.
  private mutating func checkShape(
    _ yes: [Int32], _ no: [Int32], _ modes: [Mode], _ features: [Int32], _ numbers: TreeNumbers
  ) {
    var parents = [Int32](repeating: 0, count: modes.count)
    // Whether all parents of a node so far may share it.
    var shareable = [Bool](repeating: true, count: modes.count)
    for index in modes.indices where modes[index] != .leaf {
      for (child, isTrue) in [(Int(yes[index]), true), (Int(no[index]), false)] {
        parents[child] += 1
        if !(modes[index] == .equal && isTrue) { shareable[child] = false }
        if parents[child] > 1, !shareable[child] {
          return fault(
            "expected one parent for node \(numbers.nodes[child]) of tree \(numbers.trees[child]), found two")
        }
      }
    }
    var ready: [Int] = []
    var rootTrees: Set<Int32> = []
    for index in modes.indices where parents[index] == 0 {
      guard rootTrees.insert(numbers.trees[index]).inserted else {
        return fault("expected one root in tree \(numbers.trees[index]), found two")
      }
      ready.append(index)
    }
    var reached = 0
    while let index = ready.popLast() {
      reached += 1
      guard modes[index] != .leaf else { continue }
      for child in [Int(yes[index]), Int(no[index])] {
        parents[child] -= 1
        if parents[child] == 0 { ready.append(child) }
      }
    }
    if reached < modes.count {
      let stuck = parents.firstIndex { $0 > 0 } ?? 0
      fault(
        "expected each node to be reached from its root, found node \(numbers.nodes[stuck]) of tree"
          + " \(numbers.trees[stuck]) in a circle")
    }
  }

  /// The outputs that leaves lead to.
  private mutating func checkTargets(_ numbers: TreeNumbers) throws(MalformedBytes) {
    let isClassifier = node.operation == "TreeEnsembleClassifier"
    let prefix = isClassifier ? "class" : "target"
    let count = node.attribute("\(prefix)_treeids")?.integerCount ?? 0
    guard count <= Self.nodeLimit else {
      return fault("expected at most \(Self.nodeLimit) leaves, found \(count)", .limit)
    }
    var lengthsAgree = true
    for name in ["nodeids", "ids"] {
      let attribute = "\(prefix)_\(name)"
      lengthsAgree = sameLength(attribute, node.attribute(attribute)?.integerCount, count) && lengthsAgree
    }
    let weights = node.attribute("\(prefix)_weights")?.floatCount ?? 0
    let wideWeights = try elementCount("\(prefix)_weights_as_tensor")
    lengthsAgree = sameLength("\(prefix)_weights", max(weights, wideWeights), count) && lengthsAgree
    var limit = Self.targetLimit
    if isClassifier {
      let texts = node.attribute("classlabels_strings")?.textCount ?? 0
      limit = Int64(max(texts, node.attribute("classlabels_int64s")?.integerCount ?? 0))
    } else if let targets = node.attribute("n_targets")?.integer {
      guard targets > 0, targets <= Self.targetLimit else {
        return fault("expected from 1 to \(Self.targetLimit) targets, found \(targets)")
      }
      limit = targets
    }
    guard lengthsAgree, let trees = try node.attribute("\(prefix)_treeids")?.integers(),
      let nodes = try node.attribute("\(prefix)_nodeids")?.integers(),
      let ids = try node.attribute("\(prefix)_ids")?.integers()
    else { return }
    for index in ids.indices {
      if ids[index] < 0 || Int64(ids[index]) >= limit {
        return fault("expected a \(prefix) from 0 to \(limit - 1) at leaf \(index), found \(ids[index])")
      }
      if numbers.index(tree: trees[index], node: nodes[index]) == nil {
        return fault(
          "expected a leaf that exists, found node \(nodes[index]) of tree \(trees[index]) in \(prefix)_nodeids"
        )
      }
    }
  }
}

/// The nodes of all trees by tree and number.
struct TreeNumbers {
  let trees: [Int32]
  let nodes: [Int32]
  /// The nodes ordered by tree and number; empty where they stand in that order already.
  private var order: [Int32] = []
  /// A node that stands twice.
  private(set) var duplicate: Int?

  /// Takes two lists of equal length.
  init(trees: [Int32], nodes: [Int32]) {
    self.trees = trees
    self.nodes = nodes
    let isSorted = trees.indices.dropFirst().allSatisfy {
      (trees[$0 - 1], nodes[$0 - 1]) < (trees[$0], nodes[$0])
    }
    guard !isSorted else { return }
    order = trees.indices.map { Int32(truncatingIfNeeded: $0) }
    order.sort { (trees[Int($0)], nodes[Int($0)]) < (trees[Int($1)], nodes[Int($1)]) }
    for (left, right) in zip(order, order.dropFirst()).lazy.map({ (Int($0), Int($1)) })
    where trees[left] == trees[right] && nodes[left] == nodes[right] {
      duplicate = right
      return
    }
  }

  /// Where the node of a tree stands.
  func index(tree: Int32, node: Int32) -> Int? {
    var low = 0
    var high = trees.count
    while low < high {
      let middle = low + (high - low) / 2
      let index = order.isEmpty ? middle : Int(order[middle])
      let found = (trees[index], nodes[index])
      if found == (tree, node) { return index }
      if found < (tree, node) { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}
