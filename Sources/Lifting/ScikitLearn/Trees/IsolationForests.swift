import Artifacts
import Domain
import ModelGraph

#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif

/// IsolationForest.
///
/// A row's score is −2^(−d ÷ (trees × c(samples))), where d adds up what each tree's leaf gives: the number of nodes
/// on the way to it + c(samples of the leaf) − 1. It is an outlier where that less `offset_` is below 0.
/// Liu et al., Isolation Forest (2008).
extension Lifter {
  static let isolationForests: [PickleGlobal: Lift] = [
    .sklearn("ensemble._iforest", "IsolationForest"): isolationForest
  ]

  static func isolationForest(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let trees = try estimator.trees(.extraTreeRegressor, &builder)
    let input = try builder.numbers(input, for: estimator)
    let columns = try estimator.memberColumns(count: trees.count, features: input.columns, &builder)
    let tables = try PathLengths(of: estimator, trees: trees.count)
    var arrays = TreeArrays(width: 1)
    for (index, tree) in trees.enumerated() {
      let nodes = try TreeNodes(
        try tree.view.fittedAttribute("tree_"), features: columns[index].count, &builder)
      let lengths = try tables.leafLengths(index, nodes, tree, &builder)
      arrays.append(nodes, columns: columns[index]) { $1.append(lengths[$0]) }
    }
    // Since 1.6 nothing is refused: NaN goes where the tree sends it, an infinity is a number like any other.
    let checked =
      version < .one(6) ? try builder.treeInput(input, allowsNaN: false, for: estimator) : input
    let samples =
      if let own = estimator.view.attributeIfPresent("_max_samples") {
        try own.integer()
      } else {
        try estimator.view.fittedAttribute("max_samples_").integer()
      }
    let divisor = Double(trees.count) * PathLengths.average(Int64(samples))
    let exponent: GraphValue
    if divisor == 0 {
      guard version >= .one(0) else {
        throw estimator.unsupported("max_samples_", "\(samples)", hint: "train with more samples a tree")
      }
      // There is nothing to divide by: the library takes 1.
      exponent = try builder.apply(Fill([-1]), to: checked, named: "exponent", for: estimator)
    } else {
      let depth = try builder.apply(
        arrays.ensemble(base: [0], divisor: divisor), to: checked, named: "depth", for: estimator)
      exponent = try builder.apply(
        MapElements(.negative), to: depth, named: "exponent", for: estimator)
    }
    var score = try builder.apply(
      Combine(.power, constants: [2], first: true), to: exponent, named: "anomaly", for: estimator)
    score = try builder.apply(MapElements(.negative), to: score, named: "score", for: estimator)
    let offset = try estimator.view.fittedAttribute("offset_").number()
    let decision = try builder.apply(
      Combine(.subtract, constants: [offset]), to: score, named: "decision", for: estimator)
    let index = try builder.apply(
      Positive(includesThreshold: true), to: decision, named: "index", for: estimator)
    let label = try builder.apply(
      Label(Tensor(vector: .int64([-1, 1]))), to: index, named: "label", for: estimator)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(label, isVector: true),
      decision: LiftedEstimator.Answer(decision, isVector: true))
  }
}

/// How long the ways to the leaves of a forest's trees are.
private struct PathLengths {
  /// For each tree and node what is left of the way below it, as written since 1.3.
  private let averages: [PickleView]?
  /// For each tree and node how many nodes lead to it.
  private let depths: [PickleView]?

  init(of estimator: Estimator, trees: Int) throws(Problem) {
    func tables(_ name: String) throws(Problem) -> [PickleView]? {
      guard let attribute = estimator.view.attributeIfPresent(name) else { return nil }
      let views = try attribute.elements()
      guard views.count == trees else { throw attribute.unexpected("an array for each of \(trees) trees") }
      return views
    }
    self.averages = try tables("_average_path_length_per_tree")
    self.depths = try tables("_decision_path_lengths")
  }

  /// What each node of a tree gives as a leaf.
  func leafLengths(
    _ index: Int, _ nodes: TreeNodes, _ tree: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    try builder.spend(elements: nodes.count * 2, for: tree.view)
    if let averages, let depths {
      let own = try averages[index].numbers(shape: [nodes.count])
      return zip(try depths[index].numbers(shape: [nodes.count]), own).map { $0 + $1 - 1 }
    }
    var depths = [Double](repeating: 1, count: nodes.count)
    for node in 0..<nodes.count {
      for child in [nodes.left[node], nodes.right[node]] {
        // Parents come first in every tree that passes the graph's check.
        guard let child = Int(exactly: child), child > node, child < nodes.count else { continue }
        depths[child] = depths[node] + 1
      }
    }
    return zip(depths, nodes.samples).map { $0 + Self.average($1) - 1 }
  }

  /// c(n), the average way of an unsuccessful search in a binary tree of n keys.
  static func average(_ samples: Int64) -> Double {
    guard samples > 2 else { return samples == 2 ? 1 : 0 }
    let count = Double(samples)
    // Euler's constant.
    return 2 * (log(count - 1) + 0.577_215_664_901_532_860_6) - 2 * (count - 1) / count
  }
}
