import Artifacts
import Domain
import Encoding
import ModelGraph

// Ensembles of trees of the versions 1 to 3 of the domain for classical models.
extension ONNXLifter {
  static let trees: [String: Handler] = [
    "ai.onnx.ml.TreeEnsembleRegressor": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.treeRegressor())]
    },
    "ai.onnx.ml.TreeEnsembleClassifier": { (lifter: inout ONNXLifter) throws(Problem) in
      try lifter.treeClassifier()
    },
    "ai.onnx.ml.TreeEnsemble": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.treeEnsemble())]
    },
  ]

  /// What the trees of a node look at: rows and columns, in double precision only where the model is in it.
  ///
  /// Integers are compared in single precision, as the thresholds are.
  func treeInput() throws(Problem) -> ONNXBatch {
    let x = try batch(0)
    guard x.content == .numbers, x.rowAxis == 0, x.shape[0] == 1 else {
      throw refusal("unexpected-shape", "rows and columns of numbers", "the shape \(x.shape)")
    }
    return x.reshaped([1, x.columns], rowAxis: 0)
  }

  /// Numbers of an attribute that are a list of singles, or a tensor of doubles behind `_as_tensor`.
  mutating func weights(_ name: String) throws(Problem) -> [Double]? {
    let singles = try floats(name)
    guard let tensor = try tensor("\(name)_as_tensor") else { return singles }
    guard singles?.isEmpty ?? true, let doubles = tensor.doubles, tensor.shape.count == 1 else {
      throw refusal("unexpected-attribute", "'\(name)' once, as numbers", "another")
    }
    return doubles
  }

  /// The nodes of the trees and what their leaves give, by the names of the attributes.
  private mutating func namedTrees(_ prefix: String, targets: Int, features: Int, isSingle: Bool)
    throws(Problem) -> ONNXTreePacker
  {
    ignore("nodes_hitrates", "nodes_hitrates_as_tensor")
    let trees = try integers("nodes_treeids") ?? []
    let numbers = try integers("nodes_nodeids") ?? []
    let columns = try integers("nodes_featureids") ?? []
    let yes = try integers("nodes_truenodeids") ?? []
    let no = try integers("nodes_falsenodeids") ?? []
    let modes = try modes(count: trees.count)
    let thresholds = try weights("nodes_values") ?? []
    let missing = try integers("nodes_missing_value_tracks_true") ?? []
    let count = trees.count
    guard count > 0, count <= Int(Int32.max) / 2,
      [numbers, columns, yes, no].allSatisfy({ $0.count == count }), thresholds.count == count,
      missing.isEmpty || missing.count == count
    else { throw refusal("unexpected-attribute", "as many numbers of each kind as nodes", "others") }
    try spend(count &* 8)
    var places: [ONNXTreePacker.Key: Int] = [:]
    places.reserveCapacity(count)
    for index in 0..<count {
      guard places.updateValue(index, forKey: .init(tree: trees[index], node: numbers[index])) == nil else {
        throw refusal(
          "malformed-trees", "each node once", "node \(numbers[index]) of tree \(trees[index]) again")
      }
    }
    var packer = ONNXTreePacker(targets: targets, features: features, isSingle: isSingle)
    packer.nodes.reserveCapacity(count)
    for index in 0..<count {
      var node = ONNXTreePacker.Node(mode: modes[index])
      if modes[index] != .leaf {
        guard let yes = places[.init(tree: trees[index], node: yes[index])],
          let no = places[.init(tree: trees[index], node: no[index])]
        else { throw refusal("malformed-trees", "children of each node in its tree", "none") }
        node.yes = yes
        node.no = no
        node.feature = columns[index]
        node.threshold = thresholds[index]
        node.missingIsYes = missing.isEmpty ? false : missing[index] != 0
      }
      packer.nodes.append(node)
      // The runtime takes the first node of each run of one tree for its root.
      if index == 0 || trees[index] != trees[index - 1] { packer.roots.append(index) }
    }
    try readLeaves(prefix, places, into: &packer)
    return packer
  }

  private mutating func readLeaves(
    _ prefix: String, _ places: [ONNXTreePacker.Key: Int], into packer: inout ONNXTreePacker
  ) throws(Problem) {
    let trees = try integers("\(prefix)_treeids") ?? []
    let numbers = try integers("\(prefix)_nodeids") ?? []
    let targets = try integers("\(prefix)_ids") ?? []
    let weights = try self.weights("\(prefix)_weights") ?? []
    guard numbers.count == trees.count, targets.count == trees.count, weights.count == trees.count else {
      throw refusal("unexpected-attribute", "as many numbers of each kind as leaf values", "others")
    }
    try spend(trees.count &* 2)
    for index in trees.indices {
      guard let place = places[.init(tree: trees[index], node: numbers[index])],
        packer.nodes[place].mode == .leaf
      else { throw refusal("malformed-trees", "values of leaves", "a value of another node") }
      guard 0..<packer.targets ~= targets[index] else {
        throw refusal("malformed-trees", "targets from 0 to \(packer.targets - 1)", "\(targets[index])")
      }
      packer.add(target: targets[index], weight: weights[index], at: place)
    }
  }

  private mutating func modes(count: Int) throws(Problem) -> [ONNXTreePacker.Mode] {
    let texts = try self.texts("nodes_modes") ?? []
    guard texts.count == count else {
      throw refusal("unexpected-attribute", "a mode of each of \(count) nodes", "\(texts.count)")
    }
    return try texts.mapped { (text) throws(Problem) in
      guard let mode = ONNXTreePacker.Mode(rawValue: text) else {
        throw refusal("unexpected-attribute", "a known mode of a node", "'\(text.excerpt(80))'")
      }
      return mode
    }
  }

  /// The operator of packed trees, its scores not yet rounded to the precision that the model gives them in.
  private mutating func scores(
    of packer: ONNXTreePacker, _ aggregate: TreeEnsemble.Aggregate, on x: ONNXBatch
  ) throws(Problem) -> ONNXBatch {
    let ensemble: TreeEnsemble
    do {
      ensemble = try packer.packed(aggregate: aggregate) { (elements) throws(Problem) in try spend(elements) }
    } catch {
      throw refusal(
        error.code.hasPrefix("lift.") ? String(error.code.dropFirst(5)) : error.code,
        "trees that can be followed", error.message)
    }
    let value = try apply(ensemble, to: [x.value], named: "trees")
    return ONNXBatch(
      value: value, kind: x.kind == .float64 ? .float64 : .float32, shape: [1, packer.targets], rowAxis: 0)
  }

  /// Adds base values, in the precision that the scores are in.
  private mutating func adding(_ base: [Double], to scores: ONNXBatch) throws(Problem) -> ONNXBatch {
    var result = scores
    result.value = try apply(Combine(.add, constants: base), to: [scores.value], named: "scores")
    return try rounded(result)
  }

  // MARK: - Regression

  private mutating func treeRegressor() throws(Problem) -> ONNXBatch {
    let x = try treeInput()
    let targets = try integer("n_targets", default: 1)
    guard 1...(1 << 20) ~= targets else { throw refusal("unexpected-attribute", "targets", "\(targets)") }
    let packer = try namedTrees("target", targets: targets, features: x.columns, isSingle: x.kind != .float64)
    let base = try weights("base_values") ?? []
    let function = try text("aggregate_function", default: "SUM")
    // Whatever precision the trees are in, the model gives single precision.
    return try cast(
      try aggregated(packer, function, base: base, transform: try transform(), on: x), to: .float32)
  }

  /// The numbers of all trees put together by a function by its name.
  private mutating func aggregated(
    _ packer: ONNXTreePacker, _ function: String, base: [Double], transform: Transform, on x: ONNXBatch
  ) throws(Problem) -> ONNXBatch {
    let isDouble = x.kind == .float64
    let aggregate: TreeEnsemble.Aggregate
    switch function {
    case "SUM", "AVERAGE": aggregate = isDouble ? .sum : .sumOfSingles
    case "MIN": aggregate = .minimum
    case "MAX": aggregate = .maximum
    default: throw refusal("unexpected-attribute", "a known function", "'\(function.excerpt(80))'")
    }
    if aggregate == .minimum || aggregate == .maximum, packer.targets > 1 {
      guard packer.hasAllTargets else {
        throw refusal("malformed-trees", "a value for each target in each leaf", "fewer")
      }
    }
    var scores = try scores(of: packer, aggregate, on: x)
    if function == "AVERAGE" { scores = try with(Double(packer.roots.count), .divide, scores) }
    if base.count == packer.targets, base.contains(where: { $0 != 0 }) {
      scores = try adding(base, to: scores)
    }
    guard base.isEmpty || base.count == packer.targets else {
      throw refusal(
        "unexpected-attribute", "a base value for each of \(packer.targets) targets", "\(base.count)")
    }
    if packer.targets == 1 {
      switch transform {
      case .none, .softmax, .softmaxZero, .logistic:
        // For one target the runtime computes the probit alone.
        guard transform == .none else { throw unsupportedTransform(transform) }
      case .probit: scores = try applied(.probit, to: scores)
      }
    } else {
      scores = try applied(transform, to: scores)
    }
    return scores
  }

  // MARK: - Classification

  private mutating func treeClassifier() throws(Problem) -> [ONNXValue] {
    let x = try treeInput()
    let labels = try labels("classlabels_strings", "classlabels_int64s")
    let count = labels.elements.count
    let transform = try transform()
    let packer = try namedTrees("class", targets: count, features: x.columns, isSingle: x.kind != .float64)
    let base = try weights("base_values") ?? []
    let aggregate: TreeEnsemble.Aggregate = x.kind == .float64 ? .sum : .sumOfSingles
    if count == 2, packer.usedTargets.count == 1 {
      return try binaryClassifier(packer, labels, base: base, transform, aggregate, on: x)
    }
    guard base.isEmpty || (base.count == count && count > 2) else {
      throw refusal(
        "unexpected-attribute", "a base value for each of \(count) classes, more than two", "\(base.count)")
    }
    var scores = try scores(of: packer, aggregate, on: x)
    if !base.isEmpty { scores = try adding(base, to: scores) }
    let index: GraphValue
    if count == 2 {
      // With scores for both classes the runtime asks the sign of the second alone, and gives the number 0 or 1.
      guard labels.elements == .int64([0, 1]) || labels.elements.datatype == .string else {
        throw refusal(
          "unexpected-attribute", "the labels 0 and 1 where both of two classes have scores", "others")
      }
      let second = try apply(Columns([1]), to: [scores.value], named: "second")
      index = try apply(Positive(), to: [second], named: "index")
    } else {
      guard count > 2 else { throw refusal("unexpected-attribute", "two classes or more", "\(count)") }
      guard !base.isEmpty || packer.scoresAlwaysTell else {
        throw refusal("malformed-trees", "a score for each class, or scores above 0", "others")
      }
      index = try apply(ArgMax(), to: [scores.value], named: "index")
    }
    let probabilities = try cast(try applied(transform, to: scores), to: .float32)
    return [.batch(try label(labels, at: index)), .batch(probabilities)]
  }

  /// Two classes with scores for one: the score decides against a half where no leaf is below 0, else against 0.
  private mutating func binaryClassifier(
    _ packer: ONNXTreePacker, _ labels: Tensor, base: [Double], _ transform: Transform,
    _ aggregate: TreeEnsemble.Aggregate, on x: ONNXBatch
  ) throws(Problem) -> [ONNXValue] {
    let isFirst = packer.usedTargets == [0]
    guard base.count <= (isFirst ? 1 : 0) else {
      throw refusal("unexpected-attribute", "at most one base value for one score", "\(base.count)")
    }
    var all = try scores(of: packer, aggregate, on: x)
    all.value = try apply(Columns([isFirst ? 0 : 1]), to: [all.value], named: "score")
    all.shape = [1, 1]
    if !base.isEmpty { all = try adding(base, to: all) }
    let isPositive = packer.isNeverNegative
    let index = try apply(Positive(threshold: isPositive ? 0.5 : 0), to: [all.value], named: "index")
    let label = try label(labels, at: index)
    var pair = all.reshaped([1, 2], rowAxis: 0)
    if !isFirst {
      // The other class has the score 0, and both are transformed.
      let zero = try with(0, .multiply, all)
      pair.value = try apply(Concat(), to: [zero.value, all.value], named: "scores")
      return [.batch(label), .batch(try cast(try applied(transform, to: pair), to: .float32))]
    }
    switch (transform, isPositive) {
    case (.logistic, _):
      pair.value = try apply(Mirror(), to: [all.value], named: "pair")
      pair = try map(.logistic, pair)
      if isPositive {
        // Scores that are probabilities are not put through the curve twice by any library that exports them,
        // but the runtime does so for both signs alike.
        break
      }
    case (.none, true), (.softmax, true), (.softmaxZero, true):
      pair.value = try apply(Complement(), to: [all.value], named: "pair")
      pair = try rounded(pair)
    case (.none, false), (.softmax, false), (.softmaxZero, false):
      pair.value = try apply(Mirror(), to: [all.value], named: "pair")
    case (.probit, _): throw unsupportedTransform(transform)
    }
    return [.batch(label), .batch(try cast(pair, to: .float32))]
  }

  // MARK: - Version 5

  /// Nodes and leaves apart, all of them by their places.
  private mutating func treeEnsemble() throws(Problem) -> ONNXBatch {
    let x = try treeInput()
    let targets = try integer("n_targets", default: 1)
    guard 1...(1 << 20) ~= targets else { throw refusal("unexpected-attribute", "targets", "\(targets)") }
    ignore("nodes_hitrates")
    let yes = try integers("nodes_truenodeids") ?? []
    let no = try integers("nodes_falsenodeids") ?? []
    let yesIsLeaf = try integers("nodes_trueleafs") ?? []
    let noIsLeaf = try integers("nodes_falseleafs") ?? []
    let columns = try integers("nodes_featureids") ?? []
    let missing = try integers("nodes_missing_value_tracks_true") ?? []
    let thresholds = try tensor("nodes_splits")?.doubles ?? []
    let modes = try tensor("nodes_modes")?.integers ?? []
    let members = try tensor("membership_values")?.doubles ?? []
    let roots = try integers("tree_roots") ?? []
    let leafTargets = try integers("leaf_targetids") ?? []
    let leafWeights = try tensor("leaf_weights")?.doubles ?? []
    let count = yes.count
    guard [no, yesIsLeaf, noIsLeaf, columns].allSatisfy({ $0.count == count }), thresholds.count == count,
      modes.count == count, missing.isEmpty || missing.count == count,
      leafTargets.count == leafWeights.count, !leafWeights.isEmpty, !roots.isEmpty
    else { throw refusal("unexpected-attribute", "as many numbers of each kind as nodes", "others") }
    try spend(count &* 8 &+ leafWeights.count &* 10)
    var packer = ONNXTreePacker(targets: targets, features: x.columns, isSingle: x.kind != .float64)
    let known: [ONNXTreePacker.Mode] = [
      .lessOrEqual, .less, .greaterOrEqual, .greater, .equal, .unequal, .member,
    ]
    var sets = members.split(maxSplits: .max, omittingEmptySubsequences: false) { $0.isNaN }
    for index in 0..<count {
      guard known.indices ~= Int(modes[index]) else {
        throw refusal("unexpected-attribute", "a known mode of a node", "\(modes[index])")
      }
      var node = ONNXTreePacker.Node(mode: known[Int(modes[index])])
      func place(_ child: Int, _ isLeaf: Int) throws(Problem) -> Int {
        guard child >= 0, child < (isLeaf != 0 ? leafWeights.count : count) else {
          throw refusal("malformed-trees", "children that there are", "\(child)")
        }
        return isLeaf != 0 ? count + child : child
      }
      node.yes = try place(yes[index], yesIsLeaf[index])
      node.no = try place(no[index], noIsLeaf[index])
      node.feature = columns[index]
      node.threshold = thresholds[index]
      node.missingIsYes = missing.isEmpty ? false : missing[index] != 0
      if node.mode == .member {
        guard !sets.isEmpty else {
          throw refusal("malformed-trees", "a set of members for each node", "fewer")
        }
        node.members = Array(sets.removeFirst())
      }
      packer.nodes.append(node)
    }
    for index in leafWeights.indices {
      guard 0..<targets ~= leafTargets[index] else {
        throw refusal("malformed-trees", "targets from 0 to \(targets - 1)", "\(leafTargets[index])")
      }
      packer.nodes.append(ONNXTreePacker.Node(mode: .leaf))
      packer.add(target: leafTargets[index], weight: leafWeights[index], at: count + index)
    }
    for root in roots {
      guard 0..<count ~= root else { throw refusal("malformed-trees", "roots that there are", "\(root)") }
      packer.roots.append(root)
    }
    let names = ["AVERAGE", "SUM", "MIN", "MAX"]
    let transforms: [Transform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
    let function = try integer("aggregate_function", default: 1)
    let transform = try integer("post_transform", default: 0)
    guard names.indices ~= function, transforms.indices ~= transform else {
      throw refusal("unexpected-attribute", "a known function", "another")
    }
    return try aggregated(packer, names[function], base: [], transform: transforms[transform], on: x)
  }
}
