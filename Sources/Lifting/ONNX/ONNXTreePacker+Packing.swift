import Domain
import ModelGraph

// From comparisons of every kind to "x ≤ threshold" and sets of categories.
extension ONNXTreePacker {
  private struct Packed {
    var roots: [Int32] = []
    var left: [Int32] = []
    var right: [Int32] = []
    var feature: [Int32] = []
    var threshold: [Double] = []
    var missingLeft: [Bool] = []
    var sets: [Int32] = []
    var starts: [Int32] = [0]
    var words: [UInt64] = []
    var leaves: [Double] = []
  }

  /// The ensemble; `spend` is asked before leaves are laid out.
  func packed(aggregate: TreeEnsemble.Aggregate, _ spend: (Int) throws(Problem) -> Void) throws(Problem)
    -> TreeEnsemble
  {
    let onlyTargets = targets > 1 && (aggregate == .sum || aggregate == .sumOfSingles) ? onlyTargets : nil
    let width = onlyTargets == nil ? targets : 1
    var packed = Packed()
    var visited = [Bool](repeating: false, count: nodes.count)
    for root in roots {
      packed.roots.append(Int32(packed.left.count))
      try pack(root, into: &packed, &visited, width: width, isSparse: onlyTargets != nil, spend)
    }
    let leafCount = packed.leaves.count / max(1, width)
    guard let leaves = ConstantMatrix(packed.leaves, rows: leafCount, columns: width) else {
      throw Problem(.refused, "malformed-trees", "no leaves")
    }
    let categories =
      packed.words.isEmpty
      ? nil : TreeCategories(nodes: packed.sets, starts: packed.starts, words: packed.words, truncates: false)
    return TreeEnsemble(
      roots: packed.roots, left: packed.left, right: packed.right, feature: packed.feature,
      threshold: packed.threshold, missingLeft: packed.missingLeft, categories: categories, leaves: leaves,
      targets: onlyTargets, outputs: targets, comparesSingles: isSingle, aggregate: aggregate)
  }

  /// Lays one tree out, parents before children; each node is reached once.
  private func pack(
    _ root: Int, into packed: inout Packed, _ visited: inout [Bool], width: Int, isSparse: Bool,
    _ spend: (Int) throws(Problem) -> Void
  ) throws(Problem) {
    // A place, and where its number goes among the children of its parent.
    var stack: [(place: Int, parent: Int, isLeft: Bool)] = [(root, -1, false)]
    while let (place, parent, isLeft) = stack.popLast() {
      guard !visited[place] else { throw Problem(.refused, "malformed-trees", "a node with two parents") }
      visited[place] = true
      let index = packed.left.count
      guard index < Int(Int32.max) - 2 else { throw Problem(.refused, "too-large", "too many nodes") }
      if parent >= 0 {
        if isLeft { packed.left[parent] = Int32(index) } else { packed.right[parent] = Int32(index) }
      }
      let node = nodes[place]
      packed.left.append(-1)
      packed.right.append(-1)
      guard node.mode != .leaf else {
        packed.feature.append(0)
        packed.threshold.append(0)
        packed.missingLeft.append(false)
        packed.sets.append(-1)
        try appendLeaf(node, to: &packed, width: width, isSparse: isSparse, spend)
        continue
      }
      let split = try split(of: place, &visited)
      packed.feature.append(Int32(node.feature))
      packed.threshold.append(split.threshold)
      packed.missingLeft.append(split.missingLeft)
      if let members = split.members {
        packed.sets.append(Int32(packed.starts.count - 1))
        try append(members, to: &packed, spend)
      } else {
        packed.sets.append(-1)
      }
      // The right one waits below the left one, so that the left subtree follows its parent.
      stack.append((split.right, index, false))
      stack.append((split.left, index, true))
    }
  }

