import Artifacts
import Domain
import Encoding
import ModelGraph

/// A kernel of scikit-learn by its name, between rows and constant points.
struct PairwiseKernel {
  /// The kernels there are, by the names of `sklearn.metrics.pairwise`.
  enum Name: String, CaseIterable {
    case additiveChiSquared = "additive_chi2"
    case chiSquared = "chi2"
    case cosine
    case laplacian
    case linear
    case poly
    case polynomial
    case rbf
    case sigmoid

    /// Whether a factor in front of the product or the distance has a say.
    var hasFactor: Bool {
      switch self {
      case .additiveChiSquared, .cosine, .linear: false
      default: true
      }
    }
  }

  /// Which kernel.
  var name: Name
  /// The factor in front of the product or the distance.
  var gamma = 0.0
  /// What polynomial and sigmoid kernels add.
  var constant = 1.0
  /// The power of a polynomial kernel.
  var degree = 3.0
  /// Whether LIBSVM computes it rather than scikit-learn: it does not expand squared distances into products, and
  /// adds those up one by one.
  var isLIBSVM = false

  /// The kernel that an attribute names; a function, or distances computed beforehand, are refused.
  static func name(
    _ attribute: PickleView, _ estimator: Estimator, among names: [Name] = Name.allCases
  ) throws(Problem) -> Name {
    guard let text = attribute.text else {
      throw Problem(
        .refused, "lift.unsupported-parameter",
        "expected \(attribute.path) to name a kernel, found \(attribute.description)",
        position: attribute.position, hint: "use one of the kernels with a name")
    }
    guard let name = Name(rawValue: text), names.contains(name) else {
      throw Problem(
        .refused, "lift.unsupported-parameter",
        "expected \(attribute.path) to be a kernel that can be lifted, found '\(text.excerpt(40))'",
        position: attribute.position,
        hint: "use one of \(names.map { "'\($0.rawValue)'" }.joined(separator: ", "))")
    }
    return name
  }

  /// A value with a column for each point.
  func apply(
    to value: GraphValue, points: ConstantMatrix, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    func step(
      _ operation: some Operator, _ value: GraphValue, _ name: String
    ) throws(Problem) -> GraphValue {
      try estimator.apply(operation, to: value, named: name, &builder)
    }
    func products(
      _ value: GraphValue, _ points: ConstantMatrix
    ) throws(Problem) -> GraphValue {
      isLIBSVM
        ? try step(DotProducts(points), value, "products")
        : try step(
          Linear(coefficients: points, intercepts: Array(repeating: 0, count: points.rows)), value, "products"
        )
    }
    func exponential(_ value: GraphValue, _ factor: Double) throws(Problem) -> GraphValue {
      let scaled = try step(Combine(.multiply, constants: [factor]), value, "exponents")
      return try step(MapElements(.exp), scaled, "kernel")
    }
    func affine(_ value: GraphValue) throws(Problem) -> GraphValue {
      let scaled = try step(Combine(.multiply, constants: [gamma]), value, "scaled")
      return try step(Combine(.add, constants: [constant]), scaled, "shifted")
    }
    switch name {
    case .linear: return try products(value, points)
    case .poly, .polynomial:
      if isLIBSVM { return try wholePower(of: try affine(try products(value, points)), estimator, &builder) }
      return try step(
        Combine(.power, constants: [degree]), try affine(try products(value, points)), "kernel")
    case .sigmoid: return try step(MapElements(.tanh), try affine(try products(value, points)), "kernel")
    case .rbf:
      let metric = DistanceMetric(.squaredEuclidean, expansion: isLIBSVM ? .none : .einsum)
      return try exponential(try step(Distances(to: points, metric), value, "distances"), -gamma)
    case .laplacian:
      let metric = DistanceMetric(.manhattan)
      return try exponential(try step(Distances(to: points, metric), value, "distances"), -gamma)
    case .cosine:
      // Next to nothing counts as 0 since 1.0.
      let isOld = try estimator.version() < .one(0)
      let unit = try step(NormalizeRows(norm: .l2, zeroNorm: isOld ? .keep : .keepTiny), value, "unit")
      return try products(unit, points.rowsOfUnitLength(least: isOld ? 0 : 10 * Double.ulpOfOne))
    case .additiveChiSquared: return try step(ChiSquared(points), value, "kernel")
    case .chiSquared: return try exponential(try step(ChiSquared(points), value, "distances"), gamma)
    }
  }
}

extension PairwiseKernel {
  /// The power by squaring, as LIBSVM takes it (`powi`): the last bits are not those of another way.
  private func wholePower(
    of value: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    var (square, left) = (value, Int(degree))
    var product: GraphValue?
    while left > 0 {
      if left % 2 == 1 {
        product =
          try product.map { (so) throws(Problem) in
            try builder.apply(Combine(.multiply), to: [so, square], named: "kernel", for: estimator)
          } ?? square
      }
      left /= 2
      if left > 0 {
        square = try estimator.apply(MapElements(.square), to: square, named: "square", &builder)
      }
    }
    if let product { return product }
    return try estimator.apply(Combine(.power, constants: [0]), to: value, named: "kernel", &builder)
  }
}

extension ConstantMatrix {
  /// Each row divided by its Euclidean length, where that is neither 0 nor below `least`.
  fileprivate func rowsOfUnitLength(least: Double) -> ConstantMatrix {
    var result = elements
    for row in 0..<rows {
      let range = (row * columns)..<((row + 1) * columns)
      let length = elements[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length != 0, length >= least { for index in range { result[index] /= length } }
    }
    return ConstantMatrix(result, rows: rows, columns: columns) ?? self
  }
}
