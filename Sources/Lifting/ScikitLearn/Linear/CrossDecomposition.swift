import Artifacts
import Domain
import ModelGraph

/// Partial least squares and canonical correlation.
extension Lifter {
  static let crossDecompositions: [PickleGlobal: Lift] = [
    .sklearn("cross_decomposition._pls", "PLSRegression"): partialLeastSquares,
    .sklearn("cross_decomposition._pls", "PLSCanonical"): partialLeastSquares,
    .sklearn("cross_decomposition._pls", "CCA"): partialLeastSquares,
    .sklearn("cross_decomposition._pls", "PLSSVD"): partialLeastSquaresSVD,
  ]

  /// predict: (x − mean) ÷ std · coefficients + intercept; transform: (x − mean) ÷ std · rotations.
  ///
  /// Until 1.1 the coefficients are `coef_`, features by targets, and what is added the targets' mean; 1.1 and 1.2
  /// keep them turned round as `_coef_`, later versions as `coef_`. From 1.5 they hold the division by std.
  static func partialLeastSquares(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let view = estimator.view
    let checked = try estimator.finiteInput(input, &builder)
    let features = checked.columns
    let mean = try view.fittedAttribute("_x_mean").numbers(shape: [features])
    let deviation = try view.fittedAttribute("_x_std").numbers(shape: [features])
    try builder.spend(elements: features * 2, for: view)
    let scaled = try estimator.apply(
      Scale(offset: mean, divisor: deviation), to: checked, named: "scaled", &builder)

    let hasTurned = view.attributeIfPresent("_coef_") != nil
    let attribute = try view.fittedAttribute(hasTurned ? "_coef_" : "coef_")
    var coefficients = try attribute.matrix(&builder)
    var added = "intercept_"
    if version < .one(1) {
      coefficients = coefficients.transposed
      added = "_y_mean"
    }
    guard coefficients.columns == features, coefficients.rows > 0 else {
      throw attribute.unexpected("an array of coefficients for \(features) features")
    }
    let intercepts = try view.fittedAttribute(added).numbers(shape: [coefficients.rows])
    let centred =
      version < .one(5)
      ? scaled
      : try estimator.apply(Scale(offset: mean, divisor: nil), to: checked, named: "centred", &builder)
    let value = try estimator.apply(
      Linear(coefficients: coefficients, intercepts: intercepts), to: centred, named: "value", &builder)
    let isVector = version < .one(3) ? false : try view.attribute("_predict_1d").bool()
    guard !isVector || coefficients.rows == 1 else {
      throw attribute.unexpected("the coefficients of one target")
    }
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(value, isVector: isVector),
      transformed: Operand(try rotated(scaled, by: "x_rotations_", estimator, &builder)))
  }

  static func partialLeastSquaresSVD(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let mean = try estimator.view.fittedAttribute("_x_mean").numbers(shape: [checked.columns])
    let deviation = try estimator.view.fittedAttribute("_x_std").numbers(shape: [checked.columns])
    try builder.spend(elements: checked.columns * 2, for: estimator.view)
    let scaled = try estimator.apply(
      Scale(offset: mean, divisor: deviation), to: checked, named: "scaled", &builder)
    return .transformer(try rotated(scaled, by: "x_weights_", estimator, &builder))
  }

  /// The product with an array of features by components; at most `count` of the components.
  static func rotated(
    _ value: GraphValue, by name: String, count: Int? = nil, _ estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try estimator.view.fittedAttribute(name)
    let all = try attribute.matrix(&builder).transposed
    let kept = min(all.rows, count ?? all.rows)
    guard all.columns == value.columns, kept > 0,
      let rotation = ConstantMatrix(
        Array(all.elements.prefix(kept * all.columns)), rows: kept, columns: all.columns)
    else { throw attribute.unexpected("an array of \(value.columns) features by components") }
    return try estimator.apply(
      Linear(coefficients: rotation, intercepts: Array(repeating: 0, count: kept)), to: value,
      named: "components", &builder)
  }
}
