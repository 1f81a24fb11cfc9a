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
    let curve = try isotonic(value, estimator, &builder)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(
        values: [curve.value], isVector: true, datatype: curve.isSingle ? .float32 : nil))
  }

  /// What an isotonic regression makes of one column, in single precision where it was fitted in it.
  static func isotonic(
    _ value: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> (value: GraphValue, isSingle: Bool) {
    let thresholds = try estimator.view.fittedAttribute("X_thresholds_")
    let levels = try estimator.view.fittedAttribute("y_thresholds_")
    for attribute in [thresholds, levels] {
      guard attribute.isSinglePrecision || attribute.isDoublePrecision,
        attribute.isSinglePrecision == thresholds.isSinglePrecision
      else {
        throw estimator.unsupported(
          attribute.path.hasSuffix("X_thresholds_") ? "X_thresholds_" : "y_thresholds_",
          attribute.description, hint: "fit it with numbers of single or double precision")
      }
    }
    let isSingle = thresholds.isSinglePrecision
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
      CheckFinite(allowsNaN: false, asFloat32: isSingle), to: value, named: "checked", for: estimator)
    guard points.count != 1 else {
      return (try builder.apply(Fill(values), to: checked, named: "value", for: estimator), isSingle)
    }
    // The bounds that clipping goes by are the first and the last threshold, for those are never left out.
    for (name, end) in [("X_min_", points.first), ("X_max_", points.last)] {
      let bound = try estimator.view.fittedAttribute(name)
      guard try bound.number() == end else { throw bound.unexpected("the first or last of X_thresholds_") }
    }
    if isSingle {
      let lines = SingleInterpolation(points: points, values: values, outside: outside)
      return (try builder.apply(lines, to: checked, named: "value", for: estimator), true)
    }
    let value = try builder.apply(
      Interpolation(points: points, values: values, outside: outside), to: checked, named: "value",
      for: estimator)
    return (value, false)
  }
}
