import Artifacts
import Domain
import Encoding
import ModelGraph

/// How an estimator of `sklearn.neighbors` seeks the points near a row.
struct FittedSearch {
  let points: ConstantMatrix
  let metric: DistanceMetric
  let search: Neighbors.Search
  let tree: NeighborTree?

  init(_ estimator: Estimator, width: Int, _ builder: inout GraphBuilder) throws(Problem) {
    let method = try estimator.view.fittedAttribute("_fit_method")
    switch try method.string() {
    case "brute": try self.init(brute: estimator, width: width, &builder)
    case "kd_tree", "ball_tree":
      let tree = try FittedTree(estimator.view.fittedAttribute("_tree"), estimator, width: width, &builder)
      self.init(tree)
    default: throw method.unexpected("'brute', 'kd_tree' or 'ball_tree'")
    }
  }

  private init(_ tree: FittedTree) {
    self.points = tree.points
    self.metric = tree.metric
    self.search = .tree
    self.tree = tree.tree
  }

  /// All points: from 1.1 on most metrics go to a heap, and before that, and else, to `numpy.argpartition`.
  private init(
    brute estimator: Estimator, width: Int, _ builder: inout GraphBuilder
  ) throws(Problem) {
    let attribute = try estimator.view.fittedAttribute("_fit_X")
    let (elements, shape) = try attribute.numbers(axes: 2)
    guard shape[0] > 0, shape[1] == width,
      let points = ConstantMatrix(elements, rows: shape[0], columns: width)
    else { throw attribute.unexpected("a row of \(width) numbers for each point") }
    try builder.spend(elements: elements.count, for: attribute)
    self.points = points
    self.tree = nil
    let name = try estimator.view.fittedAttribute("effective_metric_").string()
    // Rows of doubles go to the heap only where the points are doubles too.
    let isHeap =
      try estimator.version() >= .one(1) && attribute.isDoublePrecision && Self.heapMetrics.contains(name)
    // Of points that are equally near, as many are among whole numbers, those that the processor's own sorting puts
    // first count from NumPy 2.0 on, which 1.4 is the first to run with. In a radius all of them do.
    let isByRadius = estimator.name.hasPrefix("Radius")
    if !isHeap, !isByRadius, try estimator.version() >= .one(4),
      elements.allSatisfy({ $0 == $0.rounded(.towardZero) })
    {
      throw estimator.unsupported(
        "_fit_X",
        "\(attribute.description), all whole numbers, searched by brute force with metric '\(name.excerpt(40))'",
        hint: "fit it with algorithm='kd_tree' or 'ball_tree', or on rows of doubles with metric='euclidean'")
    }
    self.search = isHeap ? .heap : .selection
    let parameters = MetricParameters(estimator, width: width)
    try parameters.refuseChange(since: name)
    switch name {
    case "euclidean": self.metric = DistanceMetric(.euclidean, expansion: isHeap ? .blas : .einsum)
    case "l2": self.metric = DistanceMetric(.euclidean, expansion: isHeap ? .none : .einsum)
    case "sqeuclidean": self.metric = DistanceMetric(.squaredEuclidean, expansion: isHeap ? .blas : .none)
    case "hamming":
      // Whole rows are equally near, and which of them count depends on the processor that NumPy finds.
      throw parameters.unsupported("'hamming', searched by brute force", hint: "use algorithm='ball_tree'")
    default: self.metric = try parameters.metric(name)
    }
  }

  private static let heapMetrics: Set = [
    "euclidean", "l2", "sqeuclidean", "minkowski", "p", "manhattan", "cityblock", "l1", "chebyshev",
    "infinity", "seuclidean", "canberra", "braycurtis", "haversine",
  ]

  /// The operator that asks the neighbours.
  func neighbors(
    _ extent: Neighbors.Extent, _ weighting: Neighbors.Weighting, _ answer: NeighborAnswer
  ) -> Neighbors {
    Neighbors(
      points: points, metric: metric, extent: extent, search: search, tree: tree, weighting: weighting,
      answer: answer)
  }
}

/// Metrics by the names and parameters that an estimator was given.
private struct MetricParameters {
  let estimator: Estimator
  let width: Int

  init(_ estimator: Estimator, width: Int) {
    self.estimator = estimator
    self.width = width
  }

