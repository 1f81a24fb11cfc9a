import Domain
import ModelGraph

/// The arrays of `TreeEnsemble` of `ai.onnx.ml` version 5, whose leaves have one number for one output each.
private struct ONNXTrees {
  var roots: [Int] = []
  var features: [Int] = []
  var modes: [UInt8] = []
  var splits: [Double] = []
  var yes: [Int] = []
  var yesIsLeaf: [Int] = []
  var no: [Int] = []
  var noIsLeaf: [Int] = []
  var missing: [Int] = []
  var members: [Double] = []
  var targets: [Int] = []
  var weights: [Double] = []

  /// A node with one leaf on both sides: what a tree is that does not branch.
  mutating func addConstant(_ weight: Double, target: Int) {
    roots.append(features.count)
    add(feature: 0, mode: 0, split: 0, missing: false)
    (yes[yes.count - 1], yesIsLeaf[yes.count - 1]) = (weights.count, 1)
    (no[no.count - 1], noIsLeaf[no.count - 1]) = (weights.count, 1)
    targets.append(target)
    weights.append(weight)
  }

  mutating func add(feature: Int, mode: UInt8, split: Double, missing isYes: Bool) {
    features.append(feature)
    modes.append(mode)
    splits.append(split)
    missing.append(isYes ? 1 : 0)
    yes.append(0)
    yesIsLeaf.append(0)
    no.append(0)
    noIsLeaf.append(0)
  }
}

