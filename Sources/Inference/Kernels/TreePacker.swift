import ModelGraph

/// Lays checked trees out for `TreeKernel`: each tree level by level, siblings side by side.
struct TreePacker {
  private let trees: TreeEnsemble
  private(set) var nodes: [TreeKernel.Node] = []
  private(set) var roots: [Int32] = []
  private(set) var leaves: [Double] = []

  init(_ trees: TreeEnsemble) {
    self.trees = trees
  }

  mutating func pack() {
    nodes.reserveCapacity(trees.left.count)
    roots.reserveCapacity(trees.roots.count)
    let outputs = trees.values.columns
    var leafCount: Int32 = 0
    // The nodes of the tree at hand in the order in which they were given their places.
    var level: [Int] = []
    for root in trees.roots {
      let first = nodes.count
      roots.append(Int32(first))
      level.removeAll(keepingCapacity: true)
      level.append(Int(root))
      nodes.append(Self.unplaced)
      var position = 0
      while position < level.count {
        let source = level[position]
        if trees.left[source] < 0 {
          nodes[first + position] = TreeKernel.Node(
            threshold: 0, feature: -1, next: leafCount, missingSide: 0)
          leafCount += 1
          leaves += trees.values.elements[(source * outputs)..<((source + 1) * outputs)]
        } else {
          nodes[first + position] = TreeKernel.Node(
            threshold: Self.roundedDown(trees.threshold[source]), feature: Int32(trees.feature[source]),
            next: Int32(nodes.count), missingSide: trees.missingLeft[source] ? 0 : 1)
          level.append(Int(trees.left[source]))
          level.append(Int(trees.right[source]))
          nodes.append(Self.unplaced)
          nodes.append(Self.unplaced)
        }
        position += 1
      }
    }
  }

  private static let unplaced = TreeKernel.Node(threshold: 0, feature: -1, next: 0, missingSide: 0)

  /// The greatest single-precision number that is not above `threshold`.
  static func roundedDown(_ threshold: Double) -> Float {
    let nearest = Float(threshold)
    return Double(nearest) > threshold ? nearest.nextDown : nearest
  }
}