  private func appendLeaf(
    _ node: Node, to packed: inout Packed, width: Int, isSparse: Bool, _ spend: (Int) throws(Problem) -> Void
  ) throws(Problem) {
    try spend(width)
    guard !isSparse else { return packed.leaves.append(node.weights[0].weight) }
    let start = packed.leaves.count
    packed.leaves.append(contentsOf: repeatElement(0, count: width))
    for (target, weight) in node.weights {
      let place = start + Int(target)
      // Two weights of one leaf for one target are added one after the other.
      let sum = packed.leaves[place] + weight
      packed.leaves[place] = isSingle ? Double(Float(sum)) : sum
    }
  }

  private func append(_ members: [Int], to packed: inout Packed, _ spend: (Int) throws(Problem) -> Void)
    throws(Problem)
  {
    let count = (members.max() ?? 0) / 64 + 1
    try spend(count)
    let start = packed.words.count
    packed.words.append(contentsOf: repeatElement(0, count: count))
    for member in members { packed.words[start + member / 64] |= 1 << UInt64(member % 64) }
    guard packed.words.count <= Int(Int32.max) else { throw Problem(.refused, "too-large", "too many sets") }
    packed.starts.append(Int32(packed.words.count))
  }

  // MARK: - Comparisons

  private struct Split {
    var threshold = 0.0
    var left: Int
    var right: Int
    var missingLeft: Bool
    var members: [Int]?
  }

  private func split(of place: Int, _ visited: inout [Bool]) throws(Problem) -> Split {
    let node = nodes[place]
    guard 0..<features ~= node.feature, !node.threshold.isNaN || node.mode == .member else {
      throw Problem(
        .refused, "malformed-trees", "feature \(node.feature) of \(features), or a threshold that is NaN")
    }
    let threshold = isSingle ? Double(Float(node.threshold)) : node.threshold
    var split = Split(threshold: threshold, left: node.yes, right: node.no, missingLeft: node.missingIsYes)
    switch node.mode {
    case .lessOrEqual, .leaf: break
    case .less: split.threshold = try below(threshold)
    case .greater:
      swap(&split.left, &split.right)
      split.missingLeft = !node.missingIsYes
    case .greaterOrEqual:
      split.threshold = try below(threshold)
      swap(&split.left, &split.right)
      split.missingLeft = !node.missingIsYes
    case .equal:
      split.members = try equals(from: place, &split, &visited)
      split.threshold = 0
    case .unequal:
      split.members = [try category(threshold)]
      split.threshold = 0
      swap(&split.left, &split.right)
      // NaN is unlike every number.
      split.missingLeft = false
    case .member:
      split.members = try node.members.mapped { (member) throws(Problem) in try category(member) }
      split.threshold = 0
    }
    return split
  }

  /// The greatest number below another, in the precision that is compared in.
  private func below(_ threshold: Double) throws(Problem) -> Double {
    guard threshold > -.infinity else {
      throw Problem(.refused, "malformed-trees", "a comparison with what is below every number")
    }
    return isSingle ? Double(Float(threshold).nextDown) : threshold.nextDown
  }

  /// The numbers that lead to the same node one after another, as exporters write a set of categories.
  private func equals(from place: Int, _ split: inout Split, _ visited: inout [Bool]) throws(Problem) -> [Int]
  {
    let first = nodes[place]
    var members = [try category(first.threshold)]
    var next = first.no
    while nodes[next].mode == .equal, nodes[next].feature == first.feature, nodes[next].yes == first.yes,
      !visited[next], nodes[next].missingIsYes == first.missingIsYes
    {
      visited[next] = true
      members.append(try category(nodes[next].threshold))
      next = nodes[next].no
    }
    split.right = next
    return members
  }

  private func category(_ number: Double) throws(Problem) -> Int {
    guard let category = Int(exactly: number), 0...Self.categoryLimit ~= category else {
      throw Problem(
        .refused, "malformed-trees",
        "equality with \(number), which is no whole number from 0 to \(Self.categoryLimit)")
    }
    return category
  }
}
