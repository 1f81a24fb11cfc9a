import Artifacts
import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif
import ModelGraph

/// GaussianMixture and BayesianGaussianMixture.
extension Lifter {
  static let mixtures: [PickleGlobal: Lift] = [
    .sklearn("mixture._gaussian_mixture", "GaussianMixture"): gaussianMixture,
    .sklearn("mixture._bayesian_mixture", "BayesianGaussianMixture"): bayesianGaussianMixture,
  ]

  static func gaussianMixture(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var mixture = try Mixture(estimator, input, &builder)
    let weights = try estimator.view.fittedAttribute("weights_").numbers(shape: [mixture.count])
    try mixture.gaussians(&builder)
    try mixture.step(Combine(.add, constants: weights.map { log($0) }), "joint", &builder)
    return try mixture.lifted(&builder)
  }

  /// The Gaussians' logarithms with what is expected of their precisions and of the weights, after Bishop's
  /// "Pattern Recognition and Machine Learning", equations 10.64 to 10.66.
  static func bayesianGaussianMixture(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var mixture = try Mixture(estimator, input, &builder)
    let (count, features) = (mixture.count, Double(mixture.width))
    // One number where all components have one covariance.
    let degrees = try estimator.view.fittedAttribute("degrees_of_freedom_")
    let freedom =
      if let number = try? degrees.number() {
        [Double](repeating: number, count: count)
      } else {
        try degrees.numbers(shape: [count])
      }
    let precision = try estimator.view.fittedAttribute("mean_precision_").numbers(shape: [count])
    let weights = try logWeights(estimator, count: count)
    try builder.spend(elements: 4 * count, for: estimator.view)
    let lambda = freedom.map { freedom in
      var sum = 0.0
      for feature in 0..<mixture.width { sum += Digamma.of(0.5 * (freedom - Double(feature))) }
      return features * log(2) + sum
    }
    try mixture.gaussians(&builder)
    try mixture.step(
      Combine(.subtract, constants: freedom.map { 0.5 * features * log($0) }), "normalized", &builder)
    let expected = zip(lambda, precision).map { 0.5 * ($0 - features / $1) }
    try mixture.step(Combine(.add, constants: expected), "expected", &builder)
    try mixture.step(Combine(.add, constants: weights), "joint", &builder)
    return try mixture.lifted(&builder)
  }

  /// The expected logarithms of the weights: of sticks broken one after another, or of a Dirichlet distribution.
  private static func logWeights(_ estimator: Estimator, count: Int) throws(Problem) -> [Double] {
    let attribute = try estimator.view.fittedAttribute("weight_concentration_")
    let type = try estimator.view.attribute("weight_concentration_prior_type")
    switch try type.string() {
    case "dirichlet_process":
      let parts = try attribute.elements()
      guard parts.count == 2 else { throw attribute.unexpected("two arrays") }
      let (a, b) = (try parts[0].numbers(shape: [count]), try parts[1].numbers(shape: [count]))
      var left = 0.0
      return zip(a, b).map { a, b in
        let sum = Digamma.of(a + b)
        defer { left += Digamma.of(b) - sum }
        return Digamma.of(a) - sum + left
      }
    case "dirichlet_distribution":
      let concentration = try attribute.numbers(shape: [count])
      let sum = Digamma.of(PairwiseSum.of(concentration.span))
      return concentration.map { Digamma.of($0) - sum }
    default: throw type.unexpected("'dirichlet_process' or 'dirichlet_distribution'")
    }
  }
}

/// What mixtures have in common: Gaussians with a mean each and covariances of one of four kinds.
private struct Mixture {
  let estimator: Estimator
  /// `[count, width]`.
  let means: [Double]
  let count: Int
  let width: Int
  let input: GraphValue
  var value: GraphValue

  init(_ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder) throws(Problem) {
    self.estimator = estimator
    try estimator.refuseNarrow(["precisions_cholesky_", "means_"])
    let value = try estimator.finiteInput(input, &builder)
    let attribute = try estimator.view.fittedAttribute("means_")
    let (means, shape) = try attribute.numbers(axes: 2)
    guard shape[0] > 0, shape[1] == value.columns else {
      throw attribute.unexpected("a row of \(value.columns) numbers for each component")
    }
    self.means = means
    self.count = shape[0]
    self.width = shape[1]
    self.input = value
    self.value = value
  }

  mutating func step(
    _ operation: some Operator, _ name: String, _ builder: inout GraphBuilder
  ) throws(Problem) {
    value = try builder.apply(operation, to: value, named: name, for: estimator)
  }

