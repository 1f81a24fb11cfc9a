import Artifacts
import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif
import ModelGraph

/// NearestCentroid.
extension Lifter {
  static let centroids: [PickleGlobal: Lift] = [
    .sklearn("neighbors._nearest_centroid", "NearestCentroid"): nearestCentroid
  ]

  /// The class of the nearest centroid, the first of several.
  ///
  /// From 1.6 on the Euclidean one has discriminant scores as well, −distance² + 2 log P(y) after each feature was
  /// divided by its deviation within the classes; they decide where classes are not equally likely.
  static func nearestCentroid(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let classes = try estimator.classes()
    let attribute = try estimator.view.fittedAttribute("centroids_")
    let count = classes.elements.count
    let elements = try attribute.numbers(shape: [count, checked.columns])
    try builder.spend(elements: 3 * elements.count, for: attribute)
    guard let centroids = ConstantMatrix(elements, rows: count, columns: checked.columns) else {
      throw attribute.unexpected("a row of \(checked.columns) numbers for each class")
    }
    let metric = try centroidMetric(estimator)
    let distances = try builder.apply(
      Distances(to: centroids, metric), to: checked, named: "distances", for: estimator)
    let nearness = try builder.apply(
      MapElements(.negative), to: distances, named: "nearness", for: estimator)
    guard try estimator.version() >= .one(6) else {
      let index = try builder.apply(ArgMax(), to: nearness, named: "index", for: estimator)
      return try .classifier(classes, index: index, for: estimator, &builder)
    }
    let priors = try estimator.view.fittedAttribute("class_prior_").numbers(shape: [count])
    let isEven = priors.allSatisfy { abs($0 - 1 / Double(count)) <= 1e-8 + 1e-5 / Double(count) }
    let isEuclidean = metric.name == .squaredEuclidean
    let scores =
      isEuclidean || !isEven
      ? try discriminants(estimator, checked, centroids, metric, priors, &builder) : nearness
    let index = try builder.apply(
      ArgMax(), to: isEven ? nearness : scores, named: "index", for: estimator)
    guard isEuclidean else { return try .classifier(classes, index: index, for: estimator, &builder) }
    let probabilities = try builder.apply(Softmax(), to: scores, named: "probabilities", for: estimator)
    var decision = scores
    if count == 2 {
      let first = try builder.apply(Columns([0]), to: scores, named: "first", for: estimator)
      let second = try builder.apply(Columns([1]), to: scores, named: "second", for: estimator)
      decision = try builder.apply(
        Combine(.subtract), to: [second, first], named: "decision", for: estimator)
    }
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: decision, for: estimator, &builder)
  }

  /// What distances to centroids are compared by: from 1.1 on squares, which BLAS adds up.
  private static func centroidMetric(_ estimator: Estimator) throws(Problem) -> DistanceMetric {
    let metric = try estimator.view.attribute("metric")
    let isOld = try estimator.version() < .one(1)
    switch metric.text {
    case "euclidean":
      return isOld
        ? DistanceMetric(.euclidean, expansion: .einsum) : DistanceMetric(.squaredEuclidean, expansion: .blas)
    case "manhattan", "cityblock", "l1": return DistanceMetric(.manhattan)
    case "cosine": return try estimator.cosine()
    case "chebyshev": return DistanceMetric(.chebyshev)
    default:
      throw estimator.unsupported(
        "metric", metric.description, hint: "use 'euclidean', 'manhattan', 'chebyshev' or 'cosine'")
    }
  }

  private static func discriminants(
    _ estimator: Estimator, _ value: GraphValue, _ centroids: ConstantMatrix, _ metric: DistanceMetric,
    _ priors: [Double], _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let deviations = try estimator.view.fittedAttribute("within_class_std_dev_").numbers(
      shape: [value.columns])
    let divisors = deviations.map { $0 == 0 ? 1 : $0 }
    let scaled = centroids.elements.indices.map {
      centroids.elements[$0] / divisors[$0 % centroids.columns]
    }
    guard let points = ConstantMatrix(scaled, rows: centroids.rows, columns: centroids.columns) else {
      throw estimator.view.unexpected("centroids of \(value.columns) numbers each")
    }
    let rows = try builder.apply(
      Scale(offset: nil, divisor: divisors), to: value, named: "scaled", for: estimator)
    var squared = metric
    squared.name = metric.name == .squaredEuclidean ? .euclidean : metric.name
    squared.expansion = squared.name == .euclidean ? .einsum : .none
    let distances = try builder.apply(
      Distances(to: points, squared), to: rows, named: "distances", for: estimator)
    let squares = try builder.apply(
      MapElements(.square), to: distances, named: "squares", for: estimator)
    return try builder.apply(
      Combine(.subtract, constants: priors.map { 2 * log($0) }, first: true), to: squares,
      named: "scores", for: estimator)
  }
}
