import Artifacts
import Domain
import ModelGraph

/// NMF and MiniBatchNMF.
///
/// Each row by itself: the library starts from a whole batch's mean, or stops when a whole batch has come near enough,
/// and so gives a row other numbers in other company.
extension Lifter {
  static let nonNegativeFactorisations: [PickleGlobal: Lift] = [
    .sklearn("decomposition._nmf", "NMF"): nonNegativeFactorisation,
    .sklearn("decomposition._nmf", "MiniBatchNMF"): onlineFactorisation,
  ]

  static func nonNegativeFactorisation(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let value = try estimator.finiteInput(input, &builder)
    let components = try estimator.nonNegativeComponents(columns: value.columns, &builder)
    let (l1, l2) = try estimator.penalties(features: value.columns)
    let tolerance = try view.attribute("tol").number()
    let iterations = try view.attribute("max_iter").integer()
    let solver = try view.attribute("solver")
    switch try solver.string() {
    case "cd":
      guard try !view.attribute("shuffle").bool() else {
        throw estimator.unsupported("shuffle", "True", hint: "fit with shuffle=False")
      }
      let operation = NonNegativeFactors(
        components: components, tolerance: tolerance, iterations: iterations, l1: l1, l2: l2)
      return .transformer(try estimator.apply(operation, to: value, named: "factors", &builder))
    case "mu":
      let operation = MultiplicativeFactors(
        components: components, beta: try estimator.divergenceOrder(), stop: .divergence,
        tolerance: tolerance, iterations: iterations, l1: l1, l2: l2,
        raisesSmall: try estimator.version() >= .one(3))
      return .transformer(try estimator.apply(operation, to: value, named: "factors", &builder))
    default: throw solver.unexpected("'cd' or 'mu'")
    }
  }

  static func onlineFactorisation(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try estimator.finiteInput(input, &builder)
    let components = try estimator.nonNegativeComponents(columns: value.columns, &builder)
    let (l1, l2) = try estimator.penalties(features: value.columns)
    let operation = MultiplicativeFactors(
      components: components, beta: try estimator.divergenceOrder(), stop: .step,
      tolerance: try estimator.view.attribute("tol").number(),
      iterations: try estimator.view.fittedAttribute("_transform_max_iter").integer(), l1: l1, l2: l2,
      raisesSmall: try estimator.version() >= .one(3))
    return .transformer(try estimator.apply(operation, to: value, named: "factors", &builder))
  }
}

extension Estimator {
  /// The rows of `components_`.
  fileprivate func nonNegativeComponents(
    columns: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> ConstantMatrix {
    // Of rows in double precision the library asks components in double precision, or raises.
    try refuseNarrow(["components_"])
    let attribute = try view.fittedAttribute("components_")
    let matrix = try attribute.matrix(&builder)
    guard matrix.columns == columns, matrix.rows > 0 else {
      throw attribute.unexpected("an array of components with \(columns) columns")
    }
    if let asked = view.attributeIfPresent("n_components"), !asked.isNone, asked.text == nil {
      guard try asked.integer() == matrix.rows else {
        throw unsupported(
          "n_components", "another number than that of its components", hint: "fit it again after set_params")
      }
    }
    return matrix
  }

  /// The β of `beta_loss`, a number or a name.
  fileprivate func divergenceOrder() throws(Problem) -> Double {
    let attribute = try view.attribute("beta_loss")
    switch attribute.text {
    case "frobenius": return 2
    case "kullback-leibler": return 1
    case "itakura-saito": return 0
    case nil: return try attribute.number()
    default: throw attribute.unexpected("'frobenius', 'kullback-leibler', 'itakura-saito' or a number")
    }
  }

  /// The weights of Σ factors and ½ Σ factors²; up to 1.1 one `alpha` was for all that `regularization` named.
  fileprivate func penalties(features: Int) throws(Problem) -> (l1: Double, l2: Double) {
    let ratio = try view.attribute("l1_ratio").number()
    var weight = 0.0
    // What is left at its default, a text, is 0.
    if let scaled = view.attributeIfPresent("alpha_W"), scaled.text == nil {
      weight = try scaled.number() * Double(features)
    }
    if let alpha = view.attributeIfPresent("alpha"), alpha.text == nil, try alpha.number() != 0 {
      let isOld = weight == 0 && (view.attributeIfPresent("alpha_H")?.text ?? "same") == "same"
      let regularization = view.attributeIfPresent("regularization")?.text
      if isOld, ["both", "transformation", "deprecated"].contains(regularization) {
        weight = try alpha.number()
      }
    }
    return (weight * ratio, weight * (1 - ratio))
  }
}
