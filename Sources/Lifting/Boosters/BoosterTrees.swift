import ModelGraph

/// The trees of a booster, laid out as a `TreeEnsemble` wants them: parents before their children.
struct BoosterTrees {
  /// One node as a library keeps it.
  enum Node {
    /// A leaf and the numbers it gives.
    case leaf([Double])
    /// Goes left where x ≤ threshold.
    case split(left: Int, right: Int, feature: Int, threshold: Double, missingLeft: Bool)
    /// Goes left where x is one of the categories, which `words` holds as bits.
    case choice(left: Int, right: Int, feature: Int, words: [UInt64], missingLeft: Bool)
  }

  /// How many numbers a leaf gives.
  let width: Int
  private var roots: [Int32] = []
  private var left: [Int32] = []
  private var right: [Int32] = []
  private var feature: [Int32] = []
  private var threshold: [Double] = []
  private var missingLeft: [Bool] = []
  private var sets: [Int32] = []
  private var starts: [Int32] = [0]
  private var words: [UInt64] = []
  private var leaves: [Double] = []
  private var leafCount = 0
  private var targets: [Int32] = []

  init(width: Int) {
    self.width = width
  }

  /// How many words the sets of categories take.
  var wordCount: Int { words.count }

  /// How many trees there are.
  var count: Int { roots.count }

  /// Appends a tree from its root on, as `nodeAt` describes its nodes, each of which is reached once.
  mutating func append(target: Int, root: Int, _ nodeAt: (Int) -> Node) {
    roots.append(Int32(clamping: left.count))
    targets.append(Int32(clamping: target))
    // Nodes whose place comes next, with the parent that waits for it.
    var waiting: [(node: Int, parent: Int, isRight: Bool)] = [(root, -1, false)]
    while let (node, parent, isRight) = waiting.popLast() {
      let place = left.count
      if parent >= 0 {
        if isRight {
          right[parent] = Int32(clamping: place)
        } else {
          left[parent] = Int32(clamping: place)
        }
      }
      left.append(-1)
      right.append(-1)
      switch nodeAt(node) {
      case .leaf(let numbers):
        feature.append(0)
        threshold.append(0)
        missingLeft.append(false)
        sets.append(-1)
        leaves += numbers
        leafCount += 1
      case .split(let left, let right, let column, let limit, let isLeft):
        feature.append(Int32(clamping: column))
        threshold.append(limit)
        missingLeft.append(isLeft)
        sets.append(-1)
        waiting.append((right, place, true))
        waiting.append((left, place, false))
      case .choice(let left, let right, let column, let bits, let isLeft):
        feature.append(Int32(clamping: column))
        threshold.append(0)
        missingLeft.append(isLeft)
        sets.append(Int32(clamping: starts.count - 1))
        words += bits
        starts.append(Int32(clamping: words.count))
        waiting.append((right, place, true))
        waiting.append((left, place, false))
      }
    }
  }

  /// The operator of all trees so far.
  ///
  /// Leaves of one number add to the outputs that the trees are for.
  func ensemble(
    outputs: Int, comparesSingles: Bool, aggregate: TreeEnsemble.Aggregate, base: [Double]?,
    divisor: Double = 1
  ) -> TreeEnsemble {
    TreeEnsemble(
      roots: roots, left: left, right: right, feature: feature, threshold: threshold,
      missingLeft: missingLeft,
      categories: starts.count == 1
        ? nil : TreeCategories(nodes: sets, starts: starts, words: words, truncates: true),
      leaves: ConstantMatrix(leaves, rows: leafCount, columns: width) ?? .empty,
      targets: width == 1 && outputs > 1 ? targets : nil, outputs: outputs,
      comparesSingles: comparesSingles, aggregate: aggregate, base: base, divisor: divisor)
  }
}
