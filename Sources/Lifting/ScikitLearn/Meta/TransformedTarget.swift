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
    // What is predicted in single precision stays in it, step by step.
    let isSingle = inner.predict?.datatype == .float32
    let back = try Inverse(isSingle: isSingle).of(
      transformer, label: ".transformer_", value, in: estimator, &builder)
    let isVector = try estimator.view.fittedAttribute("_training_dim").integer() == 1 && back.columns == 1
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(
        values: [back], isVector: isVector, datatype: isSingle ? .float32 : nil))
  }
}

/// What the `inverse_transform` of transformers makes of a value.
private struct Inverse {
  /// Whether it gives numbers of single precision, as it is given them.
  let isSingle: Bool

  /// What a transformer, or the steps of a pipeline from the last to the first, make of a value.
  func of(
    _ view: PickleView, label: String, _ value: GraphValue, in outer: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard let type = view.object?.type else { throw view.unexpected("a transformer") }
    let named = view.renamed(outer.view.path + label + " → " + type.name.excerpt(80))
    try builder.enter(named, depth: outer.depth + 1)
    let inner = Estimator(
      named, name: type.name, depth: outer.depth + 1, outerVersion: outer.versionText)
    switch (type.module, type.name) {
    case ("sklearn.pipeline", "Pipeline"):
      var value = value
      for step in try named.attribute("steps").elements().reversed() {
        guard let last = try step.elements().last else { throw step.unexpected("a name and a transformer") }
        if last.isNone || last.text == "passthrough" { continue }
        value = try of(last, label: ".steps", value, in: inner, &builder)
      }
      return value
    case ("sklearn.preprocessing._function_transformer", "FunctionTransformer"):
      let function = try inner.function("inverse_func", arguments: "inv_kw_args")
      var value = value
      if try named.attribute("validate").bool() {
        value = try checked(value, allowsNaN: false, inner, &builder)
      }
      return try rounded(try function.apply(to: value, for: inner, &builder), inner, &builder)
    case ("sklearn.preprocessing._data", _):
      let value = try checked(value, allowsNaN: true, inner, &builder)
      if let back = try ofNumbers(inner, value, &builder) { return try rounded(back, inner, &builder) }
    case ("sklearn.decomposition._pca", "PCA"), ("sklearn.decomposition._incremental_pca", "IncrementalPCA"):
      let value = try checked(value, allowsNaN: false, inner, &builder)
      return try rounded(try ofComponents(inner, value, &builder), inner, &builder)
    default: break
    }
    throw Problem(
      .refused, "lift.unsupported-inverse",
      "expected a transformer whose inverse can be lifted, found \(type.description.excerpt(200)) at"
        + " \(named.path)", position: named.position,
      hint: "use a scaler, PowerTransformer, QuantileTransformer, PCA, or a function of NumPy and its inverse"
    )
  }

  private func checked(
    _ value: GraphValue, allowsNaN: Bool, _ inner: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    try builder.apply(CheckFinite(allowsNaN: allowsNaN), to: value, named: "checked", for: inner)
  }

  private func rounded(
    _ value: GraphValue, _ inner: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard isSingle else { return value }
    return try builder.apply(MapElements(.float32), to: value, named: "single", for: inner)
  }

  /// What a transformer of `sklearn.preprocessing._data` does, column by column; nil where it is none of those.
  private func ofNumbers(
    _ inner: Estimator, _ value: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue? {
    let view = inner.view
    func step(
      _ function: Combine.Function, _ attribute: String, _ value: GraphValue
    ) throws(Problem) -> GraphValue {
      let constants = try inner.columnConstants(attribute, value.columns, &builder)
      let result = try builder.apply(
        Combine(function, constants: constants), to: value, named: "inverse", for: inner)
      return try rounded(result, inner, &builder)
    }
    switch inner.name {
    case "StandardScaler":
      let scaled = try view.attribute("with_std").bool() ? try step(.multiply, "scale_", value) : value
      return try view.attribute("with_mean").bool() ? try step(.add, "mean_", scaled) : scaled
    case "RobustScaler":
      let scaled = try view.attribute("with_scaling").bool() ? try step(.multiply, "scale_", value) : value
      return try view.attribute("with_centering").bool() ? try step(.add, "center_", scaled) : scaled
    case "MaxAbsScaler": return try step(.multiply, "scale_", value)
    case "MinMaxScaler": return try step(.divide, "scale_", try step(.subtract, "min_", value))
    case "PowerTransformer":
      var value = value
      if try view.attribute("standardize").bool() {
        value = try of(
          try view.fittedAttribute("_scaler"), label: "._scaler", value, in: inner, &builder)
      }
      let attribute = try view.attribute("method")
      let method: InversePowerTransform.Method
      switch try attribute.string() {
      case "box-cox": method = try inner.version() < .one(6) ? .boxCox : .boxCoxStable
      case "yeo-johnson": method = .yeoJohnson
      default: throw attribute.unexpected("'yeo-johnson' or 'box-cox'")
      }
      let powers = try inner.columnConstants("lambdas_", value.columns, &builder)
      return try builder.apply(
        InversePowerTransform(powers: powers, method: method), to: value, named: "inverse", for: inner)
    case "QuantileTransformer":
      let attribute = try view.attribute("output_distribution")
      guard let distribution = QuantileTransform.Distribution(rawValue: try attribute.string()) else {
        throw attribute.unexpected("'uniform' or 'normal'")
      }
      let table = try view.fittedAttribute("quantiles_")
      let (elements, shape) = try table.numbers(axes: 2)
      try builder.spend(elements: elements.count, for: table)
      guard let quantiles = ConstantMatrix(elements, rows: shape[0], columns: shape[1]) else {
        throw table.unexpected("an array of quantiles")
      }
      let references = try inner.columnConstants("references_", shape[0], &builder)
      return try builder.apply(
        InverseQuantileTransform(
          quantiles: quantiles.transposed, references: references, distribution: distribution),
        to: value, named: "inverse", for: inner)
    default: return nil
    }
  }

  /// The components weighted and added to the mean; each by its deviation where they were divided by it.
  private func ofComponents(
    _ inner: Estimator, _ value: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try inner.view.fittedAttribute("components_")
    let (elements, shape) = try attribute.numbers(axes: 2)
    try builder.spend(elements: 2 * elements.count, for: attribute)
    guard shape[0] == value.columns, shape[1] > 0 else {
      throw attribute.unexpected("an array of \(value.columns) components")
    }
    var scaled = elements
    if try inner.view.attribute("whiten").bool() {
      let variances = try inner.columnConstants("explained_variance_", shape[0], &builder)
      for index in scaled.indices { scaled[index] *= variances[index / shape[1]].squareRoot() }
    }
    guard let components = ConstantMatrix(scaled, rows: shape[0], columns: shape[1]) else {
      throw attribute.unexpected("an array of components")
    }
    let mean = try inner.columnConstants("mean_", shape[1], &builder)
    return try builder.apply(
      Linear(coefficients: components.transposed, intercepts: mean), to: value, named: "inverse", for: inner)
  }
}
