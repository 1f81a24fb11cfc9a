import Artifacts
import Domain
import ModelGraph

/// IsotonicRegression.
extension Lifter {
  static let isotonicRegressions: [PickleGlobal: Lift] = [
    .sklearn("isotonic", "IsotonicRegression"): isotonicRegression
  ]

  /// Its `transform` is its `predict`, a vector, which no step after it takes: it is no transformer here.
  static func isotonicRegression(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let input = try builder.resolve(input, count: 1, names: nil, for: estimator)
    let value = try builder.numbers(input, origin: estimator)
    return .regressor(try isotonic(value, estimator, &builder), isVector: true)
  }

  /// What an isotonic regression makes of one column.
  static func isotonic(
    _ value: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let thresholds = try estimator.view.fittedAttribute("X_thresholds_")
    let levels = try estimator.view.fittedAttribute("y_thresholds_")
    for attribute in [thresholds, levels] {
      guard case .array(let array) = attribute.value, array.type == .float(size: 8, .little) else {
        throw estimator.unsupported(
          attribute.path.hasSuffix("X_thresholds_") ? "X_thresholds_" : "y_thresholds_",
          attribute.description, hint: "fit it with numbers of double precision")
      }
    }
    let (points, shape) = try thresholds.numbers(axes: 1)
    let values = try levels.numbers(shape: shape)
    try builder.spend(elements: 2 * points.count, for: thresholds)
    let bounds = try estimator.view.attribute("out_of_bounds")
    let outside: Interpolation.Outside
    switch try bounds.string() {
    case "clip": outside = .clip
    case "nan": outside = .missing
    case "raise": outside = .refuse
    default: throw bounds.unexpected("'clip', 'nan' or 'raise'")
    }
    let checked = try builder.apply(
      CheckFinite(allowsNaN: false), to: value, named: "checked", for: estimator)
    guard points.count != 1 else {
      return try builder.apply(Fill(values), to: checked, named: "value", for: estimator)
    }
    // The bounds that clipping goes by are the first and the last threshold, for those are never left out.
    for (name, end) in [("X_min_", points.first), ("X_max_", points.last)] {
      let bound = try estimator.view.fittedAttribute(name)
      guard try bound.number() == end else { throw bound.unexpected("the first or last of X_thresholds_") }
    }
    return try builder.apply(
      Interpolation(points: points, values: values, outside: outside), to: checked, named: "value",
      for: estimator)
  }
}
