import Artifacts
import Domain
import ModelGraph

/// PolynomialFeatures and SplineTransformer.
extension Lifter {
  static let polynomials: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._polynomial", "PolynomialFeatures"): polynomialFeatures,
    .sklearn("preprocessing._data", "PolynomialFeatures"): polynomialFeatures,
    .sklearn("preprocessing._polynomial", "SplineTransformer"): splineTransformer,
  ]

  static func polynomialFeatures(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let value = try estimator.finiteInput(input, &builder)
    let (least, greatest) = try degrees(of: view)
    let terms = try PolynomialTerms(
      features: value.columns, least: least, greatest: greatest,
      interactionsOnly: try view.attribute("interaction_only").bool(),
      hasBias: try view.attribute("include_bias").bool(), of: estimator)
    let fitted = try view.fittedAttribute("n_output_features_")
    guard try fitted.integer() == terms.products.bases.count - terms.products.hidden else {
      throw estimator.unsupported(
        "degree",
        "terms other than it was fitted for, with 'interaction_only' and 'include_bias' as they are now",
        hint: "fit it again after set_params")
    }
    try builder.spend(elements: terms.products.bases.count, for: view)
    return .transformer(
      try builder.apply(terms.products, to: value, named: "terms", for: estimator), storage: input.storage)
  }

  /// The least and the greatest degree: a number up to 0.24, from 1.0 on perhaps a pair.
  private static func degrees(of view: PickleView) throws(Problem) -> (Int, Int) {
    // From 1.0 on those that it was fitted with count.
    if let least = view.attributeIfPresent("_min_degree"),
      let greatest = view.attributeIfPresent("_max_degree")
    {
      return (try least.integer(), try greatest.integer())
    }
    let attribute = try view.attribute("degree")
    if let pair = try? attribute.elements() {
      guard pair.count == 2 else { throw attribute.unexpected("a degree, or a least and a greatest one") }
      return (try pair[0].integer(), try pair[1].integer())
    }
    return (0, try attribute.integer())
  }

  static func splineTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let zeroesMissing = view.attributeIfPresent("handle_missing")?.text == "zeros"
    let value = try estimator.finiteInput(input, allowsNaN: zeroesMissing, &builder)
    let list = try view.fittedAttribute("bsplines_")
    var splines: [PickleView] = []
    for spline in try list.elements() { splines.append(try spline.heldSpline()) }
    guard splines.count == value.columns, let first = splines.first else {
      throw list.unexpected("a list of \(value.columns) splines")
    }
    for spline in splines {
      _ = try spline.instance(
        of: PickleGlobal(module: "scipy.interpolate._bsplines", name: "BSpline"),
        PickleGlobal(module: "scipy.interpolate._bsplines", name: "_BSpline"))
    }
    let degree = try first.attribute("k").integer()
    let extrapolation = try view.attribute("extrapolation")
    let outside: SplineBasis.Outside
    switch try extrapolation.string() {
    case "error": outside = .refuse
    case "constant" where degree > 0: outside = .constant
    case "linear" where degree > 0: outside = .linear
    case "continue": outside = .polynomial
    case "periodic": outside = .periodic
    default: throw extrapolation.unexpected("'error', 'constant', 'linear', 'continue' or 'periodic'")
    }
    // Splines that go on beyond their knots were made so when it was fitted.
    for spline in splines {
      let goesOn = outside == .polynomial || outside == .periodic
      guard try spline.attribute("extrapolate").bool() == goesOn else {
        throw estimator.unsupported(
          "extrapolation", "another than it was fitted with", hint: "fit it again after set_params")
      }
    }
    var knots: [Double] = []
    var coefficients: [Double] = []
    var shapes: (knots: Int, splines: Int)?
    for spline in splines {
      let (own, knotShape) = try spline.splineAttribute("t").numbers(axes: 1)
      let (made, shape) = try spline.splineAttribute("c").numbers(axes: 2)
      try builder.spend(elements: own.count + made.count, for: spline)
      let count = shapes ?? (knotShape[0], shape[1])
      guard knotShape[0] == count.knots, shape[1] == count.splines, degree >= 0,
        shape[0] == count.knots - degree - 1, try spline.attribute("k").integer() == degree
      else { throw spline.unexpected("a spline of the same size as the others") }
      shapes = count
      knots += own
      coefficients += made
    }
    guard let shapes,
      let knotMatrix = ConstantMatrix(knots, rows: splines.count, columns: shapes.knots),
      let coefficientMatrix = ConstantMatrix(
        coefficients, rows: splines.count * (shapes.knots - degree - 1), columns: shapes.splines)
    else { throw list.unexpected("splines of one size") }
    let basis = try builder.apply(
      SplineBasis(
        knots: knotMatrix, coefficients: coefficientMatrix, degree: degree, outside: outside,
        zeroesMissing: zeroesMissing), to: value, named: "splines", for: estimator)
    // Where it is asked for a sparse matrix, splines that happen to be 0 are stored.
    let storage: Operand.Storage =
      try estimator.flag("sparse_output", else: false) ? .sparseWithZeros : .dense
    var lifted = LiftedEstimator.transformer(basis, storage: storage)
    let hasBias = try view.attribute("include_bias").bool()
    let fitted = try view.fittedAttribute("n_features_out_")
    guard try fitted.integer() == basis.columns - (hasBias ? 0 : splines.count) else {
      throw estimator.unsupported(
        "include_bias", "another than it was fitted with", hint: "fit it again after set_params")
    }
    guard !hasBias else { return lifted }
    // Without a bias the last spline of each feature is left out.
    let kept = (0..<basis.columns).filter { ($0 + 1) % shapes.splines != 0 }
    if let made = lifted.transformed {
      lifted.transformed = try builder.selecting(kept, of: made, for: estimator)
    }
    return lifted
  }
}

