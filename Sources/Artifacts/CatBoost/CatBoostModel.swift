public import Encoding

/// A model of CatBoost as `save_model(format='json')` writes it, since 0.24 in one form.
public struct CatBoostModel: Sendable {
  /// A feature of numbers.
  public struct Feature: Sendable {
    /// The column of the rows that it is.
    public let column: Int
    /// What it is called, where it was trained with names.
    public let name: String?
    /// Whether NaN counts as greater than every border, rather than less.
    public let isMissingGreatest: Bool
  }

  /// Goes right where x is above the border, both in single precision.
  public struct Split: Sendable {
    /// The index in `features`.
    public let feature: Int
    /// What x is compared with.
    public let border: Float
  }

  /// One tree.
  public enum Tree: Sendable {
    /// All nodes of one depth ask the same. Bit i of a leaf's index says that split i goes right.
    case oblivious(splits: [Split], leaves: [Double])
    /// Any tree, its root first and children after their parents.
    case nodes([Node])
  }

  /// A node of a tree that is not oblivious.
  public enum Node: Sendable {
    case split(Split, left: Int, right: Int)
    case leaf([Double])
  }

  /// The features in the order in which the model lists them.
  public private(set) var features: [Feature] = []
  /// The trees in the order in which their leaves are added.
  public private(set) var trees: [Tree] = []
  /// What the sums are multiplied by.
  public private(set) var scale = 1.0
  /// What is added to each of the products.
  public private(set) var bias: [Double] = []
  /// The first thing found that asks for other than numbers, by CatBoost's own name: `OnlineCtr`.
  public private(set) var foreign: String?
  /// What the model says of its training.
  public private(set) var information: JSON = [:]
  /// What would lead a predictor astray.
  public private(set) var faults: [ModelFault] = []

  /// How many numbers a leaf has.
  public var outputs: Int { bias.count }

  /// Whether bytes begin as such a model does.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    let start = String(decoding: bytes.prefix(256), as: UTF8.self)
    guard start.first(where: { !$0.isWhitespace }) == "{" else { return false }
    return ["\"features_info\"", "\"ctr_data\"", "\"oblivious_trees\"", "\"model_info\""].contains {
      start.contains($0)
    }
  }

  /// Reads a model; nil where the bytes are no JSON, or nothing that CatBoost writes.
  ///
  /// Its loader takes JSON that is read differently by different readers, such as names that occur twice; that is
  /// not read here.
  public static func read(_ bytes: ArraySlice<UInt8>) -> CatBoostModel? {
    guard let root = try? JSON(parsing: bytes, limits: JSONLimits(depth: 128, values: 1 << 24)),
      let features = root["features_info"]?.object,
      root["oblivious_trees"] != nil || root["trees"] != nil || root["scale_and_bias"] != nil
    else { return nil }
    var model = CatBoostModel()
    do throws(ModelFault) {
      model.information = root["model_info"] ?? [:]
      try model.readMembers(root)
      try model.readFeatures(features)
      try model.readScale(root["scale_and_bias"])
      if let trees = root["oblivious_trees"], trees != .null { try model.readOblivious(trees) }
      if let trees = root["trees"], trees != .null { try model.readNodes(trees) }
    } catch {
      model.faults.append(error)
    }
    return model
  }
}

// MARK: - Features

extension CatBoostModel {
  /// The members that are read, or belong to the counters of categories.
  private static let members: Set<String> = [
    "ctr_data", "features_info", "model_info", "oblivious_trees", "scale_and_bias", "trees",
  ]

  /// Looks for members that say more than numbers do, and for the one list of trees.
  private mutating func readMembers(_ root: JSON) throws(ModelFault) {
    for (name, value) in root.object ?? [:] where !Self.members.contains(name) && value != .null {
      foreign = min(foreign ?? name, name)
    }
    let lists = ["oblivious_trees", "trees"].filter { (root[$0] ?? .null) != .null }
    guard lists.count == 1 else {
      throw ModelFault(
        .damage,
        "expected trees as 'oblivious_trees' or as 'trees', found \(lists.isEmpty ? "none" : "both")", at: 0)
    }
  }

  private static func fault(_ expected: String, _ found: JSON?) -> ModelFault {
    ModelFault(.damage, "expected \(expected), found \(found?.kind ?? "nothing")", at: 0)
  }

  private static func list(_ value: JSON?, _ name: String) throws(ModelFault) -> [JSON] {
    guard let array = value?.array else { throw fault("a list as \(name)", value) }
    return array
  }

  private static func number(_ value: JSON?, _ name: String) throws(ModelFault) -> Double {
    guard let number = value?.double, number.isFinite else {
      throw fault("a finite number as \(name)", value)
    }
    return number
  }

