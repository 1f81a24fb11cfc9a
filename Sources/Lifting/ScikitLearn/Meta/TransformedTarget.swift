import Artifacts
import Domain
import Encoding
import ModelGraph

/// TransformedTargetRegressor: what a regressor predicts, taken back through what the target was put through.
extension Lifter {
  static let transformedTargets: [PickleGlobal: Lift] = [
    .sklearn("compose._target", "TransformedTargetRegressor"): transformedTarget
  ]

  static func transformedTarget(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = try estimator.view.fittedAttribute("regressor_")
    let inner = try estimator.lift(view, label: ".regressor_", input, &builder)
    let value = try LiftedEstimator.single(inner.predict, "values", view)
    guard value.type.content == .numbers else { throw LiftedEstimator.lacking("values", view) }
    let transformer = try estimator.view.fittedAttribute("transformer_")
    let back = try estimator.inverse(of: transformer, label: ".transformer_", value, &builder)
    let isVector = try estimator.view.fittedAttribute("_training_dim").integer() == 1 && back.columns == 1
    return .regressor(back, isVector: isVector)
  }
}

extension Estimator {
  /// What a transformer's `inverse_transform` makes of a value.
  fileprivate func inverse(
    of view: PickleView, label: String, _ value: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard let type = view.object?.type else { throw view.unexpected("a transformer") }
    let named = view.renamed(self.view.path + label + " → " + type.name.excerpt(80))
    try builder.enter(named, depth: depth + 1)
    let inner = Estimator(named, name: type.name, depth: depth + 1, outerVersion: versionText)
    if type == .sklearn("pipeline", "Pipeline") {
      var value = value
      for step in try named.attribute("steps").elements().reversed() {
        guard let last = try step.elements().last else { throw step.unexpected("a name and a transformer") }
        if last.isNone || last.text == "passthrough" { continue }
        value = try inner.inverse(of: last, label: ".steps", value, &builder)
      }
      return value
    }
    if type == .sklearn("preprocessing._function_transformer", "FunctionTransformer") {
      let function = try inner.function("inverse_func", arguments: "inv_kw_args")
      var value = value
      if try named.attribute("validate").bool() {
        value = try builder.apply(
          CheckFinite(allowsNaN: false), to: value, named: "checked", for: inner)
      }
      return try function.apply(to: value, for: inner, &builder)
    }
    let scalers = [
      "StandardScaler": ("with_std", "scale_", "with_mean", "mean_"),
      "RobustScaler": ("with_scaling", "scale_", "with_centering", "center_"),
    ]
    func constants(_ attribute: String) throws(Problem) -> [Double] {
      try builder.spend(elements: value.columns, for: named)
      return try named.fittedAttribute(attribute).numbers(shape: [value.columns])
    }
    func step(
      _ function: Combine.Function, _ attribute: String, _ value: GraphValue
    ) throws(Problem) -> GraphValue {
      try builder.apply(
        Combine(function, constants: try constants(attribute)), to: value, named: "inverse", for: inner)
    }
    var value = try builder.apply(CheckFinite(allowsNaN: true), to: value, named: "checked", for: inner)
    switch (type.module, type.name) {
    case ("sklearn.preprocessing._data", let name) where scalers[name] != nil:
      guard let (scales, scale, centres, centre) = scalers[name] else { break }
      if try named.attribute(scales).bool() { value = try step(.multiply, scale, value) }
      if try named.attribute(centres).bool() { value = try step(.add, centre, value) }
      return value
    case ("sklearn.preprocessing._data", "MaxAbsScaler"): return try step(.multiply, "scale_", value)
    case ("sklearn.preprocessing._data", "MinMaxScaler"):
      value = try step(.subtract, "min_", value)
      value = try step(.divide, "scale_", value)
      return value
    default: break
    }
    throw Problem(
      .refused, "lift.unsupported-inverse",
      "expected a transformer whose inverse can be lifted, found \(type.description.excerpt(200)) at"
        + " \(named.path)", position: named.position,
      hint:
        "use StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, or a function of NumPy and its inverse"
    )
  }
}
