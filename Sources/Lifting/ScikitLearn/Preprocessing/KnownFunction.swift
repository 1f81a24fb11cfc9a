import Artifacts
import Domain
import ModelGraph

/// What a FunctionTransformer computes.
enum KnownFunction {
  /// Nothing is changed.
  case identity
  /// A function of each element.
  case elements(MapElements.Function)
  /// `numpy.clip`: no element is below the one or above the other, each one number or one a column.
  case clip(low: [Double]?, high: [Double]?)
  /// `numpy.nan_to_num`: other numbers for NaN and the infinities; nil for the greatest there is of an infinity.
  case replacement(missing: Double, positive: Double?, negative: Double?)
  /// `numpy.around`: rounded to so many decimals, halves to the even one.
  case rounding(decimals: Int)

  /// Whether elements become others.
  var changes: Bool {
    if case .identity = self { false } else { true }
  }

  /// The function applied to a value.
  func apply(
    to value: GraphValue, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    func step(
      _ operation: some Operator, _ value: GraphValue, _ name: String
    ) throws(Problem) -> GraphValue {
      try builder.apply(operation, to: value, named: name, for: estimator)
    }
    switch self {
    case .identity: return value
    case .elements(let function): return try step(MapElements(function), value, function.rawValue)
    case .clip(let low, let high):
      var value = value
      if let low { value = try step(Combine(.maximum, constants: low), value, "clipped") }
      if let high { value = try step(Combine(.minimum, constants: high), value, "clipped") }
      return value
    case .replacement(let missing, let positive, let negative):
      var value = try step(Combine(.fillMissing, constants: [missing]), value, "filled")
      let greatest = Double.greatestFiniteMagnitude
      for (number, comparison, bound, limit) in [
        (positive, Combine.Function.greater, greatest, Combine.Function.minimum),
        (negative, .less, -greatest, .maximum),
      ] {
        guard let number else {
          value = try step(Combine(limit, constants: [bound]), value, "finite")
          continue
        }
        let isInfinite = try step(Combine(comparison, constants: [bound]), value, "infinite")
        let other = try step(Fill([Double](repeating: number, count: value.columns)), value, "number")
        value = try builder.apply(Select(), to: [isInfinite, other, value], named: "finite", for: estimator)
      }
      return value
    case .rounding(let decimals):
      // Both are exact powers of ten, as NumPy has them.
      let power = Self.powersOfTen[abs(decimals)]
      guard decimals != 0 else { return try step(MapElements(.rint), value, "rounded") }
      let scaled = try step(
        Combine(decimals > 0 ? .multiply : .divide, constants: [power]), value, "scaled")
      let whole = try step(MapElements(.rint), scaled, "whole")
      return try step(Combine(decimals > 0 ? .divide : .multiply, constants: [power]), whole, "rounded")
    }
  }

  /// Those that a double holds exactly and NumPy has in a table.
  static let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8]
}

extension Estimator {
  /// The function that a parameter names, with its arguments.
  func function(_ name: String, arguments: String) throws(Problem) -> KnownFunction {
    let attribute = try view.attribute(name)
    if attribute.isNone { return .identity }
    let hint =
      "use one of NumPy's functions of one number, clip, nan_to_num or around, or make the columns before the"
      + " model sees them"
    if let known = try attribute.argumentFunction(try view.attribute(arguments)) { return known }
    guard let function = attribute.elementFunction else {
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

extension PickleView {
  /// The function that takes arguments, where it is one that is known.
  fileprivate func argumentFunction(_ keywords: PickleView) throws(Problem) -> KnownFunction? {
    guard case .global(let global) = value, global.module == "numpy" else { return nil }
    switch global.name {
    case "clip":
      // By either name from NumPy 2.1 on.
      let given = try keywords.arguments(["a_min", "a_max", "min", "max"])
      let (low, high) = (given["a_min"] ?? given["min"], given["a_max"] ?? given["max"])
      return .clip(low: try low?.bounds(), high: try high?.bounds())
    case "nan_to_num":
      let given = try keywords.arguments(["nan", "posinf", "neginf", "copy"])
      return .replacement(
        missing: try given["nan"]?.finiteNumber() ?? 0, positive: try given["posinf"]?.finiteNumber(),
        negative: try given["neginf"]?.finiteNumber())
    case "around", "round", "round_":
      let decimals = try keywords.arguments(["decimals"])["decimals"]
      let count = try decimals?.integer() ?? 0
      guard count.magnitude < KnownFunction.powersOfTen.count else {
        throw (decimals ?? keywords).unexpected("from -8 to 8 decimals")
      }
      return .rounding(decimals: count)
    default: return nil
    }
  }

  /// The arguments of a call by their names, those that are not None; a refusal where there are others.
  private func arguments(_ names: [String]) throws(Problem) -> [String: PickleView] {
    if isNone { return [:] }
    guard case .dictionary(let pairs) = value else { throw unexpected("a dictionary of arguments") }
    var found: [String: PickleView] = [:]
    var count = 0
    for name in names {
      guard let item = item(name) else { continue }
      count += 1
      if !item.isNone { found[name] = item }
    }
    guard count == pairs.count else {
      throw unexpected("a dictionary with no other arguments than \(names.joined(separator: ", "))")
    }
    return found
  }

  /// One number, or one for each column.
  private func bounds() throws(Problem) -> [Double] {
    var bounds: [Double]
    switch value {
    case .array(let array) where !array.shape.isEmpty: bounds = try numbers(axes: 1).elements
    case .list, .tuple:
      bounds = []
      for element in try elements() { bounds.append(try element.number()) }
    default: bounds = [try number()]
    }
    guard !bounds.contains(where: \.isNaN), !bounds.isEmpty else {
      throw unexpected("bounds that are numbers")
    }
    return bounds
  }

  private func finiteNumber() throws(Problem) -> Double {
    let number = try number()
    guard number.isFinite else { throw unexpected("a finite number") }
    return number
  }

  /// The function of that name, where it is one that is known.
  fileprivate var elementFunction: KnownFunction? {
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
