import Artifacts
import Domain
import ModelGraph

/// PCA, IncrementalPCA, TruncatedSVD.
extension Lifter {
  static let decompositions: [PickleGlobal: Lift] = [
    .sklearn("decomposition._pca", "PCA"): principalComponents,
    .sklearn("decomposition._incremental_pca", "IncrementalPCA"): principalComponents,
    .sklearn("decomposition._truncated_svd", "TruncatedSVD"): truncatedSVD,
  ]

  /// The rows of `components_`, as many columns as there are features.
  private static func components(
    of estimator: Estimator, columns: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> ConstantMatrix {
    let attribute = try estimator.view.fittedAttribute("components_")
    let (elements, shape) = try attribute.numbers(axes: 2)
    try builder.spend(elements: elements.count, for: attribute)
    guard shape[1] == columns, shape[0] > 0,
      let matrix = ConstantMatrix(elements, rows: shape[0], columns: shape[1])
    else { throw attribute.unexpected("an array of components with \(columns) columns") }
    return matrix
  }

  static func principalComponents(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try estimator.finiteInput(input, &builder)
    let components = try components(of: estimator, columns: value.columns, &builder)
    let mean = try estimator.columnConstants("mean_", value.columns, &builder)
    let isSingle = try estimator.view.fittedAttribute("mean_").isSinglePrecision
    var intercepts = [Double](repeating: 0, count: components.rows)
    if try estimator.version() < .one(5) {
      value = try builder.apply(
        Scale(offset: mean, divisor: nil), to: value, named: "centered", for: estimator)
    } else {
      // From 1.5 on the mean is projected too, and subtracted from the projection.
      for row in 0..<components.rows {
        for column in 0..<components.columns {
          intercepts[row].addProduct(-mean[column], components.elements[row * components.columns + column])
        }
        // In the precision of the mean, as it was fitted.
        if isSingle { intercepts[row] = Double(Float(intercepts[row])) }
      }
    }
    value = try builder.apply(
      Linear(coefficients: components, intercepts: intercepts), to: value, named: "projected",
      for: estimator)
    guard try estimator.view.attribute("whiten").bool() else { return .transformer(value) }
    var deviations = try estimator.columnConstants("explained_variance_", value.columns, &builder)
      .map { $0.squareRoot() }
    var least = Double.ulpOfOne
    if try estimator.view.fittedAttribute("explained_variance_").isSinglePrecision {
      deviations = deviations.map { Double(Float($0)) }
      least = Double(Float.ulpOfOne)
    }
    if try estimator.version() >= .one(5) { deviations = deviations.map { $0 < least ? least : $0 } }
    return .transformer(
      try builder.apply(
        Scale(offset: nil, divisor: deviations), to: value, named: "whitened", for: estimator))
  }

  static func truncatedSVD(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    let components = try components(of: estimator, columns: value.columns, &builder)
    let none = [Double](repeating: 0, count: components.rows)
    return .transformer(
      try builder.apply(
        Linear(coefficients: components, intercepts: none), to: value, named: "projected", for: estimator))
  }
}
