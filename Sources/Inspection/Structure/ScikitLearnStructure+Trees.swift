import Artifacts

extension ScikitLearnStructure {
  /// Checks a `sklearn.tree._tree.Tree`: its nodes, and that its other parts belong to them.
  mutating func checkTree(_ id: ValueID, _ object: PickleObject, number: Int) {
    let state = values.attributes(of: object)
    guard object.arguments.count == 3, let nodes = values.array(state["nodes"]),
      let nodeValues = values.array(state["values"])
    else {
      return report(
        .treeDamage, "expected tree \(number) with three arguments, nodes and values, found others", at: id)
    }
    guard nodes.shape.count == 1, let items = nodes.items, let left = items.field("left_child"),
      let right = items.field("right_child"), let feature = items.field("feature"),
      let threshold = items.field("threshold")
    else {
      return report(
        .treeDamage,
        "expected nodes with the fields left_child, right_child, feature and threshold in tree \(number),"
          + " found \(nodes.type.description.escaped(limit: 80)) of shape \(nodes.shape.prefix(8))", at: id)
    }
    guard spend(nodes.count, at: id) else { return }
    let isSound = checkNodes(
      left.integers(), right.integers(), feature.integers(), threshold.doubles(), of: id, number: number)
    if isSound { checkWidth(of: id, declared: values.integer(object.arguments[0]), number: number) }
    checkParts(of: id, object, nodes: nodes.count, nodeValues, number: number)
  }

  private mutating func checkNodes(
    _ left: [Int64]?, _ right: [Int64]?, _ feature: [Int64]?, _ threshold: [Double]?, of id: ValueID,
    number: Int
  ) -> Bool {
    guard let left, let right, let feature, let threshold else {
      report(
        .treeDamage, "expected numbers as the fields of the nodes of tree \(number), found others", at: id)
      return false
    }
    var range: FeatureRange?
    var withoutThreshold: Int?
    do throws(TreeViolation) {
      try TreeStructure.check(tree: number, count: left.count) { node in
        if left[node] == -1, right[node] == -1 { return .leaf }
        if threshold[node].isNaN { withoutThreshold = withoutThreshold ?? node }
        range = FeatureRange(range, widenedBy: feature[node], at: node, of: number)
        return .split(left: left[node], right: right[node], feature: feature[node])
      }
    } catch {
      report(error.isHarmful ? .treeStructure : .treeDamage, error.description, at: id)
      return false
    }
    features[id] = range
    if let node = withoutThreshold {
      report(.treeDamage, "expected a threshold at node \(node) of tree \(number), found NaN", at: id)
    }
    return true
  }

  /// Checks features against the rows that the estimator around the tree lets through, which is what counts.
  private mutating func checkWidth(of id: ValueID, declared: Int64?, number: Int) {
    guard let width = widths[id] ?? declared else {
      return report(.treeDamage, "expected the number of features of tree \(number), found none", at: id)
    }
    if checkFeatures(of: id, within: width, at: id), let declared, declared != width {
      report(
        .treeDamage, "expected \(width) features in tree \(number), as its estimator has, found \(declared)",
        at: id)
    }
  }

  /// Whether all features that a tree's splits look at are below `width`; a finding where not.
  mutating func checkFeatures(of tree: ValueID, within width: Int64, at place: ValueID) -> Bool {
    guard let range = features[tree] else { return true }
    for (feature, node) in [range.lowest, range.highest] where feature < 0 || feature >= width {
      let violation = TreeViolation(
        tree: range.tree, node: node, .featureOutOfRange(feature, count: Int(clamping: max(0, width))))
      report(.treeStructure, violation.description, at: place)
      return false
    }
    return true
  }

  private mutating func checkParts(
    of id: ValueID, _ object: PickleObject, nodes: Int, _ nodeValues: NumPyArray, number: Int
  ) {
    let state = values.attributes(of: object)
    if let count = values.integer(state["node_count"]), count != nodes {
      report(
        .treeDamage, "expected \(count) nodes in tree \(number), as node_count says, found \(nodes)", at: id)
    }
    let classes = values.array(object.arguments[1])
    guard let outputs = values.integer(object.arguments[2]), let classes, classes.shape.count == 1,
      Int64(classes.count) == outputs, spend(classes.count, at: id),
      let counts = classes.items?.integers(), let most = counts.max(), counts.allSatisfy({ $0 > 0 })
    else {
      return report(
        .treeDamage, "expected the number of classes of each output of tree \(number), found others", at: id)
    }
    guard case .float(8, _) = nodeValues.type,
      nodeValues.shape.map(Int64.init) == [Int64(nodes), outputs, most]
    else {
      return report(
        .treeDamage,
        "expected values of shape [\(nodes), \(outputs), \(most)] and type f8 in tree \(number), found"
          + " \(nodeValues.type.description.escaped(limit: 40)) of shape \(nodeValues.shape.prefix(8))",
        at: id)
    }
    guard spend(nodeValues.count, at: id) else { return }
    if nodeValues.items?.doubles()?.contains(where: \.isNaN) == true {
      report(.treeDamage, "expected numbers as the values of tree \(number), found NaN", at: id)
    }
  }
}

extension ScikitLearnStructure.FeatureRange {
  /// The range with one more feature in it.
  init(_ range: Self?, widenedBy feature: Int64, at node: Int, of tree: Int) {
    self = range ?? Self(lowest: (feature, node), highest: (feature, node), tree: tree)
    if feature < lowest.feature { lowest = (feature, node) }
    if feature > highest.feature { highest = (feature, node) }
  }
}
