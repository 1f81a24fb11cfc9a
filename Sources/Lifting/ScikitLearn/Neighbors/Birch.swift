import Artifacts
import Domain
import ModelGraph

/// Birch and FeatureAgglomeration.
extension Lifter {
  static let agglomerations: [PickleGlobal: Lift] = [
    .sklearn("cluster._birch", "Birch"): birch,
    .sklearn("cluster._agglomerative", "FeatureAgglomeration"): featureAgglomeration,
  ]

  /// The label of the nearest subcluster, the first of several; `transform` gives the distances to all.
  static func birch(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("subcluster_centers_")
    guard !attribute.isSinglePrecision else {
      throw estimator.unsupported(
        "subcluster_centers_", "numbers of single precision", hint: "fit on numpy.float64")
    }
    let centers = try attribute.matrix(&builder)
    try builder.spend(elements: centers.elements.count, for: attribute)
    guard centers.rows > 0, centers.columns == checked.columns else {
      throw attribute.unexpected("a row of \(checked.columns) numbers for each subcluster")
    }
    let labelled = try estimator.view.fittedAttribute("subcluster_labels_")
    let labels = try labelled.labels()
    guard labels.elements.count == centers.rows else {
      throw labelled.unexpected("a label for each of \(centers.rows) subclusters")
    }
    let distances = try estimator.apply(
      Distances(to: centers, DistanceMetric(.euclidean, expansion: .einsum)), to: checked,
      named: "distances", &builder)
    // From 1.1 on the square of the row's own norm is left out, as it is the same for all.
    let nearness =
      try estimator.version() >= .one(1)
      ? try estimator.apply(Self.nearness(to: centers), to: checked, named: "nearness", &builder)
      : try estimator.apply(MapElements(.negative), to: distances, named: "nearness", &builder)
    let index = try estimator.apply(ArgMax(), to: nearness, named: "index", &builder)
    let label = try estimator.apply(Label(labels), to: index, named: "label", &builder)
    var lifted = LiftedEstimator.transformer(distances)
    lifted.predict = LiftedEstimator.Answer(label, isVector: true)
    return lifted
  }

  /// The mean, the greatest or another number of the features of each cluster.
  static func featureAgglomeration(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("labels_")
    let labels = try attribute.indices(atMost: value.columns - 1)
    guard labels.count == value.columns, let last = labels.max() else {
      throw attribute.unexpected("a label for each of \(value.columns) features")
    }
    var groups = [[Int64]](repeating: [], count: last + 1)
    for (feature, label) in labels.enumerated() { groups[label].append(Int64(feature)) }
    guard groups.allSatisfy({ !$0.isEmpty }) else {
      throw attribute.unexpected("labels of which none is left out")
    }
    let pooling = try estimator.view.attribute("pooling_func")
    guard case .global(let global) = pooling.value, global.module == "numpy",
      let reduction = Self.poolings[global.name]
    else {
      throw estimator.unsupported(
        "pooling_func", pooling.description, hint: "use numpy.mean, numpy.sum, numpy.max or numpy.min")
    }
    var pooled: [GraphValue] = []
    for group in groups {
      let own = try estimator.apply(Columns(group), to: value, named: "cluster", &builder)
      pooled.append(try estimator.apply(ReduceRows(reduction), to: own, named: "pooled", &builder))
    }
    return .transformer(try builder.joined(pooled, named: "transformed", for: estimator))
  }

  /// NumPy's functions by the names that they have had.
  private static let poolings: [String: ReduceRows.Reduction] = [
    "mean": .mean, "sum": .sum, "max": .max, "amax": .max, "min": .min, "amin": .min,
  ]
}
