import Artifacts
import Domain
import ModelGraph

#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif

/// Linear and quadratic discriminant analysis.
extension Lifter {
  static let discriminants: [PickleGlobal: Lift] = [
    .sklearn("discriminant_analysis", "LinearDiscriminantAnalysis"): linearDiscriminant,
    .sklearn("discriminant_analysis", "QuadraticDiscriminantAnalysis"): quadraticDiscriminant,
  ]

  /// A linear classifier with a softmax on top, and but for the solver 'lsqr' a projection besides.
  static func linearDiscriminant(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let linear = try linearDecision(estimator, classes: try estimator.classes(), input, &builder)
    let probabilities: GraphValue
    if linear.isBinary {
      let positive = try estimator.apply(
        MapElements(.logistic), to: linear.decision, named: "positive", &builder)
      probabilities = try estimator.apply(Complement(), to: positive, named: "probabilities", &builder)
    } else {
      probabilities = try estimator.apply(Softmax(), to: linear.decision, named: "probabilities", &builder)
    }
    var lifted: LiftedEstimator = try .classifier(
      linear.classes, index: linear.index, probabilities: probabilities, decision: linear.decision,
      datatype: linear.datatype, for: estimator, &builder)
    lifted.transformed = try projection(estimator, input, &builder).map { Operand($0) }
    return lifted
  }

  private static func projection(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue? {
    let solver = try estimator.view.attribute("solver")
    var value = try estimator.finiteInput(input, &builder)
    switch try solver.string() {
    case "lsqr": return nil
    case "eigen": break
    case "svd":
      let mean = try estimator.view.fittedAttribute("xbar_").numbers(shape: [value.columns])
      try builder.spend(elements: mean.count, for: estimator.view)
      value = try estimator.apply(Scale(offset: mean, divisor: nil), to: value, named: "centred", &builder)
    default: throw solver.unexpected("'svd', 'eigen' or 'lsqr'")
    }
    let most = try estimator.view.fittedAttribute("_max_components")
    let count = try most.integer()
    guard count > 0 else { throw most.unexpected("a count above 0") }
    return try rotated(value, by: "scalings_", count: count, estimator, &builder)
  }

  /// log prior − ½ (‖(x − mean) · R S^−½‖² + Σ log S) for each class, R and S being its rotations and scalings.
  static func quadraticDiscriminant(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let classes = try estimator.classes()
    let count = classes.elements.count
    guard count >= 2 else { throw view.unexpected("a classifier of at least two classes") }
    try estimator.refuseNarrow(["scalings_", "rotations_"])
    let checked = try estimator.finiteInput(input, &builder)
    let features = checked.columns
    let priors = try view.fittedAttribute("priors_").numbers(shape: [count])
    let means = try view.fittedAttribute("means_").numbers(shape: [count, features])
    try builder.spend(elements: means.count, for: view)
    let rotations = try view.fittedAttribute("rotations_")
    let scalings = try view.fittedAttribute("scalings_")
    let (rotationViews, scalingViews) = (try rotations.elements(), try scalings.elements())
    guard rotationViews.count == count else { throw rotations.unexpected("a list of \(count) arrays") }
    guard scalingViews.count == count else { throw scalings.unexpected("a list of \(count) arrays") }

    var norms: [GraphValue] = []
    var logarithms: [Double] = []
    for index in 0..<count {
      let scaling = try scalingViews[index].numbers(axes: 1).elements
      logarithms.append(scaling.reduce(0) { $0 + log($1) })
      let rotation = try rotationViews[index].matrix(&builder).transposed
      guard rotation.columns == features, rotation.rows == scaling.count else {
        throw rotationViews[index].unexpected(
          "an array of numbers of shape [\(features), \(scaling.count)]")
      }
      let weights = rotation.elements.enumerated().map { $1 * (1 / scaling[$0 / features].squareRoot()) }
      guard let matrix = ConstantMatrix(weights, rows: rotation.rows, columns: features) else {
        throw rotationViews[index].unexpected("an array of \(features) features")
      }
      let mean = Array(means[(index * features)..<((index + 1) * features)])
      let centred = try estimator.apply(
        Scale(offset: mean, divisor: nil), to: checked, named: "centred", &builder)
      let turned = try estimator.apply(
        Linear(coefficients: matrix, intercepts: Array(repeating: 0, count: matrix.rows)), to: centred,
        named: "turned", &builder)
      norms.append(
        try estimator.apply(ReduceRows(.sumOfSquares), to: turned, named: "norm", &builder))
    }
    var scores = try builder.apply(Concat(), to: norms, named: "norms", for: estimator)
    for (function, constants) in [
      (Combine.Function.add, logarithms), (.multiply, [-0.5]), (.add, priors.map { log($0) }),
    ] {
      scores = try estimator.apply(
        Combine(function, constants: constants), to: scores, named: "scores", &builder)
    }
    return try posterior(classes, scores: scores, estimator, &builder)
  }

  /// A classifier by the logarithms of what the classes weigh; two classes are decided by their difference.
  private static func posterior(
    _ classes: Tensor, scores: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let index = try estimator.apply(ArgMax(), to: scores, named: "index", &builder)
    let probabilities = try estimator.apply(Softmax(), to: scores, named: "probabilities", &builder)
    var decision = scores
    if scores.columns == 2 {
      let second = try estimator.apply(Columns([1]), to: scores, named: "second", &builder)
      let first = try estimator.apply(Columns([0]), to: scores, named: "first", &builder)
      decision = try builder.apply(
        Combine(.subtract), to: [second, first], named: "decision", for: estimator)
    }
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: decision, for: estimator, &builder)
  }
}
