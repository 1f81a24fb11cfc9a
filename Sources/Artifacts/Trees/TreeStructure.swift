/// What is wrong with a tree, and at which node.
public struct TreeViolation: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Kind: Equatable, Sendable {
    /// There is no root.
    case empty
    /// A child is no node of the tree.
    case childOutOfRange(Int64, count: Int)
    /// The root is the child of this node: a row that comes here goes round for ever.
    case rootIsChild
    /// This node is the child of two nodes, or of one twice: a shared branch or a cycle.
    case severalParents(Int, Int)
    /// The node cannot be reached from the root, and nothing points at it.
    case unreached
    /// A slot that no tree uses is the child of this node.
    case unusedChild(of: Int)
    /// The node cannot be reached from the root, for it hangs in a cycle of its own.
    case cycle
    /// One child and no other.
    case oneChild
    /// The node looks at a feature that rows do not have.
    case featureOutOfRange(Int64, count: Int)
  }

  /// The number of the tree among those of its model.
  public let tree: Int
  /// The number of the node in its tree.
  public let node: Int
  /// What is wrong there.
  public let kind: Kind

  /// Names one fault of one node.
  public init(tree: Int, node: Int, _ kind: Kind) {
    self.tree = tree
    self.node = node
    self.kind = kind
  }

  /// Whether a library that trusts the tree would leave its memory, or never end.
  ///
  /// What is merely left over, or contradicts itself harmlessly, is damage.
  public var isHarmful: Bool {
    switch kind {
    case .childOutOfRange, .rootIsChild, .severalParents, .cycle, .oneChild, .featureOutOfRange: true
    case .empty, .unreached, .unusedChild: false
    }
  }

  /// The sentence for a person.
  public var description: String { description(leavesFrom: .max) }

  /// The sentence for a person, where the nodes from `firstLeaf` on are leaves with numbers of their own.
  func description(leavesFrom firstLeaf: Int) -> String {
    let place =
      node < firstLeaf ? "node \(node) of tree \(tree)" : "leaf \(node - firstLeaf) of tree \(tree)"
    return switch kind {
    case .empty: "expected at least one node in tree \(tree), found none"
    case .childOutOfRange(let child, let count):
      "expected the children of \(place) from 0 to \(count - 1), found \(child)"
    case .rootIsChild: "expected the root of tree \(tree) to be nobody's child, found it below node \(node)"
    case .severalParents(let first, let second):
      "expected \(place) to be the child of one node, found it below node \(first) and node \(second)"
    case .unreached: "expected \(place) to be the child of one node, found it to be of none"
    case .unusedChild(let parent): "expected \(place) to be of no tree, found it below node \(parent)"
    case .cycle: "expected a way from the root to \(place), found a cycle of its own"
    case .oneChild: "expected two children or none at \(place), found one"
    case .featureOutOfRange(let feature, let count):
      count > 0
        ? "expected a feature from 0 to \(count - 1) at \(place), found \(feature)"
        : "expected no look at a feature at \(place), found feature \(feature)"
    }
  }
}

/// One node of a binary tree, as its library stores it.
public enum TreeNode: Sendable {
  /// Gives an answer.
  case leaf
  /// Asks about a feature, and goes on to one of two children, numbered as the nodes are.
  case split(left: Int64, right: Int64, feature: Int64)
  /// Belongs to no tree any more: a slot that pruning freed.
  case unused
}

/// The check that nodes make a tree: children in range, and each node reached exactly once from the root.
///
/// Children may stand before their parents; where a library needs an order it checks that itself. `ModelGraph`
/// has a check of its own: there every tree is in order, which takes no walk and is what its evaluation relies
/// on, while this one accepts what the libraries accept.
public enum TreeStructure {
  /// Checks one tree of `count` nodes whose root is node 0; `features` is how many features rows have, where
  /// that is known.
  ///
  /// Takes time and memory in proportion to `count`, which the caller knows to be backed by as many bytes; no
  /// recursion.
  public static func check(
    tree: Int = 0, count: Int, features: Int? = nil, node nodeAt: (Int) -> TreeNode
  ) throws(TreeViolation) {
    guard count > 0 else { throw TreeViolation(tree: tree, node: 0, .empty) }
    // The parent of each node; -1 where none was seen.
    let unused = -2
    var parents = [Int](repeating: -1, count: count)
    var inOrder = true
    for index in 0..<count {
      switch nodeAt(index) {
      case .leaf: break
      case .unused:
        guard parents[index] == -1 else {
          throw TreeViolation(tree: tree, node: index, .unusedChild(of: parents[index]))
        }
        parents[index] = unused
      case .split(let left, let right, let feature):
        if let features, feature < 0 || feature >= features {
          throw TreeViolation(tree: tree, node: index, .featureOutOfRange(feature, count: features))
        }
        if (left == -1) != (right == -1) { throw TreeViolation(tree: tree, node: index, .oneChild) }
        for number in [left, right] {
          guard let child = Int(exactly: number), child >= 0, child < count else {
            throw TreeViolation(tree: tree, node: index, .childOutOfRange(number, count: count))
          }
          guard child != 0 else { throw TreeViolation(tree: tree, node: index, .rootIsChild) }
          guard parents[child] == -1 else {
            throw TreeViolation(
              tree: tree, node: child,
              parents[child] == unused
                ? .unusedChild(of: index) : .severalParents(parents[child], index))
          }
          parents[child] = index
          if child <= index { inOrder = false }
        }
      }
    }
    if let orphan = parents.indices.dropFirst().first(where: { parents[$0] == -1 }) {
      throw TreeViolation(tree: tree, node: orphan, .unreached)
    }
    // Every node has one parent. Where all parents come first, the way up ends at the root.
    if !inOrder { try checkReach(of: parents, tree: tree) }
  }

  /// Follows the parents up from each node until something that is known to hang below the root.
  private static func checkReach(of parents: [Int], tree: Int) throws(TreeViolation) {
    // 0 for not seen, otherwise the walk that came by first; the root counts as seen before all of them.
    var walks = [Int](repeating: 0, count: parents.count)
    walks[0] = 1
    for start in parents.indices.dropFirst() where walks[start] == 0 {
      let walk = start + 1
      var index = start
      while walks[index] == 0 {
        walks[index] = walk
        if parents[index] < 0 { break }  // Unused.
        index = parents[index]
        if walks[index] == walk { throw TreeViolation(tree: tree, node: index, .cycle) }
      }
    }
  }
}
