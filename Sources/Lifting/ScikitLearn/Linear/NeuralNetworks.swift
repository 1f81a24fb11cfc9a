import Artifacts
import Domain
import Encoding
import ModelGraph

/// Multi-layer perceptrons.
extension Lifter {
  static let neuralNetworks: [PickleGlobal: Lift] = [
    .sklearn("neural_network._multilayer_perceptron", "MLPClassifier"): perceptronClassifier,
    .sklearn("neural_network._multilayer_perceptron", "MLPRegressor"): perceptronRegressor,
  ]

  /// The output layer, after its activation.
  private static func forwardPass(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let view = estimator.view
    var value = try estimator.finiteInput(input, &builder)
    let (coefficients, intercepts) = (
      try view.fittedAttribute("coefs_"), try view.fittedAttribute("intercepts_")
    )
    let (weightViews, biasViews) = (try coefficients.elements(), try intercepts.elements())
    guard !weightViews.isEmpty, weightViews.count == biasViews.count else {
      throw coefficients.unexpected("a list of \(max(1, biasViews.count)) arrays")
    }
    let layers = try view.fittedAttribute("n_layers_")
    guard try layers.integer() == weightViews.count + 1 else {
      throw layers.unexpected("one more than there are arrays of coefficients")
    }
    let hidden = try view.attribute("activation")
    let output = try view.fittedAttribute("out_activation_")
    for (index, weightView) in weightViews.enumerated() {
      // `[inputs, outputs]`.
      let weights = try weightView.matrix(&builder).transposed
      guard weights.columns == value.columns else {
        throw weightView.unexpected("an array of \(value.columns) rows")
      }
      let biases = try biasViews[index].numbers(shape: [weights.rows])
      value = try estimator.apply(
        Linear(coefficients: weights, intercepts: biases), to: value, named: "layer", &builder)
      value = try activated(
        value, index == weightViews.count - 1 ? output : hidden, estimator, &builder)
    }
    return value
  }

  private static func activated(
    _ value: GraphValue, _ activation: PickleView, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    switch try activation.string() {
    case "identity": return value
    case "relu": return try estimator.apply(MapElements(.relu), to: value, named: "active", &builder)
    case "tanh": return try estimator.apply(MapElements(.tanh), to: value, named: "active", &builder)
    case "logistic": return try estimator.apply(MapElements(.logistic), to: value, named: "active", &builder)
    // Of a Poisson loss, from 1.7.
    case "exp": return try estimator.apply(MapElements(.exp), to: value, named: "active", &builder)
    case "softmax": return try estimator.apply(Softmax(), to: value, named: "active", &builder)
    default: throw activation.unexpected("'identity', 'relu', 'tanh', 'logistic', 'softmax' or 'exp'")
    }
  }

  static func perceptronRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let value = try forwardPass(estimator, input, &builder)
    return .regressor(value, isVector: value.columns == 1)
  }

  static func perceptronClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let outputs = try forwardPass(estimator, input, &builder)
    let binarizer = try estimator.view.fittedAttribute("_label_binarizer").instance(
      of: .sklearn("preprocessing._label", "LabelBinarizer"))
    let classes = try estimator.classes()
    let count = classes.elements.count
    let kind = try binarizer.attribute("y_type_").string()
    if kind.hasPrefix("multilabel") {
      guard outputs.columns == count else {
        throw estimator.view.unexpected("a network with an output for each of \(count) labels")
      }
      return try multilabel(
        classes, scores: outputs, threshold: 0.5, binarizer: binarizer, probabilities: outputs, estimator,
        &builder)
    }
    guard count >= 2, outputs.columns == (count == 2 ? 1 : count) else {
      throw estimator.view.unexpected("a network with an output for each of \(count) classes, or one for two")
    }
    if count == 2 {
      let index = try estimator.apply(Positive(threshold: 0.5), to: outputs, named: "index", &builder)
      let probabilities = try estimator.apply(
        Complement(), to: outputs, named: "probabilities", &builder)
      return try .classifier(
        classes, index: index, probabilities: probabilities, for: estimator, &builder)
    }
    let index = try estimator.apply(ArgMax(), to: outputs, named: "index", &builder)
    return try .classifier(classes, index: index, probabilities: outputs, for: estimator, &builder)
  }
}
