import Encoding

/// One tree of the JSON and UBJSON forms: where its arrays are.
struct XGBoostTree {
  /// Every array that a predictor or XGBoost's own reader follows.
  static let arrayNames: Set<String> = Set(
    required + optional + ["base_weights", "leaf_weights"] + categories)

  private static let required = [
    "left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left",
  ]
  private static let optional = ["split_type", "loss_changes", "sum_hessian"]
  static let categories = ["categories", "categories_nodes", "categories_segments", "categories_sizes"]

  /// The feature of a node that pruning took out: 31 bits set.
  static let deleted: Int32 = .max
  /// The parent of the root: 31 bits set where the highest of 32 is a flag.
  static let noParent: Int32 = .max
  /// Categories are floats with a whole value, which end at 2^24.
  static let categoryLimit: Int64 = 1 << 24

  let number: Int
  let offset: Int
  var id: Int64?
  var nodeCount: Int64?
  var leafLength: Int64 = 0
  var arrays: [String: XGBoostNumbers] = [:]

  /// Checks that all arrays are there and of the right length; nil where one is not.
  func nodes(_ faults: inout ModelFaults) -> Int? {
    guard let nodeCount, let nodes = Int(exactly: nodeCount), nodes > 0 else {
      faults.add(
        .structure,
        "expected the number of nodes of tree \(number), found \(nodeCount.map(String.init) ?? "none")",
        at: offset)
      return nil
    }
    for name in Self.required + Self.optional {
      guard let array = arrays[name] else {
        if Self.optional.contains(name) { continue }
        faults.add(.damage, "expected \(name) in tree \(number), found none", at: offset)
        return nil
      }
      guard array.count == nodes else {
        faults.add(
          .structure, "expected \(nodes) numbers in \(name) of tree \(number), found \(array.count)",
          at: array.offset)
        return nil
      }
    }
    let leafLength = max(1, leafLength)
    let (weights, overflow) = Int64(nodes).multipliedReportingOverflow(by: leafLength)
    if let array = arrays["base_weights"], overflow || Int64(array.count) != weights {
      faults.add(
        .structure,
        "expected \(leafLength) numbers for each of \(nodes) nodes in base_weights of tree \(number), found"
          + " \(array.count)", at: array.offset)
      return nil
    }
    return nodes
  }
}

extension XGBoostReader {
  /// Checks a tree whose arrays were read over.
  mutating func check(_ tree: XGBoostTree) throws(MalformedBytes) {
    if let id = tree.id, id != Int64(tree.number) {
      faults.add(.structure, "expected tree \(tree.number) to have that id, found \(id)", at: tree.offset)
    }
    guard let nodes = tree.nodes(&faults) else { return }
    let known = faults.list.count
    try checkNodes(of: tree, count: nodes)
    try checkCategories(of: tree, count: nodes)
    if keepsTrees, known == faults.list.count { forest.append(try self.nodes(of: tree, count: nodes)) }
  }

  private mutating func checkNodes(of tree: XGBoostTree, count: Int) throws(MalformedBytes) {
    // All are there, or `nodes` had said so.
    guard let leftNumbers = tree.arrays["left_children"], let rightNumbers = tree.arrays["right_children"],
      let parentNumbers = tree.arrays["parents"], let featureNumbers = tree.arrays["split_indices"]
    else { return }
    let left = try values(of: leftNumbers)
    let right = try values(of: rightNumbers)
    let feature = try values(of: featureNumbers)
    // Where leaves are vectors, the right child of a leaf is the number of its vector.
    let vectors = tree.arrays["leaf_weights"].map { $0.count / Int(clamping: max(1, tree.leafLength)) }
    var highest: Int32 = -1
    var strayLeaf: Int?
    do throws(TreeViolation) {
      try TreeStructure.check(tree: tree.number, count: count, features: Int(Int32.max)) { node in
        guard left[node] == -1 else {
          highest = max(highest, feature[node])
          return .split(left: Int64(left[node]), right: Int64(right[node]), feature: Int64(feature[node]))
        }
        if right[node] != -1 {
          guard tree.leafLength > 1 else {
            return .split(left: -1, right: Int64(right[node]), feature: 0)
          }
          if right[node] < 0 || Int(right[node]) >= vectors ?? count { strayLeaf = node }
        }
        return node > 0 && feature[node] == XGBoostTree.deleted ? .unused : .leaf
      }
    } catch {
      return faults.add(ModelFault(error, at: tree.offset))
    }
    if highest > Int32(clamping: totals.highestFeature?.feature ?? -1) {
      totals.highestFeature = (Int64(highest), tree.number)
    }
    if let strayLeaf {
      faults.add(
        .structure,
        "expected a leaf vector below \(vectors ?? count) at node \(strayLeaf) of tree \(tree.number),"
          + " found \(right[strayLeaf])", at: tree.offset)
    }
    let parents = try values(of: parentNumbers)
    for node in 0..<count where left[node] != -1 {
      for child in [left[node], right[node]] {
        // In range, as was just checked.
        let parent = parents[Int(child)]
        guard parent == Int32(clamping: node) else {
          return faults.add(
            .structure,
            "expected node \(node) to be the parent of node \(child) of tree \(tree.number), found \(parent)",
            at: parentNumbers.offset)
        }
      }
    }
    if let root = parents.first, root != -1, root != XGBoostTree.noParent {
      faults.add(
        .structure, "expected no parent for the root of tree \(tree.number), found \(root)",
        at: parentNumbers.offset)
    }
  }

  /// Checks the sets of categories: which node has one, where it begins among all categories, how long it is.
  private mutating func checkCategories(of tree: XGBoostTree, count: Int) throws(MalformedBytes) {
    // Before 1.3 there are none.
    guard let categories = tree.arrays["categories"], let nodeNumbers = tree.arrays["categories_nodes"],
      let segmentNumbers = tree.arrays["categories_segments"],
      let sizeNumbers = tree.arrays["categories_sizes"]
    else { return }
    func fault(_ expected: String, _ found: String, _ numbers: XGBoostNumbers) {
      faults.add(
        .structure, "expected \(expected) of tree \(tree.number), found \(found)", at: numbers.offset)
    }
    guard nodeNumbers.count == segmentNumbers.count, nodeNumbers.count == sizeNumbers.count,
      nodeNumbers.count <= count
    else {
      return fault(
        "as many categories_segments and categories_sizes as categories_nodes",
        "\(segmentNumbers.count), \(sizeNumbers.count) and \(nodeNumbers.count)", nodeNumbers)
    }
    if let lowest = categories.lowest, let highest = categories.highest,
      lowest < 0 || highest >= XGBoostTree.categoryLimit
    {
      return fault(
        "categories from 0 to \(XGBoostTree.categoryLimit - 1)", "\(lowest < 0 ? lowest : highest)",
        categories)
    }
    guard nodeNumbers.count > 0 else { return }
    if let lowest = nodeNumbers.lowest, let highest = nodeNumbers.highest,
      lowest < 0 || highest >= Int64(count) || !nodeNumbers.isAscending
    {
      return fault(
        "categories_nodes in ascending order below \(count)", "\(lowest) to \(highest)", nodeNumbers)
    }
    let segments = try values(of: segmentNumbers)
    let sizes = try values(of: sizeNumbers)
    for (begin, size) in zip(segments, sizes) {
      guard begin >= 0, size >= 0, Int(begin) + Int(size) <= categories.count else {
        return fault(
          "sets within the \(categories.count) categories", "\(size) from \(begin) on", segmentNumbers)
      }
    }
  }
}