  private mutating func readFeatures(_ lists: [String: JSON]) throws(ModelFault) {
    for (kind, list) in lists.sorted(by: { $0.key < $1.key }) where kind != "float_features" {
      if list.array?.isEmpty != true, list != .null { foreign = kind }
    }
    guard let numbers = lists["float_features"], numbers != .null else { return }
    var columns: Set<Int> = []
    for (index, feature) in try Self.list(numbers, "float_features").enumerated() {
      guard feature["feature_index"]?.int == index else {
        throw Self.fault("feature_index \(index) at its place", feature["feature_index"])
      }
      guard let column = feature["flat_feature_index"]?.int, 0..<(1 << 24) ~= column,
        columns.insert(column).inserted
      else { throw Self.fault("a column of its own as flat_feature_index", feature["flat_feature_index"]) }
      guard let hasMissing = feature["has_nans"]?.bool else {
        throw Self.fault("a boolean as has_nans", feature["has_nans"])
      }
      let treatment = feature["nan_value_treatment"]
      guard let text = treatment?.string, ["AsIs", "AsFalse", "AsTrue"].contains(text) else {
        throw Self.fault("AsIs, AsFalse or AsTrue as nan_value_treatment", treatment)
      }
      let name = feature["feature_id"]?.string ?? ""
      features.append(
        Feature(
          column: column, name: name.isEmpty ? nil : name, isMissingGreatest: hasMissing && text == "AsTrue"))
    }
  }

  private mutating func readScale(_ value: JSON?) throws(ModelFault) {
    let pair = try Self.list(value, "scale_and_bias")
    guard pair.count == 2 else { throw Self.fault("two members in scale_and_bias", value) }
    scale = try Self.number(pair[0], "the scale")
    guard let several = pair[1].array else {
      bias = [try Self.number(pair[1], "the bias")]
      return
    }
    guard !several.isEmpty else { throw Self.fault("a bias for each output", pair[1]) }
    for number in several { bias.append(try Self.number(number, "the bias")) }
  }
}

// MARK: - Trees

extension CatBoostModel {
  /// Deeper ones CatBoost does not make.
  private static let mostDepth = 16

  /// The split of a node; nil where it asks for other than a number.
  private mutating func split(_ value: JSON?) throws(ModelFault) -> Split? {
    guard let kind = value?["split_type"]?.string else {
      throw Self.fault("a text as split_type", value?["split_type"])
    }
    guard kind == "FloatFeature" else {
      foreign = kind
      return nil
    }
    let index = value?["float_feature_index"]
    guard let feature = index?.int else { throw Self.fault("a whole number as float_feature_index", index) }
    guard features.indices.contains(feature) else {
      throw ModelFault(
        .structure, "expected a feature below \(features.count) as float_feature_index, found \(feature)",
        at: 0)
    }
    let border = Float(try Self.number(value?["border"], "a border"))
    guard border.isFinite else {
      throw ModelFault(.damage, "expected a border that single precision holds, found one beyond it", at: 0)
    }
    return Split(feature: feature, border: border)
  }

  private mutating func readOblivious(_ value: JSON) throws(ModelFault) {
    for tree in try Self.list(value, "oblivious_trees") {
      var splits: [Split] = []
      if let list = tree["splits"], list != .null {
        let list = try Self.list(list, "splits")
        guard list.count <= Self.mostDepth else {
          throw Self.fault("at most \(Self.mostDepth) splits of a tree", tree["splits"])
        }
        for item in list {
          // The rest is of no use without it.
          guard let split = try split(item) else { return }
          splits.append(split)
        }
      }
      var leaves: [Double] = []
      for leaf in try Self.list(tree["leaf_values"], "leaf_values") {
        leaves.append(try Self.number(leaf, "the value of a leaf"))
      }
      let (count, overflow) = outputs.multipliedReportingOverflow(by: 1 << splits.count)
      guard !overflow, leaves.count == count else {
        throw ModelFault(
          .structure,
          "expected \(outputs) numbers for each of \(1 << splits.count) leaves in leaf_values, found"
            + " \(leaves.count)", at: 0)
      }
      trees.append(.oblivious(splits: splits, leaves: leaves))
    }
  }

  private mutating func readNodes(_ value: JSON) throws(ModelFault) {
    for tree in try Self.list(value, "trees") {
      var nodes: [Node] = []
      // Nodes whose place comes next, with the parent that waits for it.
      var waiting: [(node: JSON, parent: Int, isRight: Bool)] = [(tree, -1, false)]
      while let (node, parent, isRight) = waiting.popLast() {
        let place = nodes.count
        if parent >= 0, case .split(let split, let left, let right) = nodes[parent] {
          nodes[parent] = .split(split, left: isRight ? left : place, right: isRight ? place : right)
        }
        guard let asked = node["split"], asked != .null else {
          nodes.append(.leaf(try leaf(node["value"])))
          continue
        }
        guard let split = try split(asked) else { return }
        guard let left = node["left"], let right = node["right"] else {
          throw Self.fault("two children of a node that splits", node["left"] ?? node["right"])
        }
        nodes.append(.split(split, left: -1, right: -1))
        waiting.append((right, place, true))
        waiting.append((left, place, false))
      }
      trees.append(.nodes(nodes))
    }
  }

  private func leaf(_ value: JSON?) throws(ModelFault) -> [Double] {
    var numbers: [Double] = []
    for number in value?.array ?? [value ?? .null] {
      numbers.append(try Self.number(number, "the value of a leaf"))
    }
    guard numbers.count == outputs else {
      throw ModelFault(
        .structure, "expected \(outputs) numbers at a leaf, found \(numbers.count)", at: 0)
    }
    return numbers
  }
}
