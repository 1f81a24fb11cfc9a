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
    var value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let isSingle = input.datatype == .float32
    // From 1.8 on StandardScaler rounds what it computes with first.
    var roundsConstants = false
    if isSingle, estimator.name == "StandardScaler" { roundsConstants = try estimator.version() >= .one(8) }
    func constants(_ name: String) throws(Problem) -> [Double] {
      let constants = try estimator.columnConstants(name, value.columns, &builder)
      return roundsConstants ? constants.map { Double(Float($0)) } : constants
    }
    func step(_ operation: some Operator) throws(Problem) {
      value = try builder.apply(operation, to: value, named: "scaled", for: estimator)
      if isSingle { value = try builder.rounded(value, for: estimator) }
    }
    guard input.storage == .dense else {
      guard offset == nil else {
        throw estimator.view.unexpected("a scaler that does not centre what is sparse")
      }
      if let divisor {
        let isNarrow = try estimator.view.fittedAttribute(divisor).isSinglePrecision
        try step(
          Combine(
            .multiply,
            constants: try estimator.columnConstants(divisor, value.columns, &builder).map {
              isNarrow ? Double(1 / Float($0)) : 1 / $0
            }))
      }
      return LiftedEstimator(transformed: Operand(value).held(as: input)).inFloats
    }
    if isSingle {
      if let offset { try step(Scale(offset: try constants(offset), divisor: nil)) }
      if let divisor { try step(Scale(offset: nil, divisor: try constants(divisor))) }
      return .transformer(value, datatype: .float32)
    }
    guard offset != nil || divisor != nil else { return .transformer(value) }
    let offsets = try offset.map { name throws(Problem) in try constants(name) }
    let divisors = try divisor.map { name throws(Problem) in try constants(name) }
    try step(Scale(offset: offsets, divisor: divisors))
    return .transformer(value)
  }

  static func minMaxScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let isSingle = input.datatype == .float32
    func step(_ function: Combine.Function, _ name: String) throws(Problem) {
      let constants = try estimator.columnConstants(name, value.columns, &builder)
      value = try builder.apply(
        Combine(function, constants: constants), to: value, named: "scaled", for: estimator)
      if isSingle { value = try builder.rounded(value, for: estimator) }
    }
    try step(.multiply, "scale_")
    try step(.add, "min_")
    if try estimator.flag("clip", else: false) {
      let range = try estimator.view.attribute("feature_range").elements()
      guard range.count == 2 else { throw estimator.view.unexpected("a feature range of two numbers") }
      value = try clip(
        value, from: try range[0].number(), through: try range[1].number(), estimator, &builder)
      if isSingle { value = try builder.rounded(value, for: estimator) }
    }
    return .transformer(value, datatype: isSingle ? .float32 : .float64)
  }

  static func maxAbsScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let scaled = try scaled(estimator, input, &builder, offset: nil, divisor: "scale_")
    guard try estimator.flag("clip", else: false), let operand = scaled.transformed else { return scaled }
    let value = try builder.numbers(operand, origin: estimator)
    let clipped = try clip(value, from: -1, through: 1, estimator, &builder)
    return LiftedEstimator(transformed: Operand(clipped).held(as: operand))
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
    // What is sparse is left alone for a norm of 0 only.
    let version = try estimator.version()
    let zeroNorm: ZeroNorm = input.storage != .dense || version < .one(0) ? .keep : .keepTiny
    return .transformer(
      try builder.apply(
        NormalizeRows(norm: norm, zeroNorm: zeroNorm), to: value, named: "normalized", for: estimator),
      storage: input.storage)
  }

  static func binarizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    var threshold = try estimator.view.attribute("threshold").number()
    if input.datatype == .float32 { threshold = Double(Float(threshold)) }
    var lifted = LiftedEstimator.transformer(
      try builder.apply(
        Combine(.greater, constants: [threshold]), to: value, named: "binary", for: estimator),
      storage: input.storage == .dense ? .dense : .sparse)
    lifted.transformedDatatype = input.datatype
    return lifted
  }
}

extension LiftedEstimator {
  /// The same in a type of floats: single precision stays, everything else becomes double precision.
  fileprivate var inFloats: LiftedEstimator {
    var lifted = self
    if transformedDatatype != .float32 { lifted.transformedDatatype = .float64 }
    return lifted
  }
}