  func metric(_ name: String) throws(Problem) -> DistanceMetric {
    switch name {
    case "manhattan", "cityblock", "l1": return DistanceMetric(.manhattan)
    case "chebyshev", "infinity": return DistanceMetric(.chebyshev)
    case "cosine": return try estimator.cosine()
    case "canberra": return DistanceMetric(.canberra)
    case "braycurtis": return DistanceMetric(.brayCurtis)
    case "haversine": return DistanceMetric(.haversine)
    case "minkowski", "p":
      let weights = try parameter("w").flatMap { view throws(Problem) -> [Double]? in
        view.isNone ? nil : try view.numbers(shape: [width])
      }
      return DistanceMetric(.minkowski, order: try parameter("p")?.number() ?? 2, weights: weights)
    case "seuclidean":
      guard let variances = try parameter("V") else {
        throw unsupported("'seuclidean' without variances", hint: "give metric_params={'V': variances}")
      }
      return DistanceMetric(.standardizedEuclidean, weights: try variances.numbers(shape: [width]))
    case "mahalanobis":
      guard let inverse = try parameter("VI") else {
        throw unsupported(
          "'mahalanobis' without an inverse", hint: "give metric_params={'VI': inverse of the covariance}")
      }
      let elements = try inverse.numbers(shape: [width, width])
      return DistanceMetric(.mahalanobis, inverse: ConstantMatrix(elements, rows: width, columns: width))
    default: throw unsupported("a metric of another name", hint: Self.hint)
    }
  }

  static let hint =
    "use 'euclidean', 'manhattan', 'chebyshev', 'minkowski', 'cosine', 'canberra', 'braycurtis', 'seuclidean',"
    + " 'mahalanobis' or 'haversine'"

  func unsupported(_ found: String, hint: String) -> Problem {
    estimator.unsupported("metric", found, hint: hint)
  }

  /// From 1.3 on a classifier that seeks among all points takes the parameters as they are now, not as they were
  /// when it was fitted.
  func refuseChange(since effective: String) throws(Problem) {
    guard ["KNeighborsClassifier", "RadiusNeighborsClassifier"].contains(estimator.name),
      try estimator.version() >= .one(3), let now = try estimator.view.attribute("metric").text
    else { return }
    var expected = now
    var isSame = true
    if now == "minkowski", try parameter("w").map(\.isNone) ?? true {
      let order = try estimator.view.attribute("p").number()
      expected = [1: "manhattan", 2: "euclidean", .infinity: "chebyshev"][order] ?? now
      if expected == now { isSame = try parameter("p")?.number() == order }
    }
    guard isSame, expected == effective else {
      throw unsupported(
        "another than it was fitted with, with 'p' as it is now", hint: "fit it again after set_params")
    }
  }

  private func parameter(_ name: String) throws(Problem) -> PickleView? {
    let parameters = try estimator.view.fittedAttribute("effective_metric_params_")
    guard parameters.isDictionary else { throw parameters.unexpected("a dictionary") }
    return parameters.item(name)
  }
}

/// A k-d tree or a ball tree: the state of a `BinaryTree`, of which it takes points, order, bounds and metric.
private struct FittedTree {
  let points: ConstantMatrix
  let tree: NeighborTree
  let metric: DistanceMetric

  init(
    _ view: PickleView, _ estimator: Estimator, width: Int, _ builder: inout GraphBuilder
  ) throws(Problem) {
    let kinds = ["_kd_tree": "KDTree", "_ball_tree": "BallTree"]
    let kind = kinds.first { view.object?.type == .sklearn("neighbors.\($0.key)", $0.value) }
    guard let kind, let object = view.object, let state = object.state else {
      throw view.unexpected("a k-d tree or a ball tree")
    }
    let parts = try view.view(of: state, "").elements()
    guard parts.count == 13 else { throw view.unexpected("a tree of 13 parts") }
    let (elements, shape) = try parts[0].numbers(axes: 2)
    guard shape[0] > 0, shape[1] == width,
      let points = ConstantMatrix(elements, rows: shape[0], columns: width)
    else { throw parts[0].unexpected("a row of \(width) numbers for each point") }
    // Points, their order, and bounds of fewer nodes than there are points.
    try builder.spend(elements: 2 * elements.count, for: view)
    self.points = points
    guard case .array(let order) = parts[1].value, order.shape == [shape[0]],
      let indices = order.items?.integers()
    else { throw parts[1].unexpected("an array of \(shape[0]) integers") }
    let radii = try Self.radii(parts[2], points: shape[0])
    let isBoxes = kind.key == "_kd_tree"
    let (bounds, boundShape) = try parts[3].numbers(axes: 3)
    guard boundShape == [isBoxes ? 2 : 1, radii.count, width] else {
      throw parts[3].unexpected("the bounds of \(radii.count) nodes")
    }
    let size = radii.count * width
    func rows(_ start: Int) throws(Problem) -> ConstantMatrix {
      guard
        let matrix = ConstantMatrix(
          Array(bounds[start..<(start + size)]), rows: radii.count, columns: width)
      else { throw parts[3].unexpected("the bounds of \(radii.count) nodes") }
      return matrix
    }
    self.tree = NeighborTree(
      order: indices,
      bounds: isBoxes
        ? .boxes(least: try rows(0), greatest: try rows(size)) : .balls(centers: try rows(0), radii: radii))
    self.metric = try Self.metric(parts[11], estimator, width: width)
    guard parts[12].isNone else { throw parts[12].unexpected("None, as there is no search with weights") }
  }