extension TreeEnsemble: ONNXExportable {
  /// How many nodes the trees may have once there is one for each output.
  private static let nodeLimit = 30_000_000

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let isSingle = aggregate == .sumOfSingles
    let copies = targets == nil ? outputs : 1
    let (size, overflow) = left.count.multipliedReportingOverflow(by: copies)
    guard !overflow, size <= Self.nodeLimit else {
      throw inexpressible("\(left.count) nodes for each of \(copies) outputs")
    }
    if isSingle {
      // Sums in single precision are those of a model in it: elements and leaves have to be of it, too.
      guard comparesSingles, leaves.elements.allSatisfy({ Double(Float($0)) == $0 }),
        base?.allSatisfy({ Double(Float($0)) == $0 }) ?? true
      else { throw inexpressible("sums in single precision of numbers in double precision") }
    }
    var trees = ONNXTrees()
    for (output, start) in (base ?? []).enumerated() { trees.addConstant(start, target: output) }
    let leafRows = leafRows
    for tree in roots.indices {
      let nodes = Int(roots[tree])..<(tree + 1 < roots.count ? Int(roots[tree + 1]) : left.count)
      for copy in 0..<copies {
        add(nodes, output: targets.map { Int($0[tree]) } ?? copy, column: copy, leafRows, to: &trees)
      }
    }
    var x = try input(operands[0], into: &graph)
    if isSingle { x = graph.cast(x, to: .float) } else if comparesSingles { x = graph.rounded(x) }
    var value = graph.apply("TreeEnsemble", [x], parameters(trees, isSingle: isSingle), domain: "ai.onnx.ml")
    if isSingle { value = graph.cast(value, to: .double) }
    if operands.count > 1 {
      value = graph.apply("Add", [operands[1].name, value])
      if isSingle { value = graph.rounded(value) }
    }
    return divisor == 1 ? value : graph.apply("Div", [value, graph.number(divisor)])
  }

  /// The row of `leaves` that each leaf gives; −1 at an inner node.
  private var leafRows: [Int] {
    var rows: [Int] = []
    rows.reserveCapacity(left.count)
    var count = 0
    for child in left {
      rows.append(child < 0 ? count : -1)
      if child < 0 { count += 1 }
    }
    return rows
  }

  private func add(
    _ nodes: Range<Int>, output: Int, column: Int, _ leafRows: [Int], to trees: inout ONNXTrees
  ) {
    func weight(_ node: Int) -> Double { leaves.elements[leafRows[node] * leaves.columns + column] }
    guard left[nodes.lowerBound] >= 0 else {
      return trees.addConstant(weight(nodes.lowerBound), target: output)
    }
    trees.roots.append(trees.features.count)
    // Inner nodes keep their order, leaves are counted apart.
    var places: [Int] = []
    places.reserveCapacity(nodes.count)
    var (inner, leaf) = (trees.features.count, trees.weights.count)
    for node in nodes {
      places.append(left[node] < 0 ? leaf : inner)
      if left[node] < 0 { leaf += 1 } else { inner += 1 }
    }
    for node in nodes {
      if left[node] < 0 {
        trees.targets.append(output)
        trees.weights.append(weight(node))
        continue
      }
      let set = categories.map { $0.nodes[node] } ?? -1
      trees.add(
        feature: Int(feature[node]), mode: set < 0 ? 0 : 6, split: threshold(at: node),
        missing: missingLeft[node])
      if set >= 0 { trees.members += members(Int(set)) + [.nan] }
      let last = trees.yes.count - 1
      let (yes, no) = (Int(left[node]), Int(right[node]))
      (trees.yes[last], trees.yesIsLeaf[last]) = (places[yes - nodes.lowerBound], left[yes] < 0 ? 1 : 0)
      (trees.no[last], trees.noIsLeaf[last]) = (places[no - nodes.lowerBound], left[no] < 0 ? 1 : 0)
    }
  }

  /// The threshold of a node; in single precision the greatest number that is not above it.
  private func threshold(at node: Int) -> Double {
    let exact = threshold[node]
    guard aggregate == .sumOfSingles else { return exact }
    let near = Float(exact)
    return Double(Double(near) > exact ? near.nextDown : near)
  }

  private func members(_ set: Int) -> [Double] {
    guard let categories else { return [] }
    var members: [Double] = []
    for (index, word) in categories.words[Int(categories.starts[set])..<Int(categories.starts[set + 1])]
      .enumerated()
    where word != 0 {
      for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 { members.append(Double(index * 64 + bit)) }
    }
    return members
  }

  /// What the trees look at: columns that are asked for categories without their fractions, where that is the rule.
  private func input(_ operand: ONNXExportedValue, into graph: inout ONNXGraphWriter) throws(Problem)
    -> String
  {
    guard let categories, categories.truncates else { return operand.name }
    var isCategory = [Bool](repeating: false, count: operand.columns)
    var isNumber = isCategory
    for node in left.indices where left[node] >= 0 {
      if categories.nodes[node] >= 0 {
        isCategory[Int(feature[node])] = true
      } else {
        isNumber[Int(feature[node])] = true
      }
    }
    guard !zip(isCategory, isNumber).contains(where: { $0 && $1 }) else {
      throw inexpressible("a column that is a category at one node and a number at another")
    }
    let test = graph.constant(ONNXConstant(.booleans(isCategory)))
    return graph.choice(test, graph.truncated(operand.name), operand.name)
  }

  private func parameters(_ trees: ONNXTrees, isSingle: Bool) -> [(String, ONNXParameter)] {
    func numbers(_ values: [Double]) -> ONNXParameter {
      .tensor(ONNXConstant(isSingle ? .floats(values.map { Float($0) }) : .doubles(values)))
    }
    let function =
      switch aggregate {
      case .sum, .sumOfSingles: 1
      case .minimum: 2
      case .maximum: 3
      }
    var parameters: [(String, ONNXParameter)] = [
      ("n_targets", .integer(outputs)), ("aggregate_function", .integer(function)),
      ("post_transform", .integer(0)),
      ("tree_roots", .integers(trees.roots)), ("nodes_featureids", .integers(trees.features)),
      ("nodes_modes", .tensor(ONNXConstant(.bytes(trees.modes)))), ("nodes_splits", numbers(trees.splits)),
      ("nodes_truenodeids", .integers(trees.yes)), ("nodes_trueleafs", .integers(trees.yesIsLeaf)),
      ("nodes_falsenodeids", .integers(trees.no)), ("nodes_falseleafs", .integers(trees.noIsLeaf)),
      ("nodes_missing_value_tracks_true", .integers(trees.missing)),
      ("leaf_targetids", .integers(trees.targets)), ("leaf_weights", numbers(trees.weights)),
    ]
    if !trees.members.isEmpty { parameters.append(("membership_values", numbers(trees.members))) }
    return parameters
  }
}