  func lifted(_ builder: inout GraphBuilder) throws(Problem) -> LiftedEstimator {
    let index = try builder.apply(ArgMax(), to: value, named: "index", for: estimator)
    let probabilities = try builder.posterior(value, for: estimator)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(index, isVector: true),
      probabilities: LiftedEstimator.Answer(probabilities))
  }

  /// −½ (d log 2π + squares) + log det, where the determinant is that of the precision's Cholesky factor.
  mutating func gaussians(_ builder: inout GraphBuilder) throws(Problem) {
    let factors = try estimator.view.fittedAttribute("precisions_cholesky_")
    let kind = try estimator.view.attribute("covariance_type")
    let determinants: [Double]
    switch try kind.string() {
    case "full": determinants = try full(factors, shape: [count, width, width], &builder)
    case "tied": determinants = try full(factors, shape: [width, width], &builder)
    case "diag": determinants = try diagonal(factors, &builder)
    case "spherical": determinants = try spherical(factors, &builder)
    default: throw kind.unexpected("'full', 'tied', 'diag' or 'spherical'")
    }
    try step(Combine(.add, constants: [Double(width) * log(2 * .pi)]), "exponents", &builder)
    try step(Combine(.multiply, constants: [-0.5]), "halves", &builder)
    try step(Combine(.add, constants: determinants), "log_densities", &builder)
  }

  /// ‖x P − μ P‖² for a matrix P of each component, or of all.
  private mutating func full(
    _ attribute: PickleView, shape: [Int], _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    let factors = try attribute.numbers(shape: shape)
    let size = width * width
    // No overflow: where there is a factor for each component its elements are there in memory.
    try builder.spend(elements: factors.count, for: attribute)
    var determinants: [Double] = []
    var squares: [GraphValue] = []
    for component in 0..<count {
      if shape.count == 2 { try builder.spend(elements: size, for: attribute) }
      let start = shape.count == 3 ? component * size : 0
      let factor = ConstantMatrix(Array(factors[start..<(start + size)]), rows: width, columns: width)
      guard let transposed = factor?.transposed else {
        throw attribute.unexpected("\(width) rows of \(width) numbers")
      }
      let logarithms = (0..<width).map { log(factors[start + $0 * width + $0]) }
      determinants.append(PairwiseSum.of(logarithms.span))
      let mean = means.span.extracting((component * width)..<((component + 1) * width))
      let offsets = (0..<width).map { row in
        -SumOfSquares.product(
          mean, transposed.elements.span.extracting((row * width)..<((row + 1) * width)))
      }
      let whitened = try builder.apply(
        Linear(coefficients: transposed, intercepts: offsets), to: input, named: "whitened",
        for: estimator)
      let square = try builder.apply(
        MapElements(.square), to: whitened, named: "squared", for: estimator)
      squares.append(
        try builder.apply(ReduceRows(.sum), to: square, named: "squares", for: estimator))
    }
    value =
      squares.count == 1
      ? squares[0] : try builder.apply(Concat(), to: squares, named: "squares", for: estimator)
    return determinants
  }

  /// Σ μ² p − 2 x · μ p + x² · p, with precisions p of each component and feature.
  private mutating func diagonal(
    _ attribute: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    let factors = try attribute.numbers(shape: [count, width])
    try builder.spend(elements: 2 * factors.count, for: attribute)
    let precisions = factors.map { $0 * $0 }
    let squares = try builder.apply(
      MapElements(.square), to: input, named: "squared", for: estimator)
    let zeros = [Double](repeating: 0, count: count)
    let second = try builder.apply(
      Linear(coefficients: try matrix(precisions), intercepts: zeros), to: squares, named: "squares",
      for: estimator)
    try products(
      zip(means, precisions).map { $0 * $1 }, zip(means, precisions).map { $0 * $0 * $1 }, &builder)
    value = try builder.apply(
      Combine(.add), to: [value, second], named: "squares", for: estimator)
    return (0..<count).map { component in
      let row = factors[(component * width)..<((component + 1) * width)].map { log($0) }
      return PairwiseSum.of(row.span)
    }
  }

  /// (Σ μ²) p − 2 x · μ p + (Σ x²) p, with a precision p of each component.
  private mutating func spherical(
    _ attribute: PickleView, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    let factors = try attribute.numbers(shape: [count])
    let precisions = factors.map { $0 * $0 }
    let square = try builder.apply(
      ReduceRows(.sumOfSquares), to: input, named: "squares", for: estimator)
    let second = try builder.apply(
      Linear(
        coefficients: ConstantMatrix(precisions, rows: count, columns: 1) ?? .empty,
        intercepts: [Double](repeating: 0, count: count)),
      to: square, named: "squares", for: estimator)
    let each = means.indices.map { means[$0] * precisions[$0 / width] }
    let constants = (0..<count).map { component in
      let squares = means[(component * width)..<((component + 1) * width)].map { $0 * $0 }
      return PairwiseSum.of(squares.span) * precisions[component]
    }
    try products(each, constants: constants, &builder)
    value = try builder.apply(
      Combine(.add), to: [value, second], named: "squares", for: estimator)
    return factors.map { Double(width) * log($0) }
  }

  private mutating func products(
    _ weights: [Double], _ squares: [Double], _ builder: inout GraphBuilder
  ) throws(Problem) {
    let constants = (0..<count).map { component in
      PairwiseSum.of(squares.span.extracting((component * width)..<((component + 1) * width)))
    }
    try products(weights, constants: constants, &builder)
  }

  /// A constant − 2 x · weights, for each component.
  private mutating func products(
    _ weights: [Double], constants: [Double], _ builder: inout GraphBuilder
  ) throws(Problem) {
    try builder.spend(elements: weights.count, for: estimator.view)
    value = try builder.apply(
      Linear(coefficients: try matrix(weights.map { -2 * $0 }), intercepts: constants), to: input,
      named: "products", for: estimator)
  }

  private func matrix(_ elements: [Double]) throws(Problem) -> ConstantMatrix {
    guard let matrix = ConstantMatrix(elements, rows: count, columns: width) else {
      throw estimator.view.unexpected("\(count) rows of \(width) numbers")
    }
    return matrix
  }
}

/// The logarithmic derivative of the gamma function.
private enum Digamma {
  /// ψ(x) for x above 0; NaN elsewhere.
  ///
  /// ψ(x) = ψ(x + 1) − 1 ÷ x up to 10, and from there on the asymptotic series, whose terms are Bernoulli numbers
  /// (Abramowitz and Stegun, 6.3.5 and 6.3.18).
  static func of(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return x == .infinity ? x : .nan }
    var (x, shift) = (x, 0.0)
    while x < 10 {
      shift += 1 / x
      x += 1
    }
    let inverse = 1 / (x * x)
    let coefficients = [
      1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12,
    ]
    let series = coefficients.reversed().reduce(0) { ($0 + $1) * inverse }
    return log(x) - 0.5 / x - series - shift
  }
}
