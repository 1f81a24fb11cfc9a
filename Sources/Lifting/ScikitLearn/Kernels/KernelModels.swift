import Artifacts
import Domain
import ModelGraph

/// Kernel ridge regression, kernel principal components and approximations of kernels.
extension Lifter {
  static let kernelModels: [PickleGlobal: Lift] = [
    .sklearn("decomposition._kernel_pca", "KernelPCA"): kernelComponents,
    .sklearn("kernel_approximation", "Nystroem"): nystroem,
    .sklearn("kernel_approximation", "RBFSampler"): fourierSampler,
    .sklearn("kernel_ridge", "KernelRidge"): kernelRidge,
  ]

  /// Σ dual_coef_ × kernel value.
  static func kernelRidge(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let checked = try estimator.finiteInput(input, &builder)
    let kernel = try pairwiseKernel(
      estimator, features: checked.columns, gamma: view.attribute("gamma"))
    let points = try points(estimator, "X_fit_", columns: checked.columns, &builder)
    let values = try kernel.apply(to: checked, points: points, estimator, &builder)
    let attribute = try view.fittedAttribute("dual_coef_")
    let (weights, isVector) = try attribute.weights(of: points, &builder)
    let value = try weighted(values, by: weights, attribute, estimator, &builder)
    return .regressor(value, isVector: isVector)
  }

  /// Kernel values centred as those of the training rows were, times the eigenvectors ÷ √ their eigenvalues.
  static func kernelComponents(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let checked = try estimator.finiteInput(input, &builder)
    // What gamma=None stands for is kept since 1.1; both attributes had other names before 1.0.
    let isKept = view.attributeIfPresent("gamma_") != nil
    let gamma = try view.attribute(isKept ? "gamma_" : "gamma")
    let kernel = try pairwiseKernel(estimator, features: checked.columns, gamma: gamma)
    let points = try points(estimator, "X_fit_", columns: checked.columns, &builder)
    var values = try kernel.apply(to: checked, points: points, estimator, &builder)

    let centerer = try view.fittedAttribute("_centerer").instance(
      of: .sklearn("preprocessing._data", "KernelCenterer"))
    let rows = try centerer.fittedAttribute("K_fit_rows_").numbers(shape: [points.rows])
    let all = try centerer.fittedAttribute("K_fit_all_").number()
    try builder.spend(elements: rows.count, for: centerer)
    let means = try estimator.apply(ReduceRows(.mean), to: values, named: "means", &builder)
    values = try estimator.apply(
      Combine(.subtract, constants: rows), to: values, named: "centred", &builder)
    values = try builder.apply(Combine(.subtract), to: [values, means], named: "centred", for: estimator)
    values = try estimator.apply(Combine(.add, constants: [all]), to: values, named: "centred", &builder)

    let isNew = view.attributeIfPresent("eigenvectors_") != nil
    let attribute = try view.fittedAttribute(isNew ? "eigenvectors_" : "alphas_")
    let vectors = try attribute.matrix(&builder).transposed
    let lengthsView = try view.fittedAttribute(isNew ? "eigenvalues_" : "lambdas_")
    let lengths = try lengthsView.numbers(shape: [vectors.rows])
    // Roots and quotients are rounded to the precision that both have.
    let isSingle = lengthsView.isSinglePrecision && attribute.isSinglePrecision
    var scaled = vectors.elements
    for (row, length) in lengths.enumerated() {
      let root = isSingle ? Double(Float(length).squareRoot()) : length.squareRoot()
      for index in (row * vectors.columns)..<((row + 1) * vectors.columns) {
        scaled[index] = length == 0 ? 0 : scaled[index] / root
        if isSingle { scaled[index] = Double(Float(scaled[index])) }
      }
    }
    guard let matrix = ConstantMatrix(scaled, rows: vectors.rows, columns: vectors.columns) else {
      throw attribute.unexpected("an array of eigenvectors")
    }
    return .transformer(try weighted(values, by: matrix, attribute, estimator, &builder))
  }

