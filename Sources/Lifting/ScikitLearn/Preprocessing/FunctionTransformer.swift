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
    guard case .elements(let map) = function else {
      return LiftedEstimator(transformed: Operand(value).held(as: operand))
    }
    let datatype = try estimator.resultType(of: map, operand)
    var result = try function.apply(to: value, for: estimator, &builder)
    if datatype == .float32 { result = try builder.rounded(result, for: estimator) }
    return .transformer(result, datatype: datatype, storage: operand.storage)
  }
}

/// What a FunctionTransformer computes.
enum KnownFunction {
  /// Nothing is changed.
  case identity
  /// A function of each element.
  case elements(MapElements.Function)

  /// Whether elements become others.
  var changes: Bool {
    if case .identity = self { false } else { true }
  }

  /// The function applied to a value.
  func apply(
    to value: GraphValue, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    switch self {
    case .identity: value
    case .elements(let function):
      try builder.apply(MapElements(function), to: value, named: function.rawValue, for: estimator)
    }
  }
}

extension Estimator {
  /// The function that a parameter names, called without further arguments.
  func function(_ name: String, arguments: String) throws(Problem) -> KnownFunction {
    let attribute = try view.attribute(name)
    if attribute.isNone { return .identity }
    let hint = "use one of NumPy's functions of one number, or make the columns before the model sees them"
    guard let function = attribute.knownFunction else {
      throw unsupported(name, attribute.description, hint: hint)
    }
    let keywords = try view.attribute(arguments)
    switch keywords.value {
    case .none: break
    case .dictionary(let pairs) where pairs.isEmpty: break
    default: throw unsupported(arguments, keywords.description, hint: hint)
    }
    return function
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
      return [.absolute, .negative, .square, .sign].contains(function) ? operand.datatype : .float64
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

extension PickleView {
  /// The function of that name, where it is one that is known.
  fileprivate var knownFunction: KnownFunction? {
    guard case .global(let global) = value else { return nil }
    switch global.module {
    // Where NumPy says its functions are: 1.x in the first, 2.x in the last.
    case "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.umath",
      "numpy._core.umath", "numpy":
      return Self.functions[global.name].map(KnownFunction.elements)
    case "scipy.special._ufuncs", "scipy.special._special_ufuncs", "scipy.special":
      let functions: [String: MapElements.Function] = [
        "expit": .logistic, "expm1": .expm1, "log1p": .log1p, "erf": .erf, "exp2": .exp2, "cbrt": .cbrt,
      ]
      return functions[global.name].map(KnownFunction.elements)
    default: return nil
    }
  }

  private static let functions: [String: MapElements.Function] = [
    "absolute": .absolute, "fabs": .absolute, "negative": .negative, "exp": .exp, "expm1": .expm1,
    "exp2": .exp2, "log": .log, "log1p": .log1p, "log2": .log2, "log10": .log10, "sqrt": .sqrt,
    "cbrt": .cbrt, "square": .square, "reciprocal": .reciprocal, "sign": .sign, "floor": .floor,
    "ceil": .ceil, "rint": .rint, "trunc": .trunc, "sin": .sin, "cos": .cos, "tan": .tan,
    "arcsin": .arcsin, "arccos": .arccos, "arctan": .arctan, "sinh": .sinh, "cosh": .cosh, "tanh": .tanh,
    "arcsinh": .arcsinh, "radians": .radians, "deg2rad": .radians, "degrees": .degrees, "rad2deg": .degrees,
  ]
}
