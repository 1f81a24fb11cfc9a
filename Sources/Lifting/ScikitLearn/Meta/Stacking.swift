import Artifacts
import Domain
import ModelGraph

/// StackingClassifier and StackingRegressor: an estimator that reads what others answer.
extension Lifter {
  static let stacking: [PickleGlobal: Lift] = [
    .sklearn("ensemble._stacking", "StackingClassifier"): stackingClassifier,
    .sklearn("ensemble._stacking", "StackingRegressor"): stackingRegressor,
  ]

  static func stackingRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let answers = try estimator.stackedAnswers(input, classes: nil, &builder)
    let final = try estimator.view.fittedAttribute("final_estimator_")
    var lifted = try estimator.lift(final, label: ".final_estimator_", answers.operand, &builder).predictor
    lifted.transformed = answers.operand
    lifted.transformedDatatype = answers.datatype
    return lifted
  }

  static func stackingClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let labels = try estimator.view.fittedAttribute("classes_")
    if case .list = labels.value {
      throw Problem(
        .refused, "lift.multi-output-classifier",
        "expected \(estimator.view.path) to be a classifier of one output, found several",
        position: labels.position, hint: "fit one classifier for each output")
    }
    let classes = try labels.labels()
    let answers = try estimator.stackedAnswers(input, classes: classes.elements.count, &builder)
    let view = try estimator.view.fittedAttribute("final_estimator_")
    let final = try estimator.lift(view, label: ".final_estimator_", answers.operand, &builder)
    guard final.isClassifier else { throw LiftedEstimator.lacking("labels", view) }
    let (index, label) = try final.relabelled(classes, view, for: estimator, &builder)
    var lifted = LiftedEstimator(
      predict: LiftedEstimator.Answer(label, isVector: true), probabilities: final.probabilities,
      decision: final.decision)
    lifted.classes = [classes]
    lifted.classIndices = [index]
    lifted.transformed = answers.operand
    lifted.transformedDatatype = answers.datatype
    return lifted
  }
}

extension Estimator {
  /// What the estimators answer, side by side, and behind it the input where it is passed through; the datatype in
  /// which a caller gets it, which is that of labels where there is nothing else.
  fileprivate func stackedAnswers(
    _ input: Operand, classes: Int?, _ builder: inout GraphBuilder
  ) throws(Problem) -> (operand: Operand, datatype: Datatype) {
    let members = try members("estimators_", input, &builder)
    let list = try view.fittedAttribute("stack_method_")
    let methods = try list.elements()
    guard methods.count == members.count else {
      throw list.unexpected("a method for each of \(members.count) estimators")
    }
    var parts: [Operand] = []
    var datatypes: Set<Datatype> = []
    for (member, method) in zip(members, methods) {
      let lifted = member.lifted
      switch try method.string() {
      case "predict":
        datatypes.formUnion(lifted.isClassifier ? lifted.classes.map(\.elements.datatype) : [.float64])
        parts += try lifted.predictedNumbers(member.view, for: self, &builder).map { Operand($0) }
      case "decision_function":
        datatypes.insert(.float64)
        parts.append(Operand(try LiftedEstimator.single(lifted.decision, "decisions", member.view)))
      case "predict_proba":
        datatypes.insert(.float64)
        let value = try LiftedEstimator.single(lifted.probabilities, "probabilities", member.view)
        // Of two classes one says all there is to say.
        let columns = classes == 2 ? 1..<value.columns : 0..<value.columns
        guard !columns.isEmpty else {
          throw LiftedEstimator.lacking("probabilities of two classes", member.view)
        }
        parts.append(Operand([.value(value, columns)]))
      default: throw method.unexpected("'predict_proba', 'decision_function' or 'predict'")
      }
    }
    if try view.attribute("passthrough").bool() {
      guard let count = input.count ?? builder.featureCount else {
        throw view.unexpected("a stack of estimators that say how many columns they read")
      }
      datatypes.insert(.float64)
      parts.append(try builder.resolve(input, count: count, names: nil, for: self))
    }
    guard var operand = try builder.sideBySide(parts, for: self) else {
      throw view.unexpected("a stack of estimators with answers")
    }
    operand.datatype = datatypes == [.int64] ? .int64 : .float64
    return (operand, datatypes == [.int64] ? .int64 : .float64)
  }
}
