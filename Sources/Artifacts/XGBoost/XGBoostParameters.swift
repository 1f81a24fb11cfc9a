import Encoding

/// What an XGBoost model says of itself, apart from its trees.
public struct XGBoostParameters: Sendable {
  /// The objective, `binary:logistic`; nil where the model does not say.
  public internal(set) var objective: String?
  /// The booster: `gbtree`, `dart` or `gblinear`; nil where the model does not say.
  public internal(set) var booster: String?
  /// The numbers of the version that wrote the model, the first two at least; zeros before 1.0, empty where it does
  /// not say.
  public internal(set) var version: [Int] = []
  /// What every output begins with: one number for all of them, or one for each.
  public internal(set) var baseScores: [Float] = []
  /// Whether the base scores are margins already, as before 1.0; otherwise the objective's link takes them there.
  public internal(set) var hasMargin = false
  /// How many features rows have.
  public internal(set) var featureCount = 0
  /// How many classes there are; 0 or 1 where the objective has none.
  public internal(set) var classCount = 0
  /// How many targets there are; 0 or 1 where there is one.
  public internal(set) var targetCount = 0
  /// The names of the features; empty where there are none.
  public internal(set) var featureNames: [String] = []
  /// The types of the features, `c` for categories; empty where there are none.
  public internal(set) var featureTypes: [String] = []
  /// What was set as attributes, among them what early stopping keeps.
  public internal(set) var attributes: [String: String] = [:]
  /// How many trees a round adds to each output; nil where the model does not say.
  public internal(set) var parallelTrees: Int64?
  /// The output that each tree adds to.
  public internal(set) var groups: [Int32] = []
  /// The number of the first tree of each round and the number of trees, from 2.0 on; empty where there are none.
  public internal(set) var rounds: [Int32] = []
  /// What each tree of a DART booster is multiplied by; empty for other boosters.
  public internal(set) var treeWeights: [Float] = []
  /// The weights of a linear booster, feature by feature and output by output, those of no feature last.
  public internal(set) var weights: [Float] = []
  /// Whether the model has names for its categories, which frames at prediction are matched with.
  public internal(set) var hasCategoryNames = false

  /// How many numbers a prediction has before the objective makes something of them.
  public var outputCount: Int { max(1, classCount, targetCount) }

  /// Takes the base scores as JSON and UBJSON have them: a number, or from 3.1 on numbers in brackets; what is
  /// no number becomes NaN.
  mutating func takeBaseScores(_ text: String) {
    var text = Substring(text)
    if text.first == "[", text.last == "]" { text = text.dropFirst().dropLast() }
    baseScores = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Float(String($0.filter { $0 != " " })) ?? .nan
    }
  }

  /// Takes what a configuration in JSON knows and the binary form does not: how many trees a round makes, and the
  /// third number of the version.
  mutating func takeConfiguration(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty, let json = try? JSON(parsing: bytes) else { return }
    var booster = json.object?["learner"]?.object?["gradient_booster"]?.object
    if let inner = booster?["gbtree"]?.object { booster = inner }
    let text = booster?["gbtree_train_param"]?.object?["num_parallel_tree"]?.string
    parallelTrees = text.flatMap { Int64($0) }
    let numbers = json.object?["version"]?.array?.compactMap(\.int) ?? []
    // The binary form has the first two.
    if numbers.count == 3, Array(numbers.prefix(2)) == version { version = numbers }
  }

  /// Takes over what was checked to be in range.
  mutating func take(_ totals: XGBoostTotals) {
    featureCount = Int(totals.featureCount ?? 0)
    classCount = Int(totals.classCount ?? 0)
    targetCount = Int(totals.targetCount ?? 0)
  }
}

/// The nodes of one tree, checked: see `TreeStructure` for what holds of the children.
public struct XGBoostNodes: Sendable {
  /// The left child of each node, -1 at a leaf.
  public internal(set) var left: [Int32] = []
  /// The right child of each node, -1 at a leaf.
  public internal(set) var right: [Int32] = []
  /// The feature that each node looks at; of no meaning at a leaf.
  public internal(set) var feature: [Int32] = []
  /// Whether a row without a value goes left.
  public internal(set) var missingLeft: [Bool] = []
  /// The condition of a split, or what a leaf adds.
  public internal(set) var values: [Float] = []
  /// How many numbers a leaf has.
  public internal(set) var leafLength = 1
  /// The numbers of the leaves where there are several: `leafLength` for each leaf, from where `leafPlaces` says.
  public internal(set) var leafVectors: [Float] = []
  /// For each node where its numbers begin in `leafVectors`; empty where a leaf has one number.
  public internal(set) var leafPlaces: [Int] = []
  /// The nodes that ask for a category, ascending.
  public internal(set) var categoricalNodes: [Int] = []
  /// Where the categories of each of them are among `categories`; they lead to the right.
  public internal(set) var categoryRanges: [Range<Int>] = []
  /// The categories of all of them.
  public internal(set) var categories: [Int32] = []
}

extension XGBoostReader {
  /// The nodes of a tree that was checked.
  func nodes(of tree: XGBoostTree, count: Int) throws(MalformedBytes) -> XGBoostNodes {
    var nodes = XGBoostNodes()
    // All are there, or the checks had said so.
    guard let left = tree.arrays["left_children"], let right = tree.arrays["right_children"],
      let feature = tree.arrays["split_indices"], let conditions = tree.arrays["split_conditions"],
      let missing = tree.arrays["default_left"]
    else { return nodes }
    nodes.left = try values(of: left)
    nodes.right = try values(of: right)
    nodes.feature = try values(of: feature)
    nodes.missingLeft = try values(of: missing).map { $0 != 0 }
    nodes.values = try singles(of: conditions)
    if tree.leafLength > 1 {
      nodes.leafLength = Int(clamping: tree.leafLength)
      // From 3.2 on the leaves have an array of their own; before, every node has its place among the weights.
      if let weights = tree.arrays["leaf_weights"] {
        nodes.leafVectors = try singles(of: weights)
        nodes.leafPlaces = nodes.right.map { Int($0) * nodes.leafLength }
      } else if let weights = tree.arrays["base_weights"] {
        nodes.leafVectors = try singles(of: weights)
        nodes.leafPlaces = (0..<count).map { $0 * nodes.leafLength }
      }
    }
    for node in 0..<count where nodes.left[node] == -1 { nodes.right[node] = -1 }
    guard let categorical = tree.arrays["categories_nodes"], categorical.count > 0,
      let segments = tree.arrays["categories_segments"], let sizes = tree.arrays["categories_sizes"],
      let categories = tree.arrays["categories"]
    else { return nodes }
    nodes.categories = try values(of: categories)
    nodes.categoricalNodes = try values(of: categorical).map(Int.init)
    for (begin, size) in zip(try values(of: segments), try values(of: sizes)) {
      nodes.categoryRanges.append(Int(begin)..<(Int(begin) + Int(size)))
    }
    return nodes
  }
}
