import Artifacts
import Domain
import ModelGraph

/// EllipticEnvelope, a detector of outliers by a robust covariance.
extension Lifter {
  static let envelopes: [PickleGlobal: Lift] = [
    .sklearn("covariance._elliptic_envelope", "EllipticEnvelope"): ellipticEnvelope
  ]

  /// −d² − offset, d being the Mahalanobis distance to the centre.
  static func ellipticEnvelope(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let width = checked.columns
    let location = try estimator.columnConstants("location_", width, &builder)
    let attribute = try estimator.view.fittedAttribute("precision_")
    guard !attribute.isNone else {
      throw estimator.unsupported(
        "precision_", "None, so that the library inverts the covariance",
        hint: "fit with store_precision=True")
    }
    let precision = try attribute.matrix(&builder)
    guard precision.rows == width, precision.columns == width,
      let center = ConstantMatrix(location, rows: 1, columns: width)
    else { throw attribute.unexpected("an array of numbers of shape [\(width), \(width)]") }
    let distance = try estimator.apply(
      Distances(to: center, DistanceMetric(.mahalanobis, inverse: precision)), to: checked,
      named: "distance", &builder)
    let square = try estimator.apply(MapElements(.square), to: distance, named: "square", &builder)
    let score = try estimator.apply(MapElements(.negative), to: square, named: "score", &builder)
    let offset = try estimator.view.fittedAttribute("offset_").number()
    let decision = try estimator.apply(
      Combine(.subtract, constants: [offset]), to: score, named: "decision", &builder)
    return try outlierDetector(
      decision, Positive(includesThreshold: true), labels: .int64([-1, 1]), estimator, &builder)
  }
}