extension PickleView {
  /// The spline that has the knots: from SciPy 1.18 on it is in the state of another, beside an empty array.
  fileprivate func heldSpline() throws(Problem) -> PickleView {
    guard let state = object?.state, case .tuple(let parts) = view(of: state, "").value else { return self }
    let held = parts.first.map { view(of: $0, "._delegate_to") }
    guard let held, parts.count == 2,
      held.object?.type == PickleGlobal(module: "scipy.interpolate._bsplines", name: "_BSpline")
    else { throw unexpected("a spline of SciPy") }
    return held
  }

  /// An attribute of a spline of SciPy, which hides some from 1.15 on.
  fileprivate func splineAttribute(_ name: String) throws(Problem) -> PickleView {
    if let hidden = attributeIfPresent("_\(name)") { return hidden }
    return try attribute(name)
  }
}

/// The terms of a polynomial in the library's order: by degree, and in each degree by the features' order.
private struct PolynomialTerms {
  private(set) var products: Products
  /// More than this many terms are for nobody.
  private static let most = 1 << 22

  init(
    features: Int, least: Int, greatest: Int, interactionsOnly: Bool, hasBias: Bool, of estimator: Estimator
  ) throws(Problem) {
    guard 0...64 ~= least, least...64 ~= greatest else {
      throw estimator.view.unexpected("a polynomial of a degree from 0 to 64")
    }
    var bases: [Int64] = []
    var columns: [Int64] = []
    var hiddenDegrees = 0
    if hasBias {
      bases.append(-1)
      columns.append(-1)
    }
    if greatest >= 1 {
      // Where the terms that begin with each feature start, of the degree before.
      var starts = (0..<features).map { bases.count + $0 }
      for feature in 0..<features {
        bases.append(-1)
        columns.append(Int64(feature))
      }
      starts.append(bases.count)
      if least > 1 { hiddenDegrees = features }
      for degree in stride(from: 2, through: greatest, by: 1) {
        let end = bases.count
        var next: [Int] = []
        for feature in 0..<features {
          next.append(bases.count)
          let start = starts[interactionsOnly ? feature + 1 : feature]
          guard bases.count + (end - start) <= Self.most else {
            throw Problem(
              .refused, "lift.too-many-terms",
              "expected at most \(Self.most) terms of \(estimator.view.path), found more",
              position: estimator.view.position)
          }
          for base in stride(from: start, to: end, by: 1) {
            bases.append(Int64(base))
            columns.append(Int64(feature))
          }
        }
        next.append(bases.count)
        if degree < least { hiddenDegrees += bases.count - end }
        starts = next
      }
    }
    guard !hasBias || hiddenDegrees == 0 else {
      // The bias stays in front of what is hidden.
      products = Self.withBiasBehindHidden(bases, columns, hiddenDegrees)
      return
    }
    products = Products(bases: bases, features: columns, hidden: hiddenDegrees)
  }

  /// Moves the first term, the bias, behind the hidden ones.
  private static func withBiasBehindHidden(
    _ bases: [Int64], _ columns: [Int64], _ hidden: Int
  ) -> Products {
    let hiddenColumns = columns[1..<(hidden + 1)]
    let hiddenBases = bases[1..<(hidden + 1)].map { $0 < 0 ? $0 : $0 - 1 }
    let others = bases[(hidden + 1)...].map { base in
      base < 0 ? base : base <= Int64(hidden) ? base - 1 : base
    }
    return Products(
      bases: hiddenBases + [-1] + others, features: hiddenColumns + [-1] + columns[(hidden + 1)...],
      hidden: hidden)
  }
}