  /// Kernel values against some of the training rows, times the inverse root of theirs among themselves.
  static func nystroem(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let checked = try estimator.finiteInput(input, &builder)
    var kernel = PairwiseKernel(name: try PairwiseKernel.name(try view.attribute("kernel"), estimator))
    // What is None is left to the kernel's own defaults, or to the dictionary of parameters.
    func parameter(_ name: String) throws(Problem) -> Double? {
      let own = try view.attribute(name)
      if !own.isNone { return try own.number() }
      let others = try view.attribute("kernel_params")
      if others.isNone { return nil }
      guard case .dictionary(let pairs) = others.value else {
        throw others.unexpected("None or a dictionary")
      }
      var found: Double?
      for pair in pairs {
        let key = try view.view(of: pair.key, ".kernel_params").string()
        guard ["gamma", "coef0", "degree"].contains(key) else {
          throw others.unexpected("a dictionary of gamma, coef0 and degree")
        }
        if key == name { found = try view.view(of: pair.value, ".kernel_params['\(name)']").number() }
      }
      return found
    }
    kernel.gamma =
      try parameter("gamma") ?? (kernel.name == .chiSquared ? 1 : 1 / Double(checked.columns))
    kernel.constant = try parameter("coef0") ?? 1
    kernel.degree = try parameter("degree") ?? 3
    let points = try points(estimator, "components_", columns: checked.columns, &builder)
    let values = try kernel.apply(to: checked, points: points, estimator, &builder)
    let attribute = try view.fittedAttribute("normalization_")
    return .transformer(
      try weighted(values, by: try attribute.matrix(&builder), attribute, estimator, &builder))
  }

  /// √(2 ÷ components) cos(x · random weights + random offsets).
  static func fourierSampler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let checked = try estimator.finiteInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("random_weights_")
    let weights = try attribute.matrix(&builder).transposed
    let offsets = try estimator.view.fittedAttribute("random_offset_").numbers(shape: [weights.rows])
    guard weights.columns == checked.columns else {
      throw attribute.unexpected("an array of \(checked.columns) rows")
    }
    let count = try estimator.view.attribute("n_components")
    let components = try count.number()
    guard components >= 1 else { throw count.unexpected("a count above 0") }
    let angles = try estimator.apply(
      Linear(coefficients: weights, intercepts: offsets), to: checked, named: "angles", &builder)
    let waves = try estimator.apply(MapElements(.cos), to: angles, named: "waves", &builder)
    let scaled = try estimator.apply(
      Combine(.multiply, constants: [(2 / components).squareRoot()]), to: waves, named: "components",
      &builder)
    return .transformer(scaled)
  }

  /// The kernel of the parameters `kernel`, `degree` and `coef0`; without a gamma it is 1 ÷ features.
  private static func pairwiseKernel(
    _ estimator: Estimator, features: Int, gamma: PickleView
  ) throws(Problem) -> PairwiseKernel {
    var kernel = PairwiseKernel(
      name: try PairwiseKernel.name(try estimator.view.attribute("kernel"), estimator))
    if kernel.name.hasFactor {
      // The library multiplies by None there, and fails.
      guard !gamma.isNone || kernel.name != .chiSquared else {
        throw gamma.unexpected("a number, for the kernel 'chi2'")
      }
      kernel.gamma = gamma.isNone ? 1 / Double(features) : try gamma.number()
    }
    if [.poly, .polynomial, .sigmoid].contains(kernel.name) {
      kernel.constant = try estimator.view.attribute("coef0").number()
      kernel.degree = try estimator.view.attribute("degree").number()
    }
    return kernel
  }

  /// The rows that kernels are computed against.
  static func points(
    _ estimator: Estimator, _ name: String, columns: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> ConstantMatrix {
    let attribute = try estimator.view.fittedAttribute(name)
    let points = try attribute.matrix(&builder)
    guard points.columns == columns, points.rows > 0 else {
      throw attribute.unexpected("an array of rows of \(columns) features")
    }
    return points
  }

  /// The product with weights that came from `attribute`.
  static func weighted(
    _ value: GraphValue, by weights: ConstantMatrix, _ attribute: PickleView, _ estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard weights.columns == value.columns, weights.rows > 0 else {
      throw attribute.unexpected("an array of weights for \(value.columns) kernel values")
    }
    return try estimator.apply(
      Linear(coefficients: weights, intercepts: Array(repeating: 0, count: weights.rows)), to: value,
      named: "weighted", &builder)
  }
}

extension PickleView {
  /// A weight of each training point, a row for each target, and whether the target was a vector.
  func weights(
    of points: ConstantMatrix, _ builder: inout GraphBuilder
  ) throws(Problem) -> (rows: ConstantMatrix, isVector: Bool) {
    guard case .array(let array) = value, array.shape.count == 1 else {
      return (try matrix(&builder).transposed, false)
    }
    let row = try numbers(shape: [points.rows])
    guard let matrix = ConstantMatrix(row, rows: 1, columns: points.rows) else {
      throw unexpected("an array of \(points.rows) numbers")
    }
    return (matrix, true)
  }
}
