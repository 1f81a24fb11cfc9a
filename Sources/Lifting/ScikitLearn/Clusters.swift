import Artifacts
import Domain
import ModelGraph

/// KMeans, MiniBatchKMeans, BisectingKMeans.
extension Lifter {
  static let clusters: [PickleGlobal: Lift] = [
    .sklearn("cluster._kmeans", "KMeans"): kMeans,
    .sklearn("cluster._kmeans", "MiniBatchKMeans"): kMeans,
  ]

  /// The nearest centre is that of the least y · y − 2 x · y, the first of several; `transform` gives distances.
  static func kMeans(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try builder.numbers(input, for: estimator)
    let attribute = try estimator.view.fittedAttribute("cluster_centers_")
    let (elements, shape) = try attribute.numbers(axes: 2)
    guard shape[0] > 0, shape[1] == value.columns,
      let centers = ConstantMatrix(elements, rows: shape[0], columns: shape[1])
    else { throw attribute.unexpected("a row of \(value.columns) numbers for each cluster") }
    try builder.spend(elements: 2 * elements.count, for: attribute)
    var checked = try builder.apply(
      CheckFinite(allowsNaN: false), to: value, named: "checked", for: estimator)
    let isNarrow = attribute.isSinglePrecision
    if isNarrow {
      checked = try builder.apply(MapElements(.float32), to: checked, named: "rounded", for: estimator)
    }
    let scores = try builder.apply(
      Self.nearness(to: centers), to: checked, named: "nearness", for: estimator)
    let index = try builder.apply(ArgMax(), to: scores, named: "index", for: estimator)
    let label = try builder.apply(Cast(.int32), to: index, named: "label", for: estimator)
    var distances = try builder.apply(
      Distances(to: centers, DistanceMetric(.euclidean, expansion: .einsum)), to: checked,
      named: "distances", for: estimator)
    if isNarrow {
      distances = try builder.apply(
        MapElements(.float32), to: distances, named: "distances", for: estimator)
    }
    var lifted = LiftedEstimator.transformer(distances)
    lifted.predict = LiftedEstimator.Answer(label, isVector: true)
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

extension PickleView {
  /// Whether an array of numbers of single precision is there.
  var isSinglePrecision: Bool {
    if case .array(let array) = value, case .float(size: 4, _) = array.type { true } else { false }
  }
}
