import Artifacts
import Domain
import ModelGraph

/// StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, Normalizer, Binarizer.
extension Lifter {
  static let scalers: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._data", "StandardScaler"): standardScaler,
    .sklearn("preprocessing._data", "MinMaxScaler"): minMaxScaler,
    .sklearn("preprocessing._data", "MaxAbsScaler"): maxAbsScaler,
    .sklearn("preprocessing._data", "RobustScaler"): robustScaler,
    .sklearn("preprocessing._data", "Normalizer"): normalizer,
    .sklearn("preprocessing._data", "Binarizer"): binarizer,
  ]

  static func standardScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    // The flags decide: a scaler that does not centre has a mean all the same.
    try scaled(
      estimator, input, &builder,
      offset: try estimator.view.attribute("with_mean").bool() ? "mean_" : nil,
      divisor: try estimator.view.attribute("with_std").bool() ? "scale_" : nil)
  }

  static func robustScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try scaled(
      estimator, input, &builder,
      offset: try estimator.view.attribute("with_centering").bool() ? "center_" : nil,
      divisor: try estimator.view.attribute("with_scaling").bool() ? "scale_" : nil)
  }

  private static func scaled(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder, offset: String?,
    divisor: String?
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let offsets = try offset.map { name throws(Problem) in
      try estimator.columnConstants(name, value.columns, &builder)
    }
    let divisors = try divisor.map { name throws(Problem) in
      try estimator.columnConstants(name, value.columns, &builder)
    }
    guard offsets != nil || divisors != nil else { return .transformer(value) }
    return .transformer(
      try builder.apply(
        Scale(offset: offsets, divisor: divisors), to: value, named: "scaled", for: estimator))
  }

  static func minMaxScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let scale = try estimator.columnConstants("scale_", value.columns, &builder)
    let offset = try estimator.columnConstants("min_", value.columns, &builder)
    value = try builder.apply(
      Combine(.multiply, constants: scale), to: value, named: "scaled", for: estimator)
    value = try builder.apply(Combine(.add, constants: offset), to: value, named: "moved", for: estimator)
    if try estimator.flag("clip", else: false) {
      let range = try estimator.view.attribute("feature_range").elements()
      guard range.count == 2 else { throw estimator.view.unexpected("a feature range of two numbers") }
      value = try clip(
        value, from: try range[0].number(), through: try range[1].number(), estimator, &builder)
    }
    return .transformer(value)
  }

  static func maxAbsScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let scaled = try scaled(estimator, input, &builder, offset: nil, divisor: "scale_")
    guard try estimator.flag("clip", else: false), let operand = scaled.transformed else { return scaled }
    let value = try builder.numbers(operand, origin: estimator)
    return .transformer(try clip(value, from: -1, through: 1, estimator, &builder))
  }

  /// As `numpy.clip`: NaN stays.
  static func clip(
    _ value: GraphValue, from lowest: Double, through highest: Double, _ estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let raised = try builder.apply(
      Combine(.maximum, constants: [lowest]), to: value, named: "raised", for: estimator)
    return try builder.apply(
      Combine(.minimum, constants: [highest]), to: raised, named: "clipped", for: estimator)
  }

  static func normalizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let attribute = try estimator.view.attribute("norm")
    let norm: NormalizeRows.Norm
    switch try attribute.string() {
    case "l1": norm = .l1
    case "l2": norm = .l2
    case "max": norm = .max
    default: throw attribute.unexpected("'l1', 'l2' or 'max'")
    }
    let value = try estimator.finiteInput(input, &builder)
    let zeroNorm: ZeroNorm = try estimator.version() < .one(0) ? .keep : .keepTiny
    return .transformer(
      try builder.apply(
        NormalizeRows(norm: norm, zeroNorm: zeroNorm), to: value, named: "normalized", for: estimator))
  }

  static func binarizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    let threshold = try estimator.view.attribute("threshold").number()
    return .transformer(
      try builder.apply(
        Combine(.greater, constants: [threshold]), to: value, named: "binary", for: estimator))
  }
}