  /// The radii of the nodes, whose places in the order have to be those of a tree that halves its points.
  private static func radii(_ view: PickleView, points: Int) throws(Problem) -> [Double] {
    guard case .array(let array) = view.value, array.shape.count == 1, let items = array.items,
      let starts = items.field("idx_start")?.integers(), let ends = items.field("idx_end")?.integers(),
      let leaves = items.field("is_leaf")?.integers(), let radii = items.field("radius")?.doubles(),
      !radii.isEmpty, radii.count <= 4 * points
    else { throw view.unexpected("an array of tree nodes") }
    let ranges = NeighborTree.ranges(points: points, nodes: radii.count)
    for (node, range) in ranges.enumerated() where !range.isEmpty {
      let isLeaf = NeighborTree.isLeaf(node, ranges)
      guard starts[node] == range.lowerBound, ends[node] == range.upperBound, (leaves[node] != 0) == isLeaf
      else { throw view.unexpected("a tree that halves its points at every node") }
    }
    return radii
  }

  /// Where metrics have been: until 0.24, and since.
  private static let metricModules = ["sklearn.neighbors._dist_metrics", "sklearn.metrics._dist_metrics"]

  /// The metric that a tree was built with, an instance of a class of its own.
  private static func metric(
    _ view: PickleView, _ estimator: Estimator, width: Int
  ) throws(Problem) -> DistanceMetric {
    let parameters = MetricParameters(estimator, width: width)
    guard let object = view.object, metricModules.contains(object.type.module), let state = object.state
    else { throw view.unexpected("a distance metric") }
    let name = object.type.name
    let parts = try view.view(of: state, "").elements()
    guard parts.count >= 3 else { throw view.unexpected("a metric of three parts") }
    switch name.hasSuffix("Distance64") ? String(name.dropLast(2)) : name {
    case "EuclideanDistance": return DistanceMetric(.euclidean)
    case "ManhattanDistance": return DistanceMetric(.manhattan)
    case "ChebyshevDistance": return DistanceMetric(.chebyshev)
    case "CanberraDistance": return DistanceMetric(.canberra)
    case "BrayCurtisDistance": return DistanceMetric(.brayCurtis)
    case "HammingDistance": return DistanceMetric(.hamming)
    case "HaversineDistance": return DistanceMetric(.haversine)
    case "MinkowskiDistance":
      let order = try parts[0].number()
      // Up to 1.0 there were no weights, and one 0 stood in their place.
      let (weights, _) = try parts[1].numbers(axes: 1)
      let isWeighted = try estimator.version() >= .one(1) && !weights.isEmpty
      return DistanceMetric(.minkowski, order: order, weights: isWeighted ? weights : nil)
    case "SEuclideanDistance":
      return DistanceMetric(.standardizedEuclidean, weights: try parts[1].numbers(shape: [width]))
    case "MahalanobisDistance":
      let inverse = try parts[2].numbers(shape: [width, width])
      return DistanceMetric(.mahalanobis, inverse: ConstantMatrix(inverse, rows: width, columns: width))
    default: throw parameters.unsupported("a tree with \(name.prefix(60))", hint: MetricParameters.hint)
    }
  }
}

extension Estimator {
  /// The cosine distance, for which small norms count as 1 from 1.0 on.
  func cosine() throws(Problem) -> DistanceMetric {
    DistanceMetric(.cosine, leastNorm: try version() < .one(0) ? 0 : 10 * Double.ulpOfOne)
  }
}
