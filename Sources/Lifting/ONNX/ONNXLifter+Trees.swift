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
  mutating func namedTrees(_ prefix: String, targets: Int, features: Int, isSingle: Bool)
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

  mutating func readLeaves(
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
      // skl2onnx names the one value of a leaf once for each class; the runtime takes the first, and adds up values only
      // where there are several targets.
      if packer.targets == 1, let first = packer.nodes[place].weights.first {
        guard first.weight == weights[index] else {
          throw refusal("malformed-trees", "one value of each leaf", "several that differ")
        }
        continue
      }
      packer.add(target: targets[index], weight: weights[index], at: place)
    }
  }

  mutating func modes(count: Int) throws(Problem) -> [ONNXTreePacker.Mode] {
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
  mutating func scores(
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
  mutating func adding(_ base: [Double], to scores: ONNXBatch) throws(Problem) -> ONNXBatch {
    var result = scores
    result.value = try apply(Combine(.add, constants: base), to: [scores.value], named: "scores")
    return try rounded(result)
  }

  // MARK: - Regression

  mutating func treeRegressor() throws(Problem) -> ONNXBatch {
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
  mutating func aggregated(
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
}
