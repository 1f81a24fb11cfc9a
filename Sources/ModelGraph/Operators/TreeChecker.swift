import Domain

/// Goes once through the trees of an ensemble whose arrays are of one length.
struct TreeChecker {
  private let trees: TreeEnsemble
  private let operands: Operands
  /// How many leaves have been met.
  private var leafCount = 0

  init(trees: TreeEnsemble, operands: Operands) {
    self.trees = trees
    self.operands = operands
  }

  mutating func check(columns: Int) throws(Problem) {
    let count = trees.left.count
    try trees.categories?.check(nodes: count, operands)
    guard trees.roots.first == 0 else {
      throw malformed("the first root to be node 0", trees.roots.first.map { "node \($0)" } ?? "none")
    }
    var hasParent = [Bool](repeating: false, count: count)
    for (number, root) in trees.roots.enumerated() {
      let end = number + 1 < trees.roots.count ? Int(trees.roots[number + 1]) : count
      guard root < end, end <= count else {
        throw malformed("the roots in ascending order below \(count)", "\(end) after \(root)")
      }
      try check(Tree(number: number, root: Int(root), end: end), columns: columns, &hasParent)
    }
    guard trees.leaves.rows == leafCount else {
      throw malformed("'leaves' to have a row for each of \(leafCount) leaves", "\(trees.leaves.rows)")
    }
  }

  /// Where one tree stands; messages count its nodes from its root, as the library that made it does.
  private struct Tree {
    let number: Int
    let root: Int
    let end: Int

    func name(_ index: Int) -> String { "node \(index - root) of tree \(number)" }
  }

  private mutating func check(_ tree: Tree, columns: Int, _ hasParent: inout [Bool]) throws(Problem) {
    for index in tree.root..<tree.end {
      // Parents come first, so by now the parent of this node has been seen if it has one.
      guard index == tree.root || hasParent[index] else {
        throw malformed("\(tree.name(index)) to be the child of one node", "it to be of none")
      }
      let (left, right) = (Int(trees.left[index]), Int(trees.right[index]))
      if left == -1, right == -1 {
        try checkLeaf(index, in: tree)
        leafCount += 1
        continue
      }
      guard left > index, right > index, left < tree.end, right < tree.end else {
        let wrong = left > index && left < tree.end ? right : left
        throw malformed(
          "the children of \(tree.name(index)) to come after it and before node \(tree.end - tree.root)",
          "node \(wrong - tree.root)")
      }
      try checkInner(index, in: tree, columns: columns)
      guard !hasParent[left] else { throw secondParent(index, of: left, in: tree) }
      hasParent[left] = true
      guard !hasParent[right] else { throw secondParent(index, of: right, in: tree) }
      hasParent[right] = true
    }
  }

  private func checkLeaf(_ index: Int, in tree: Tree) throws(Problem) {
    // By its bits: −0 would give one ensemble two forms.
    guard trees.feature[index] == 0, trees.threshold[index].bitPattern == 0, !trees.missingLeft[index],
      trees.categories?.nodes[index] ?? -1 == -1
    else { throw malformed("the leaf \(tree.name(index)) to have feature and threshold 0", "others") }
  }

  private func checkInner(_ index: Int, in tree: Tree, columns: Int) throws(Problem) {
    guard trees.feature[index] >= 0, trees.feature[index] < columns else {
      throw malformed(
        "\(tree.name(index)) to look at a feature from 0 to \(columns - 1)",
        "feature \(trees.feature[index])")
    }
    guard !trees.threshold[index].isNaN else {
      throw malformed("a threshold in \(tree.name(index))", "NaN")
    }
    guard let categories = trees.categories, categories.nodes[index] != -1 else { return }
    let set = Int(categories.nodes[index])
    guard set >= 0, set < categories.count, trees.threshold[index].bitPattern == 0 else {
      throw malformed(
        "\(tree.name(index)) to have the threshold 0 and a set from 0 to below \(categories.count)",
        "set \(set)")
    }
  }

  private func secondParent(_ parent: Int, of child: Int, in tree: Tree) -> Problem {
    malformed(
      "\(tree.name(child)) to be the child of one node", "it to be of node \(parent - tree.root) too")
  }

  private func malformed(_ expected: String, _ found: String) -> Problem {
    operands.problem("tree", "expected \(expected) in '\(operands.node)', found \(found)")
  }
}
