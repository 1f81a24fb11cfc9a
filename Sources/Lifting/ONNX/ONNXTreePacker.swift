import Domain
import ModelGraph

/// Trees as an ONNX model has them, and their way into the form of `TreeEnsemble`.
///
/// Every comparison becomes "x ≤ threshold": a strict one by the next number below, a reversed one by exchanging the
/// children; where a missing element goes is said apart, so nothing is lost. Equality with a whole number and
/// membership become sets of categories.
struct ONNXTreePacker {
  /// How a node compares; the raw values are those of the attribute `nodes_modes`.
  enum Mode: String {
    case lessOrEqual = "BRANCH_LEQ"
    case less = "BRANCH_LT"
    case greaterOrEqual = "BRANCH_GTE"
    case greater = "BRANCH_GT"
    case equal = "BRANCH_EQ"
    case unequal = "BRANCH_NEQ"
    case member = "BRANCH_MEMBER"
    case leaf = "LEAF"
  }

  /// A node of any tree; children are places among all nodes.
  struct Node {
    var mode: Mode
    var feature = 0
    var threshold = 0.0
    var yes = 0
    var no = 0
    /// Whether a missing element is taken for one for which the comparison holds.
    var missingIsYes = false
    /// What membership asks for.
    var members: [Double] = []
    /// What a leaf gives, in the order of the file.
    var weights: [(target: Int32, weight: Double)] = []

    init(mode: Mode) {
      self.mode = mode
    }
  }

  /// Names a node by its tree and number.
  struct Key: Hashable {
    let tree: Int
    let node: Int
  }

  /// The greatest whole number that equality may ask for.
  static let categoryLimit = 1 << 20

  var nodes: [Node] = []
  var roots: [Int] = []
  let targets: Int
  let features: Int
  /// Whether numbers are compared in single precision.
  let isSingle: Bool
  /// The targets that some leaf has a weight for.
  private(set) var usedTargets: Set<Int> = []
  /// Whether no weight is below 0.
  private(set) var isNeverNegative = true

  init(targets: Int, features: Int, isSingle: Bool) {
    self.targets = targets
    self.features = features
    self.isSingle = isSingle
  }

  /// Adds what a leaf gives.
  mutating func add(target: Int, weight: Double, at place: Int) {
    usedTargets.insert(target)
    if weight < 0 { isNeverNegative = false }
    nodes[place].weights.append((Int32(target), weight))
  }

  /// Whether each leaf has a weight for each target.
  var hasAllTargets: Bool {
    nodes.allSatisfy { $0.mode != .leaf || Set($0.weights.map(\.target)).count == targets }
  }

  /// Whether the greatest sum is that of a class that has a score.
  ///
  /// The runtime passes over classes that no leaf of a row has a weight for; here their sum is 0.
  var scoresAlwaysTell: Bool { isNeverNegative || hasAllTargets || Self.covers(trees: onlyTargets, targets) }

  static func covers(trees: [Int32]?, _ targets: Int) -> Bool {
    guard let trees else { return false }
    return Set(trees).count == targets
  }

  /// The one target of each tree, where no tree has leaves for several and every leaf has one weight; by a walk
  /// from each root.
  var onlyTargets: [Int32]? {
    var result: [Int32] = []
    for root in roots {
      var target: Int32?
      var stack = [root]
      var steps = 0
      while let place = stack.popLast() {
        steps += 1
        guard steps <= nodes.count else { return nil }
        let node = nodes[place]
        guard node.mode == .leaf else {
          stack.append(node.yes)
          stack.append(node.no)
          continue
        }
        guard node.weights.count == 1, target == nil || target == node.weights[0].target else { return nil }
        target = node.weights[0].target
      }
      guard let target else { return nil }
      result.append(target)
    }
    return result
  }
}
