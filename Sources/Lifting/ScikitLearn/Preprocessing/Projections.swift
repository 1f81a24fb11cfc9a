import Artifacts
import Domain
import ModelGraph

/// Transformers that are one matrix product or little more: random projections, factors, independent components,
/// neighbourhood components, a restricted Boltzmann machine.
extension Lifter {
  static let projections: [PickleGlobal: Lift] = [
    .sklearn("random_projection", "GaussianRandomProjection"): randomProjection,
    .sklearn("random_projection", "SparseRandomProjection"): randomProjection,
    .sklearn("decomposition._factor_analysis", "FactorAnalysis"): factorAnalysis,
    .sklearn("decomposition._fastica", "FastICA"): independentComponents,
    .sklearn("neighbors._nca", "NeighborhoodComponentsAnalysis"): neighborhoodComponents,
    .sklearn("neural_network._rbm", "BernoulliRBM"): boltzmannMachine,
  ]

  /// x · componentsᵀ + intercepts.
  private static func project(
    _ value: GraphValue, on components: ConstantMatrix, adding intercepts: [Double]? = nil,
    _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    // Without a column its rows take no memory, however many they are.
    guard components.columns == value.columns else {
      throw try estimator.view.fittedAttribute("components_").unexpected("rows of \(value.columns) numbers")
    }
    let intercepts = intercepts ?? [Double](repeating: 0, count: components.rows)
    return try estimator.apply(
      Linear(coefficients: components, intercepts: intercepts), to: value, named: "projected", &builder)
  }

  /// The rows of `components_`.
  private static func components(
    of estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> ConstantMatrix {
    try estimator.view.fittedAttribute("components_").matrix(&builder)
  }

  static func randomProjection(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let components = try components(of: estimator, &builder)
    let value = try estimator.finiteInput(input, count: components.columns, &builder)
    // A sparse matrix times another is sparse unless it was asked to be dense.
    var storage = Operand.Storage.dense
    if input.storage != .dense, estimator.view.attributeIfPresent("components_")?.isSparseMatrix == true,
      try !estimator.flag("dense_output", else: false)
    {
      storage = .sparseWithZeros
    }
    return .transformer(try project(value, on: components, estimator, &builder), storage: storage)
  }

  /// ((x − mean) · Ψ⁻¹Wᵀ) · (I + WΨ⁻¹Wᵀ)⁻¹, the expected factors: Barber, "Bayesian Reasoning and Machine Learning",
  /// equation 21.2.33.
  static func factorAnalysis(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let components = try components(of: estimator, &builder)
    let value = try estimator.finiteInput(input, &builder)
    let (count, width) = (components.rows, components.columns)
    let attribute = try estimator.view.fittedAttribute("components_")
    guard width == value.columns, 1...256 ~= count, !attribute.isSinglePrecision else {
      throw attribute.unexpected("1 to 256 rows of \(value.columns) numbers of double precision")
    }
    let mean = try estimator.columnConstants("mean_", width, &builder)
    let noise = try estimator.columnConstants("noise_variance_", width, &builder)
    try builder.spend(elements: 2 * count * count, for: attribute)
    var scaled = components.elements
    for index in scaled.indices { scaled[index] /= noise[index % width] }
    var covariance = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        var sum = 0.0
        for feature in 0..<width {
          sum.addProduct(scaled[row * width + feature], components.elements[column * width + feature])
        }
        covariance[row * count + column] = sum + (row == column ? 1 : 0)
      }
    }
    guard let inverse = SquareMatrix(covariance, order: count)?.inverse,
      let weights = ConstantMatrix(scaled, rows: count, columns: width),
      // Linear multiplies by the transpose of what it is given.
      let posterior = ConstantMatrix(inverse.transposed.elements, rows: count, columns: count)
    else { throw attribute.unexpected("components whose covariance can be inverted") }
    let centered = try estimator.apply(
      Scale(offset: mean, divisor: nil), to: value, named: "centered", &builder)
    let projected = try project(centered, on: weights, estimator, &builder)
    return .transformer(try project(projected, on: posterior, estimator, &builder))
  }

  static func independentComponents(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try estimator.finiteInput(input, &builder)
    let whitens = try estimator.view.attribute("whiten")
    // False, or True or the name of a way to whiten.
    let isWhitened = if whitens.text == nil { try whitens.bool() } else { true }
    if isWhitened {
      let mean = try estimator.columnConstants("mean_", value.columns, &builder)
      value = try estimator.apply(
        Scale(offset: mean, divisor: nil), to: value, named: "centered", &builder)
    }
    return .transformer(try project(value, on: try components(of: estimator, &builder), estimator, &builder))
  }

  static func neighborhoodComponents(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let components = try components(of: estimator, &builder)
    let value = try estimator.finiteInput(input, count: components.columns, &builder)
    return .transformer(try project(value, on: components, estimator, &builder))
  }

  /// The probability that each hidden unit is on.
  static func boltzmannMachine(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    let components = try components(of: estimator, &builder)
    guard components.columns == value.columns else {
      throw try estimator.view.fittedAttribute("components_").unexpected("rows of \(value.columns) numbers")
    }
    let intercepts = try estimator.columnConstants("intercept_hidden_", components.rows, &builder)
    let sums = try project(value, on: components, adding: intercepts, estimator, &builder)
    return .transformer(
      try estimator.apply(MapElements(.logistic), to: sums, named: "probabilities", &builder))
  }
}
