import Domain

/// Goes through the trees of an ensemble whose arrays are of one length.
struct TreeChecker {
  let trees: TreeEnsemble
  let operands: Operands

  func check(columns: Int) throws(Problem) {
    let count = trees.left.count
    guard trees.roots.first == 0 else {
      throw malformed("the first root to be node 0", trees.roots.first.map { "node \($0)" } ?? "none")
    }
    var hasParent = [Bool](repeating: false, count: count)
    for (number, root) in trees.roots.enumerated() {
      let end = number + 1 < trees.roots.count ? trees.roots[number + 1] : Int64(count)
      guard root < end, end <= count else {
        throw malformed("the roots in ascending order below \(count)", "\(end) after \(root)")
      }
      let tree = Tree(number: number, root: Int(root), end: Int(end))
      for index in tree.root..<tree.end {
        // Parents come first, so by now the parent of this node has been seen if it has one.
        guard index == tree.root || hasParent[index] else {
          throw malformed("\(tree.name(index)) to be the child of one node", "it to be of none")
        }
        if trees.left[index] == -1, trees.right[index] == -1 {
          try checkLeaf(index, in: tree)
        } else {
          try checkInner(index, in: tree, columns: columns)
          for child in [Int(trees.left[index]), Int(trees.right[index])] {
            guard !hasParent[child] else {
              throw malformed(
                "\(tree.name(child)) to be the child of one node", "it to be of node \(index - tree.root) too"
              )
            }
            hasParent[child] = true
          }
        }
      }
    }
  }

  /// Where one tree stands; messages count its nodes from its root, as the library that made it does.
  private struct Tree {
    let number: Int
    let root: Int
    let end: Int

    func name(_ index: Int) -> String { "node \(index - root) of tree \(number)" }
  }

  private func checkLeaf(_ index: Int, in tree: Tree) throws(Problem) {
    guard trees.feature[index] == 0, trees.threshold[index] == 0, !trees.missingLeft[index] else {
      throw malformed("the leaf \(tree.name(index)) to have feature and threshold 0", "others")
    }
  }

  private func checkInner(
    _ index: Int, in tree: Tree, columns: Int
  ) throws(Problem) {
    for child in [trees.left[index], trees.right[index]] {
      guard child > index, child < tree.end else {
        throw malformed(
          "the children of \(tree.name(index)) to come after it and before node \(tree.end - tree.root)",
          "node \(child &- Int64(tree.root))")
      }
    }
    guard trees.feature[index] >= 0, trees.feature[index] < columns else {
      throw malformed(
        "\(tree.name(index)) to look at a feature from 0 to \(columns - 1)",
        "feature \(trees.feature[index])")
    }
    guard !trees.threshold[index].isNaN else {
      throw malformed("a threshold in \(tree.name(index))", "NaN")
    }
    let outputs = trees.values.columns
    let values = trees.values.elements[(index * outputs)..<((index + 1) * outputs)]
    guard values.allSatisfy({ $0 == 0 }) else {
      throw malformed("the inner \(tree.name(index)) to have the value 0", "another")
    }
  }

  private func malformed(_ expected: String, _ found: String) -> Problem {
    operands.problem("tree", "expected \(expected) in '\(operands.node)', found \(found)")
  }
}
