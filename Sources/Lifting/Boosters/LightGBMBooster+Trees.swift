import Artifacts
import Domain
import ModelGraph

extension LightGBMBooster {
  /// What counts as 0, a single-precision number in LightGBM.
  private static let nearZero = Double(Float(1e-35))

  /// What the bits of a decision say of missing values.
  private enum Missing {
    /// NaN counts as 0.
    case none
    /// 0 and NaN are missing.
    case zero
    /// NaN is missing.
    case nan

    init?(_ decision: Int32) {
      switch decision >> 2 & 3 {
      case 0: self = .none
      case 1: self = .zero
      case 2: self = .nan
      default: return nil
      }
    }
  }

  /// The sums of what the trees give, or their means where the model is a forest; of the first `rounds` rounds.
  func sums(
    _ rows: GraphValue, rounds: Int?, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let all = forest.count / outputs
    guard all * outputs == forest.count else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have \(outputs) trees for each round, found \(forest.count)")
    }
    let used = min(rounds ?? all, all)
    guard used > 0 else {
      return try builder.apply(
        Fill(Array(repeating: 0, count: outputs)), to: rows, named: "sum", for: estimator)
    }
    let trees = forest[..<(used * outputs)]
    let divisor = parameters.averages ? Double(used) : 1
    let (input, columns) = try zeroColumns(rows, trees: trees, &builder)
    guard trees.contains(where: { $0.linear != nil }) else {
      var laid = BoosterTrees(width: 1)
      for (index, tree) in trees.enumerated() {
        try append(tree, index, target: index % outputs, columns, to: &laid) { tree.leaves[$0] }
      }
      return try builder.apply(
        laid.ensemble(
          outputs: outputs, comparesSingles: false, aggregate: .sum,
          base: Array(repeating: 0, count: outputs), divisor: divisor),
        to: input, named: "sum", for: estimator)
    }
    // The trees say which leaf a row comes to, each in a column of its own.
    var laid = BoosterTrees(width: 1)
    for (index, tree) in trees.enumerated() {
      try append(tree, index, target: index, columns, to: &laid) { Double($0) }
    }
    let leaves = try builder.apply(
      laid.ensemble(
        outputs: trees.count, comparesSingles: false, aggregate: .sum,
        base: Array(repeating: 0, count: trees.count)),
      to: input, named: "leaf", for: estimator)
    let sum = try builder.apply(
      leafModels(of: trees), to: [rows, leaves], named: "sum", for: estimator)
    guard divisor != 1 else { return sum }
    return try builder.apply(
      Combine(.divide, constants: [divisor]), to: sum, named: "mean", for: estimator)
  }

  /// Whether the way of what is missing is another than the way of 0.
  private static func differs(_ tree: LightGBMNodes, _ node: Int) -> Bool {
    let decision = tree.decisions[node]
    return decision & 1 == 0 && Missing(decision) == .zero
      && (decision & 2 != 0) != (tree.threshold[node] >= 0)
  }

  /// Columns in which 0 is NaN, for the features that have nodes where both go another way than their thresholds say.
  private func zeroColumns(
    _ rows: GraphValue, trees: ArraySlice<LightGBMNodes>, _ builder: inout GraphBuilder
  ) throws(Problem) -> (GraphValue, [Int: Int]) {
    var features: Set<Int> = []
    for tree in trees {
      for node in tree.left.indices where Self.differs(tree, node) {
        features.insert(Int(tree.feature[node]))
      }
    }
    // Features are in range, as the reader has checked.
    guard !features.isEmpty else { return (rows, [:]) }
    let sorted = features.sorted()
    let chosen = try builder.apply(
      Columns(sorted.map(Int64.init)), to: rows, named: "zeros", for: estimator)
    let marked = try builder.apply(
      MarkMissing(from: -Self.nearZero, through: Self.nearZero), to: chosen, named: "zeros", for: estimator)
    let joined = try builder.apply(Concat(), to: [rows, marked], named: "joined", for: estimator)
    return (
      joined, Dictionary(uniqueKeysWithValues: zip(sorted, rows.columns..<(rows.columns + sorted.count)))
    )
  }

  private func append(
    _ tree: LightGBMNodes, _ index: Int, target: Int, _ columns: [Int: Int], to trees: inout BoosterTrees,
    leaf: (Int) -> Double
  ) throws(Problem) {
    for node in tree.left.indices where tree.decisions[node] & 1 == 0 {
      guard Missing(tree.decisions[node]) != nil, !tree.threshold[node].isNaN else {
        throw refuse(
          "unexpected-attribute",
          "expected a threshold and a known type of missing values at node \(node) of tree \(index) of"
            + " \(estimator.view.path), found others")
      }
    }
    // Leaves follow the inner nodes.
    let inner = tree.left.count
    func place(_ child: Int32) -> Int { child >= 0 ? Int(child) : inner - 1 - Int(child) }
    trees.append(target: target, root: 0) { node in
      guard node < inner else { return .leaf([leaf(node - inner)]) }
      let decision = tree.decisions[node]
      let (left, right) = (place(tree.left[node]), place(tree.right[node]))
      let feature = Int(tree.feature[node])
      if decision & 1 != 0 {
        // A set that is there, as the reader has checked; what is missing goes right.
        return .choice(
          left: left, right: right, feature: feature, words: Self.words(of: tree, Int(tree.threshold[node])),
          missingLeft: false)
      }
      let threshold = tree.threshold[node]
      let isDefaultLeft = decision & 2 != 0
      let goesLeft = Missing(decision) == Missing.none ? threshold >= 0 : isDefaultLeft
      return .split(
        left: left, right: right,
        feature: Self.differs(tree, node) ? columns[feature] ?? feature : feature,
        threshold: Self.threshold(threshold), missingLeft: goesLeft)
    }
  }

  /// The threshold that sends a number near 0 where LightGBM, which takes 0 for it, sends 0.
  private static func threshold(_ threshold: Double) -> Double {
    guard threshold >= -nearZero, threshold < nearZero else { return threshold }
    return threshold >= 0 ? nearZero : (-nearZero).nextDown
  }

  /// A set's words, joined in pairs.
  private static func words(of tree: LightGBMNodes, _ set: Int) -> [UInt64] {
    let words = tree.categoryWords[Int(tree.categoryBounds[set])..<Int(tree.categoryBounds[set + 1])]
    return stride(from: words.startIndex, to: words.endIndex, by: 2).map { index in
      UInt64(words[index]) | (index + 1 < words.endIndex ? UInt64(words[index + 1]) << 32 : 0)
    }
  }

  /// What the leaves of the trees give: a model each, or just a number.
  private func leafModels(of trees: ArraySlice<LightGBMNodes>) -> LinearLeaves {
    var models = LinearLeaves(
      outputs: outputs, targets: [], leafStarts: [0], constants: [], values: [], termStarts: [0],
      features: [], coefficients: [])
    for (index, tree) in trees.enumerated() {
      models.targets.append(Int64(index % outputs))
      models.values += tree.leaves
      models.constants += tree.linear?.constants ?? tree.leaves
      models.leafStarts.append(Int64(models.values.count))
      for leaf in tree.leaves.indices {
        let count = tree.linear.map { Int64($0.counts[leaf]) } ?? 0
        models.termStarts.append(models.termStarts[models.termStarts.count - 1] + count)
      }
      if let linear = tree.linear {
        models.features += linear.features.map(Int64.init)
        models.coefficients += linear.coefficients
      }
    }
    return models
  }
}
