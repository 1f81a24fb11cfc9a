import Artifacts
import Domain
import ModelGraph

/// CalibratedClassifierCV: the mean of classifiers whose scores were made probabilities by curves fitted on them.
extension Lifter {
  static let calibration: [PickleGlobal: Lift] = [
    .sklearn("calibration", "CalibratedClassifierCV"): calibratedClassifier
  ]

  static func calibratedClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let classes = try estimator.classes()
    let list = try estimator.view.fittedAttribute("calibrated_classifiers_")
    var values: [GraphValue] = []
    for (index, view) in try list.elements().enumerated() {
      guard view.object?.type == .sklearn("calibration", "_CalibratedClassifier") else {
        throw view.unexpected("a calibrated classifier")
      }
      guard try view.attribute("classes").labels() == classes else {
        throw view.unexpected("a classifier of the same labels")
      }
      values.append(
        try calibrated(
          view, label: ".calibrated_classifiers_[\(index)]", classes, for: estimator, input, &builder))
    }
    guard !values.isEmpty else { throw list.unexpected("a list of calibrated classifiers") }
    let probabilities = try builder.mean(values, named: "probabilities", for: estimator)
    let index = try builder.apply(ArgMax(), to: probabilities, named: "index", for: estimator)
    return try .classifier(classes, index: index, probabilities: probabilities, for: estimator, &builder)
  }

  private static func calibrated(
    _ view: PickleView, label: String, _ classes: Tensor, for estimator: Estimator, _ input: Operand,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let count = classes.elements.count
    // Called so up to 1.1.
    let name = view.attributeIfPresent("estimator") == nil ? "base_estimator" : "estimator"
    let inner = try view.attribute(name)
    let lifted = try estimator.lift(inner, label: "\(label).\(name)", input, &builder)
    let own = lifted.classes.first?.elements
    let method = try view.attribute("method")
    let calibrators = try view.attribute("calibrators").elements()
    // A decision comes before a probability; of two classes one number is enough.
    let scores: GraphValue
    if lifted.decision != nil {
      scores = try LiftedEstimator.single(lifted.decision, "decisions", inner)
    } else {
      let probabilities = try LiftedEstimator.single(lifted.probabilities, "probabilities", inner)
      let isPair = count == 2 && probabilities.columns == 2
      scores = isPair ? try builder.column(1, of: probabilities, for: estimator) : probabilities
    }
    switch try method.string() {
    case "sigmoid", "isotonic":
      guard let own, calibrators.count == (count == 2 ? 1 : own.count), scores.columns == calibrators.count,
        count == 2 || own.count > 2, let places = own.distinctPlaces(in: classes.elements)
      else { throw LiftedEstimator.lacking("a score for each of \(count) labels", inner) }
      var curves: [GraphValue] = []
      for (index, calibrator) in calibrators.enumerated() {
        let score = try builder.column(index, of: scores, for: estimator)
        curves.append(
          try curve(calibrator, label: "\(label).calibrators[\(index)]", of: score, for: estimator, &builder))
      }
      if count == 2 {
        return try builder.apply(Complement(), to: curves[0], named: "calibrated", for: estimator)
      }
      return try normalized(curves, places, count, for: estimator, &builder)
    case "temperature":
      guard calibrators.count == 1, own?.count == count else {
        throw LiftedEstimator.lacking("a score for each of \(count) labels", inner)
      }
      return try tempered(
        calibrators[0], lifted, scores, count: count, inner, for: estimator, &builder)
    default: throw method.unexpected("'sigmoid', 'isotonic' or 'temperature'")
    }
  }

  /// The curves of the classes divided by their sum; all the same where that is 0.
  private static func normalized(
    _ curves: [GraphValue], _ places: [Int], _ count: Int, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    var columns = [GraphValue?](repeating: nil, count: count)
    for (place, curve) in zip(places, curves) { columns[place] = curve }
    var values: [GraphValue] = []
    for column in columns {
      // A class that no row of the part had, on which this one was fitted.
      if let column {
        values.append(column)
      } else {
        values.append(try builder.apply(Fill([0]), to: curves[0], named: "none", for: estimator))
      }
    }
    var value = try builder.joined(values, named: "calibrated", for: estimator)
    value = try builder.apply(
      NormalizeRows(zeroNorm: .divide), to: value, named: "calibrated", for: estimator)
    value = try builder.apply(
      Combine(.fillMissing, constants: [1 / Double(count)]), to: value, named: "calibrated", for: estimator)
    return try builder.apply(
      Combine(.minimum, constants: [1]), to: value, named: "calibrated", for: estimator)
  }

  /// 1 ÷ (1 + exp(a·x + b)), or a monotonic curve of pieces.
  private static func curve(
    _ view: PickleView, label: String, of score: GraphValue, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard view.object?.type == .sklearn("calibration", "_SigmoidCalibration") else {
      guard view.object?.type == .sklearn("isotonic", "IsotonicRegression") else {
        throw view.unexpected("a curve of calibration")
      }
      let lifted = try estimator.lift(view, label: label, Operand(score), &builder)
      return try LiftedEstimator.single(lifted.predict, "one value a row", view)
    }
    let slope = try view.fittedAttribute("a_").number()
    let intercept = try view.fittedAttribute("b_").number()
    var value = try builder.apply(
      Combine(.multiply, constants: [slope]), to: score, named: "curve", for: estimator)
    value = try builder.apply(
      Combine(.add, constants: [intercept]), to: value, named: "curve", for: estimator)
    value = try builder.apply(MapElements(.negative), to: value, named: "curve", for: estimator)
    return try builder.apply(MapElements(.logistic), to: value, named: "curve", for: estimator)
  }

  /// The softmax of logits times a factor; probabilities become logits by their logarithm.
  private static func tempered(
    _ view: PickleView, _ lifted: LiftedEstimator, _ scores: GraphValue, count: Int, _ inner: PickleView,
    for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard view.object?.type == .sklearn("calibration", "_TemperatureScaling") else {
      throw view.unexpected("a temperature")
    }
    let beta = try view.fittedAttribute("beta_").number()
    var logits: GraphValue
    if lifted.decision != nil {
      guard scores.columns == (count == 2 ? 1 : count) else {
        throw LiftedEstimator.lacking("a decision for each of \(count) labels", inner)
      }
      logits = count == 2 ? try builder.apply(Mirror(), to: scores, named: "logits", for: estimator) : scores
    } else {
      logits =
        count == 2 ? try builder.apply(Complement(), to: scores, named: "logits", for: estimator) : scores
      logits = try builder.apply(
        Combine(.add, constants: [1e-12]), to: logits, named: "logits", for: estimator)
      logits = try builder.apply(MapElements(.log), to: logits, named: "logits", for: estimator)
    }
    logits = try builder.apply(
      Combine(.multiply, constants: [beta]), to: logits, named: "logits", for: estimator)
    let value = try builder.apply(Softmax(), to: logits, named: "calibrated", for: estimator)
    return try builder.apply(
      Combine(.minimum, constants: [1]), to: value, named: "calibrated", for: estimator)
  }
}
