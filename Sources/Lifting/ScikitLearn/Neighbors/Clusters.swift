import Artifacts
import Domain
import ModelGraph

/// KMeans, MiniBatchKMeans, BisectingKMeans.
extension Lifter {
  static let clusters: [PickleGlobal: Lift] = [
    .sklearn("cluster._kmeans", "KMeans"): kMeans,
    .sklearn("cluster._kmeans", "MiniBatchKMeans"): kMeans,
    .sklearn("cluster._bisect_k_means", "BisectingKMeans"): bisectingKMeans,
  ]

  /// The nearest centre is that of the least y · y − 2 x · y, the first of several; `transform` gives distances.
  static func kMeans(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try clusters(estimator, input, &builder) { checked, centers, builder throws(Problem) in
      let scores = try builder.apply(
        Self.nearness(to: centers), to: checked, named: "nearness", for: estimator)
      let index = try builder.apply(ArgMax(), to: scores, named: "index", for: estimator)
      return try builder.apply(Cast(.int32), to: index, named: "label", for: estimator)
    }
  }

  /// The label of the leaf that is reached by going to the nearer of two centres again and again.
  static func bisectingKMeans(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try clusters(estimator, input, &builder) { checked, centers, builder throws(Problem) in
      var tree = try BisectingTree(estimator, checked, clusters: centers.rows)
      return try tree.label(&builder)
    }
  }

  /// Clusters with centres: `predict` as the caller finds it, `transform` the distances to the centres.
  private static func clusters(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder,
    label: (GraphValue, ConstantMatrix, inout GraphBuilder) throws(Problem) -> GraphValue
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("cluster_centers_")
    let (elements, shape) = try attribute.numbers(axes: 2)
    guard shape[0] > 0, shape[1] == checked.columns,
      let centers = ConstantMatrix(elements, rows: shape[0], columns: shape[1])
    else { throw attribute.unexpected("a row of \(checked.columns) numbers for each cluster") }
    try builder.spend(elements: 2 * elements.count, for: attribute)
    let distances = try builder.apply(
      Distances(to: centers, DistanceMetric(.euclidean, expansion: .einsum)), to: checked,
      named: "distances", for: estimator)
    var lifted = LiftedEstimator.transformer(distances)
    // What was fitted on single precision tells the cluster of a row in single precision alone, and refuses another:
    // here the answer is that for the row rounded to it.
    var rows = checked
    if attribute.isSinglePrecision { rows = try builder.rounded(checked, for: estimator) }
    lifted.predict = LiftedEstimator.Answer(try label(rows, centers, &builder), isVector: true)
    return lifted
  }

  /// 2 x · y − y · y, whose greatest is that of the nearest point.
  ///
  /// Twice a number is exact, so this is the library's own y · y − 2 x · y but for the sign.
  static func nearness(to points: ConstantMatrix) -> Linear {
    let norms = stride(from: 0, to: points.elements.count, by: points.columns).map { start in
      -SumOfSquares.einsum(points.elements.span.extracting(start..<(start + points.columns)))
    }
    let doubled = points.elements.map { 2 * $0 }
    return Linear(
      coefficients: ConstantMatrix(doubled, rows: points.rows, columns: points.columns) ?? .empty,
      intercepts: norms)
  }
}

/// The tree that bisecting k-means splits its clusters by, as indicators: which leaf a row is in.
private struct BisectingTree {
  private let estimator: Estimator
  private let input: GraphValue
  private let root: PickleView
  /// What was taken from the rows before they were split.
  private let mean: [Double]?
  private let clusters: Int
  /// 1 for rows in a leaf and 0 for others, and the label of that leaf.
  private var leaves: [(indicator: GraphValue, label: Double)] = []

  /// How deep clusters may be split.
  private static let mostDepth = 512

  init(_ estimator: Estimator, _ input: GraphValue, clusters: Int) throws(Problem) {
    self.estimator = estimator
    self.input = input
    self.root = try estimator.view.fittedAttribute("_bisecting_tree")
    self.mean = try estimator.view.attributeIfPresent("_X_mean").map { view throws(Problem) in
      try view.numbers(shape: [input.columns])
    }
    self.clusters = clusters
  }

  mutating func label(_ builder: inout GraphBuilder) throws(Problem) -> GraphValue {
    let whole = try builder.apply(Fill([1]), to: input, named: "whole", for: estimator)
    try descend(root, whole, depth: 0, &builder)
    let indicators = try builder.apply(
      Concat(), to: leaves.map(\.indicator), named: "leaves", for: estimator)
    guard let labels = ConstantMatrix(leaves.map(\.label), rows: 1, columns: leaves.count) else {
      throw root.unexpected("a tree of clusters")
    }
    let label = try builder.apply(
      Linear(coefficients: labels, intercepts: [0]), to: indicators, named: "label", for: estimator)
    return try builder.apply(Cast(.int32), to: label, named: "label", for: estimator)
  }

  private mutating func descend(
    _ node: PickleView, _ indicator: GraphValue, depth: Int, _ builder: inout GraphBuilder
  ) throws(Problem) {
    guard node.object?.type == .sklearn("cluster._bisect_k_means", "_BisectingTree"), depth < Self.mostDepth
    else { throw node.unexpected("a node of a tree at most \(Self.mostDepth) deep") }
    let (left, right) = (try node.attribute("left"), try node.attribute("right"))
    guard !left.isNone else {
      let label = try node.attribute("label")
      let number = try label.integer()
      guard 0..<clusters ~= number else { throw label.unexpected("a label below \(clusters)") }
      leaves.append((indicator, Double(number)))
      return
    }
    // A node that is there twice is paid for twice, so a small file cannot make a great tree.
    try builder.spend(elements: 2 * input.columns + 8, for: node)
    var centers: [Double] = []
    for child in [left, right] {
      let center = try child.attribute("center").numbers(shape: [input.columns])
      centers += mean.map { zip(center, $0).map { $0 + $1 } } ?? center
    }
    guard let pair = ConstantMatrix(centers, rows: 2, columns: input.columns) else {
      throw node.unexpected("a node with two centres")
    }
    let scores = try builder.apply(
      Lifter.nearness(to: pair), to: input, named: "nearness", for: estimator)
    let side = try builder.apply(ArgMax(), to: scores, named: "side", for: estimator)
    for (child, chosen) in [(left, [1.0, 0]), (right, [0, 1.0])] {
      let own = try builder.apply(Pick(chosen), to: side, named: "chosen", for: estimator)
      let both = try builder.apply(
        Combine(.multiply), to: [indicator, own], named: "reached", for: estimator)
      try descend(child, both, depth: depth + 1, &builder)
    }
  }
}
