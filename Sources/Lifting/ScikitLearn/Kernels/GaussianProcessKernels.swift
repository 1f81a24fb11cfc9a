import Artifacts
import Domain
import ModelGraph

/// The covariance functions of scikit-learn's Gaussian processes, each an instance in the pickle.
struct CovarianceFunction {
  /// The estimator whose kernel it is.
  let estimator: Estimator
  /// The rows it is asked about.
  let rows: GraphValue
  /// The training rows.
  let points: ConstantMatrix
  /// Functions of functions are taken apart to this depth.
  private static let mostDepth = 48

  init(of estimator: Estimator, rows: GraphValue, points: ConstantMatrix) {
    self.estimator = estimator
    self.rows = rows
    self.points = points
  }

  private func step(
    _ operation: some Operator, _ value: GraphValue, _ name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    try estimator.apply(operation, to: value, named: name, &builder)
  }

  private func unsupported(_ kernel: PickleView, _ found: String) -> Problem {
    Problem(
      .refused, "lift.unsupported-parameter",
      "expected \(kernel.path) to be a kernel that can be lifted, found \(found)",
      position: kernel.position,
      hint: "use ConstantKernel, WhiteKernel, RBF, Matern with nu of 0.5, 1.5, 2.5 or inf, RationalQuadratic,"
        + " ExpSineSquared, DotProduct, PairwiseKernel, their sums, products and powers")
  }

  /// The class of a kernel of `sklearn.gaussian_process.kernels`.
  private func type(of kernel: PickleView, depth: Int) throws(Problem) -> String {
    guard depth <= Self.mostDepth, let type = kernel.object?.type,
      type.module == "sklearn.gaussian_process.kernels"
    else { throw unsupported(kernel, kernel.description) }
    return type.name
  }

  private func parameter(_ kernel: PickleView, _ name: String) throws(Problem) -> Double {
    let attribute = try kernel.attribute(name)
    let number = try attribute.number()
    guard number.isFinite else { throw attribute.unexpected("a finite number") }
    return number
  }
}

// MARK: - Between rows and points

extension CovarianceFunction {
  /// A column for each point.
  func values(
    _ kernel: PickleView, _ builder: inout GraphBuilder, depth: Int = 0
  ) throws(Problem) -> GraphValue {
    // Each kernel is built with points of its own.
    try builder.spend(elements: points.elements.count, for: kernel)
    switch try type(of: kernel, depth: depth) {
    case "ConstantKernel":
      let constant = try parameter(kernel, "constant_value")
      return try step(Fill(Array(repeating: constant, count: points.rows)), rows, "constant", &builder)
    // Noise is of a row with itself alone.
    case "WhiteKernel":
      return try step(Fill(Array(repeating: 0, count: points.rows)), rows, "noise", &builder)
    case "Sum": return try both(.add, kernel, &builder, depth)
    case "Product": return try both(.multiply, kernel, &builder, depth)
    case "Exponentiation":
      let base = try values(try kernel.attribute("kernel"), &builder, depth: depth + 1)
      return try step(
        Combine(.power, constants: [try parameter(kernel, "exponent")]), base, "power", &builder)
    case "RBF":
      let distances = try scaledDistances(kernel, .squaredEuclidean, &builder)
      return try exponential(of: distances, -0.5, &builder)
    case "Matern": return try matern(kernel, &builder)
    case "RationalQuadratic": return try rationalQuadratic(kernel, &builder)
    case "ExpSineSquared": return try expSineSquared(kernel, &builder)
    case "DotProduct":
      let scale = try parameter(kernel, "sigma_0")
      let products = Linear(
        coefficients: points, intercepts: Array(repeating: scale * scale, count: points.rows))
      return try step(products, rows, "products", &builder)
    case "PairwiseKernel":
      return try pairwise(kernel).apply(to: rows, points: points, estimator, &builder)
    case let name: throw unsupported(kernel, name)
    }
  }

  private func both(
    _ function: Combine.Function, _ kernel: PickleView, _ builder: inout GraphBuilder, _ depth: Int
  ) throws(Problem) -> GraphValue {
    let first = try values(try kernel.attribute("k1"), &builder, depth: depth + 1)
    let second = try values(try kernel.attribute("k2"), &builder, depth: depth + 1)
    return try builder.apply(Combine(function), to: [first, second], named: "covariance", for: estimator)
  }

  private func exponential(
    of value: GraphValue, _ factor: Double, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let exponents = try step(Combine(.multiply, constants: [factor]), value, "exponents", &builder)
    return try step(MapElements(.exp), exponents, "covariance", &builder)
  }

