import Artifacts
import Domain
import ModelGraph

/// FunctionTransformer of nothing, or of a function of NumPy that is known by its name.
extension Lifter {
  static let functionTransformers: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._function_transformer", "FunctionTransformer"): functionTransformer
  ]

  static func functionTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let function = try estimator.function("func", arguments: "kw_args")
    var operand = input
    if estimator.view.attributeIfPresent("n_features_in_") != nil {
      operand = try estimator.columns(of: input, &builder)
    }
    let validates = try estimator.view.attribute("validate").bool()
    guard validates || function.changes else { return LiftedEstimator(transformed: operand) }
    // Nobody has said how many columns there are where the function was never fitted.
    if operand.count == nil, let count = builder.featureCount {
      operand = try builder.resolve(operand, count: count, names: nil, for: estimator)
    }
    var value = try builder.numbers(operand, origin: estimator)
    if validates {
      value = try builder.apply(CheckFinite(allowsNaN: false), to: value, named: "checked", for: estimator)
    }
    let datatype: Datatype
    switch function {
    case .identity: return LiftedEstimator(transformed: Operand(value).held(as: operand))
    case .elements(let map): datatype = try estimator.resultType(of: map, operand)
    case .clip, .replacement, .rounding:
      guard operand.datatype == .float64, operand.storage == .dense else {
        throw estimator.unsupported(
          "func", "one with arguments, of columns that are not dense and of double precision",
          hint: "make the step before it give a dense array of numpy.float64")
      }
      datatype = .float64
    }
    var result = try function.apply(to: value, for: estimator, &builder)
    if datatype == .float32 { result = try builder.rounded(result, for: estimator) }
    return .transformer(result, datatype: datatype, storage: operand.storage)
  }
}

extension Estimator {
  /// The type of what a function of NumPy makes of columns; a refusal where it does otherwise for them than for
  /// doubles that are all there.
  fileprivate func resultType(
    of function: MapElements.Function, _ operand: Operand
  ) throws(Problem) -> Datatype {
    func refuse(_ found: String, _ hint: String) -> Problem {
      unsupported("func", "numpy.\(function.rawValue) of \(found)", hint: hint)
    }
    let keepsZero: Set<MapElements.Function> = [
      .sin, .tan, .arcsin, .arctan, .sinh, .tanh, .arcsinh, .rint, .sign, .expm1, .log1p, .radians, .degrees,
      .floor, .ceil, .trunc, .sqrt, .absolute, .negative,
    ]
    guard operand.storage == .dense || keepsZero.contains(function) else {
      throw refuse("a sparse matrix", "make the step before it give a dense array")
    }
    // Of whole numbers the reciprocal is a whole number, and a feature may be a column of them.
    let mayBeWhole = operand.datatype != .float64 && operand.datatype != .float32
    guard function != .reciprocal || !(mayBeWhole || operand.readsFeatures) else {
      throw refuse(
        "columns that may be whole numbers, of which NumPy gives a whole number",
        "put a step before it that makes them floats, such as SimpleImputer()")
    }
    // NumPy rounds these to the nearest number of single precision; the others are a little off, each in its way.
    let exact: Set<MapElements.Function> = [
      .absolute, .negative, .square, .reciprocal, .sign, .floor, .ceil, .rint, .trunc, .sqrt,
    ]
    switch operand.datatype {
    case .float32:
      guard exact.contains(function) else {
        throw refuse("numbers of single precision", "make the step before it give dtype=numpy.float64")
      }
      return .float32
    case .bool:
      throw refuse("truth values", "make the step before it give numbers")
    case .int32, .int64:
      guard function != .square else {
        throw refuse(
          "whole numbers, which NumPy lets overflow", "make the step before give dtype=numpy.float64")
      }
      return [.absolute, .negative, .sign].contains(function) ? operand.datatype : .float64
    case .float64, .string: return .float64
    }
  }
}

extension Operand {
  /// Whether some columns are features, of which a caller may have given whole numbers.
  fileprivate var readsFeatures: Bool {
    guard let segments else { return true }
    return segments.contains { if case .features = $0 { true } else { false } }
  }
}
