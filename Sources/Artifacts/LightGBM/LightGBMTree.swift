import Encoding

/// One tree of a LightGBM text: the values of its lines.
struct LightGBMTree {
  let number: Int
  let offset: Int
  let fields: LightGBMReader.Fields

  func integer(_ name: String) -> Int64? { fields[name].flatMap { LightGBMReader.integer($0) } }

  /// How many words a line has; nil where there is no such line.
  func count(_ name: String) -> Int? { fields[name].map { LightGBMReader.words($0).count } }

  /// The numbers of a line; what is no whole number, or too large, is the lowest there is.
  func integers(_ name: String) -> [Int32] {
    guard let value = fields[name] else { return [] }
    var numbers: [Int32] = []
    for word in LightGBMReader.words(value) {
      numbers.append(LightGBMReader.integer(word).map { Int32(clamping: $0) } ?? .min)
    }
    return numbers
  }
}

extension LightGBMReader {
  /// Checks one tree: lengths, children, features, categories and the models in its leaves.
  ///
  /// Inner nodes and leaves are numbered apart; a negative child is the complement of a leaf's number.
  mutating func check(_ tree: LightGBMTree) {
    guard let leaves = tree.integer("num_leaves").flatMap({ Int(exactly: $0) }), leaves > 0,
      let categories = tree.integer("num_cat").flatMap({ Int(exactly: $0) }), categories >= 0
    else {
      return faults.add(
        .damage, "expected num_leaves and num_cat in tree \(tree.number), found others", at: tree.offset)
    }
    guard hasLengths(tree, leaves: leaves, categories: categories) else { return }
    if leaves > 1 {
      let features = tree.integers("split_feature")
      let left = tree.integers("left_child")
      let right = tree.integers("right_child")
      let inner = leaves - 1
      for children in [left, right] {
        guard let node = children.firstIndex(where: { Int($0) >= inner || -1 - Int($0) >= leaves }) else {
          continue
        }
        return faults.add(
          .structure,
          "expected the children of node \(node) of tree \(tree.number) from \(-leaves) to \(inner - 1), found"
            + " \(children[node])", at: tree.offset)
      }
      // Leaves follow the inner nodes.
      func place(_ child: Int32) -> Int64 {
        child >= 0 ? Int64(child) : Int64(inner) - 1 - Int64(child)
      }
      do throws(TreeViolation) {
        try TreeStructure.check(
          tree: tree.number, count: inner + leaves, features: lastFeature.map { Int(clamping: $0 + 1) }
        ) { node in
          guard node < inner else { return .leaf }
          return .split(
            left: place(left[node]), right: place(right[node]), feature: Int64(features[node]))
        }
      } catch {
        return faults.add(ModelFault(.structure, error.description(leavesFrom: inner), at: tree.offset))
      }
      checkCategories(of: tree, count: categories)
    }
    if tree.integer("is_linear") ?? 0 != 0 { checkLinear(tree, leaves: leaves) }
  }

  private mutating func hasLengths(_ tree: LightGBMTree, leaves: Int, categories: Int) -> Bool {
    let inner = leaves - 1
    var expected: [(name: String, count: Int, isRequired: Bool)] = [("leaf_value", leaves, true)]
    if leaves > 1 {
      for name in ["split_feature", "threshold", "left_child", "right_child"] {
        expected.append((name, inner, true))
      }
      for name in ["decision_type", "split_gain", "internal_value", "internal_weight", "internal_count"] {
        expected.append((name, inner, name == "decision_type" && categories > 0))
      }
      for name in ["leaf_weight", "leaf_count"] { expected.append((name, leaves, false)) }
    }
    for (name, count, isRequired) in expected {
      guard let found = tree.count(name) else {
        if !isRequired { continue }
        faults.add(.structure, "expected \(name) in tree \(tree.number), found none", at: tree.offset)
        return false
      }
      // A line without words stands for statistics that were not kept.
      guard found == count || !isRequired && found == 0 else {
        faults.add(
          .structure, "expected \(count) numbers in \(name) of tree \(tree.number), found \(found)",
          at: tree.fields[name].map { offset(of: $0) } ?? tree.offset)
        return false
      }
    }
    return true
  }

  /// A categorical split has the number of its set as its threshold; the sets lie end to end.
  private mutating func checkCategories(of tree: LightGBMTree, count: Int) {
    let decisions = tree.integers("decision_type")
    let isCategorical = decisions.contains { $0 & 1 != 0 }
    guard count > 0 || isCategorical else { return }
    let boundaries = tree.integers("cat_boundaries")
    let words = tree.count("cat_threshold") ?? 0
    let isAscending = zip(boundaries, boundaries.dropFirst()).allSatisfy { $0 <= $1 }
    guard boundaries.count - 1 == count, boundaries.first == 0, isAscending,
      boundaries.last.map({ Int($0) == words }) == true
    else {
      return faults.add(
        .structure,
        "expected the boundaries of \(count) sets within \(words) words of categories in tree \(tree.number),"
          + " found others", at: tree.offset)
    }
    if let words = tree.fields["cat_threshold"],
      let word = Self.words(words).first(where: { Self.integer($0).flatMap { UInt32(exactly: $0) } == nil })
    {
      return faults.add(
        .damage,
        "expected words of 32 bits in cat_threshold of tree \(tree.number), found"
          + " '\(String(decoding: word.prefix(32), as: UTF8.self).escaped(limit: 32))'", at: offset(of: word))
    }
    guard let thresholds = tree.fields["threshold"] else { return }
    for (node, word) in Self.words(thresholds).enumerated() where decisions[node] & 1 != 0 {
      let set = Double(String(decoding: word.prefix(32), as: UTF8.self)) ?? -1
      guard set >= 0, set < Double(count) else {
        return faults.add(
          .structure,
          "expected a set of categories from 0 to \(count - 1) at node \(node) of tree \(tree.number), found"
            + " '\(String(decoding: word.prefix(32), as: UTF8.self).escaped(limit: 32))'",
          at: offset(of: word))
      }
    }
  }

  /// The leaves of a linear tree hold a model each: as many features and coefficients as `num_features` says.
  private mutating func checkLinear(_ tree: LightGBMTree, leaves: Int) {
    let counts = tree.integers("num_features")
    var sum = 0
    for count in counts { sum += Int(max(count, 0)) }
    guard counts.count == leaves, counts.allSatisfy({ $0 >= 0 }), tree.count("leaf_const") == leaves,
      tree.count("leaf_features") ?? 0 == sum, tree.count("leaf_coeff") ?? 0 == sum
    else {
      return faults.add(
        .structure,
        "expected features and coefficients for the models in \(leaves) leaves of tree \(tree.number), found"
          + " others", at: tree.offset)
    }
    if let lastFeature,
      let feature = tree.integers("leaf_features").first(where: { $0 < 0 || $0 > lastFeature })
    {
      faults.add(
        .structure,
        "expected features from 0 to \(lastFeature) in the leaves of tree \(tree.number), found \(feature)",
        at: tree.offset)
    }
  }
}