  /// Distances after each feature is divided by its length, or all by the one length.
  private func scaledDistances(
    _ kernel: PickleView, _ metric: DistanceMetric.Name, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try kernel.attribute("length_scale")
    var lengths: [Double]
    if case .array(let array) = attribute.value, array.shape.count == 1 {
      lengths = try attribute.numbers(axes: 1).elements
    } else {
      lengths = [try attribute.number()]
    }
    if lengths.count == 1 { lengths = Array(repeating: lengths[0], count: points.columns) }
    guard lengths.count == points.columns, lengths.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw attribute.unexpected("one length or \(points.columns), all above 0")
    }
    let scaled = points.elements.enumerated().map { $1 / lengths[$0 % points.columns] }
    guard let matrix = ConstantMatrix(scaled, rows: points.rows, columns: points.columns) else {
      throw attribute.unexpected("one length or \(points.columns)")
    }
    let value = try step(Scale(offset: nil, divisor: lengths), rows, "scaled", &builder)
    return try step(Distances(to: matrix, DistanceMetric(metric)), value, "distances", &builder)
  }

  /// Of ν = ½, 1½ and 2½ in closed form, and of infinity, which is RBF; others take a Bessel function.
  private func matern(
    _ kernel: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let attribute = try kernel.attribute("nu")
    let nu = try attribute.number()
    let distances = try scaledDistances(kernel, .euclidean, &builder)
    switch nu {
    case 0.5: return try exponential(of: distances, -1, &builder)
    case .infinity:
      let squares = try step(MapElements(.square), distances, "squares", &builder)
      return try exponential(of: squares, -0.5, &builder)
    case 1.5, 2.5:
      let scaled = try step(
        Combine(.multiply, constants: [(2 * nu).squareRoot()]), distances, "scaled", &builder)
      var polynomial = try step(Combine(.add, constants: [1]), scaled, "polynomial", &builder)
      if nu == 2.5 {
        let squares = try step(MapElements(.square), scaled, "squares", &builder)
        let thirds = try step(Combine(.divide, constants: [3]), squares, "thirds", &builder)
        polynomial = try builder.apply(
          Combine(.add), to: [polynomial, thirds], named: "polynomial", for: estimator)
      }
      let decay = try exponential(of: scaled, -1, &builder)
      return try builder.apply(
        Combine(.multiply), to: [polynomial, decay], named: "covariance", for: estimator)
    default: throw unsupported(kernel, "Matern with nu=\(nu)")
    }
  }

  /// (1 + d² ÷ 2 α l²)⁻ᵅ.
  private func rationalQuadratic(
    _ kernel: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let (alpha, length) = (try parameter(kernel, "alpha"), try parameter(kernel, "length_scale"))
    let squares = try step(
      Distances(to: points, DistanceMetric(.squaredEuclidean)), rows, "distances", &builder)
    let scaled = try step(
      Combine(.divide, constants: [2 * alpha * (length * length)]), squares, "scaled", &builder)
    let base = try step(Combine(.add, constants: [1]), scaled, "base", &builder)
    return try step(Combine(.power, constants: [-alpha]), base, "covariance", &builder)
  }

  /// exp(−2 (sin(π ÷ p · d) ÷ l)²).
  private func expSineSquared(
    _ kernel: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let (period, length) = (try parameter(kernel, "periodicity"), try parameter(kernel, "length_scale"))
    let distances = try step(
      Distances(to: points, DistanceMetric(.euclidean)), rows, "distances", &builder)
    let angles = try step(Combine(.multiply, constants: [.pi / period]), distances, "angles", &builder)
    let sines = try step(MapElements(.sin), angles, "sines", &builder)
    let scaled = try step(Combine(.divide, constants: [length]), sines, "scaled", &builder)
    let squares = try step(MapElements(.square), scaled, "squares", &builder)
    return try exponential(of: squares, -2, &builder)
  }

  /// A kernel of `sklearn.metrics.pairwise` with its gamma; the rest is as the kernel has it by default.
  private func pairwise(_ kernel: PickleView) throws(Problem) -> PairwiseKernel {
    var pairwise = PairwiseKernel(name: try PairwiseKernel.name(try kernel.attribute("metric"), estimator))
    pairwise.gamma = try parameter(kernel, "gamma")
    let others = try kernel.attribute("pairwise_kernels_kwargs")
    guard others.isNone else { throw unsupported(kernel, "PairwiseKernel with pairwise_kernels_kwargs") }
    return pairwise
  }
}

// MARK: - Of a row with itself

extension CovarianceFunction {
  /// One column: the covariance of each row with itself.
  func diagonal(
    _ kernel: PickleView, _ builder: inout GraphBuilder, depth: Int = 0
  ) throws(Problem) -> GraphValue {
    func constant(_ number: Double) throws(Problem) -> GraphValue {
      try step(Fill([number]), rows, "diagonal", &builder)
    }
    switch try type(of: kernel, depth: depth) {
    case "ConstantKernel": return try constant(try parameter(kernel, "constant_value"))
    case "WhiteKernel": return try constant(try parameter(kernel, "noise_level"))
    case "RBF", "Matern", "RationalQuadratic", "ExpSineSquared": return try constant(1)
    case "DotProduct":
      let scale = try parameter(kernel, "sigma_0")
      let squares = try step(ReduceRows(.sumOfSquares), rows, "squares", &builder)
      return try step(Combine(.add, constants: [scale * scale]), squares, "diagonal", &builder)
    case "Exponentiation":
      let base = try diagonal(try kernel.attribute("kernel"), &builder, depth: depth + 1)
      return try step(
        Combine(.power, constants: [try parameter(kernel, "exponent")]), base, "diagonal", &builder)
    case "Sum", "Product":
      let isSum = kernel.object?.type.name == "Sum"
      let first = try diagonal(try kernel.attribute("k1"), &builder, depth: depth + 1)
      let second = try diagonal(try kernel.attribute("k2"), &builder, depth: depth + 1)
      return try builder.apply(
        Combine(isSum ? .add : .multiply), to: [first, second], named: "diagonal", for: estimator)
    case "PairwiseKernel" where [.rbf, .laplacian].contains(try pairwise(kernel).name): return try constant(1)
    case let name: throw unsupported(kernel, "\(name) in a classifier")
    }
  }
}
