import Artifacts
import Domain
import ModelGraph

/// What estimators that hold others ask those for.
extension LiftedEstimator {
  /// Whether it answers with labels.
  var isClassifier: Bool { !classes.isEmpty }

  /// How many classes a classifier of one target has.
  var classCount: Int? { classes.count == 1 ? classes[0].elements.count : nil }

  /// The same without what it transforms to, for those that predict only.
  var predictor: LiftedEstimator {
    var other = self
    other.transformed = nil
    return other
  }

  /// The predictions as numbers, a column a target: labels that are numbers, or a regressor's values.
  func predictedNumbers(
    _ inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [GraphValue] {
    guard isClassifier else {
      guard let predict, predict.values.allSatisfy({ $0.type.content == .numbers }) else {
        throw Self.lacking("predictions that are numbers", inner)
      }
      return predict.values
    }
    guard classIndices.count == classes.count else {
      throw Self.lacking("predictions of single labels", inner)
    }
    var values: [GraphValue] = []
    for (index, labels) in zip(classIndices, classes) {
      guard let numbers = labels.elements.doubles else {
        throw Self.lacking("labels that are numbers", inner)
      }
      values.append(try builder.apply(Pick(numbers), to: index, named: "predicted", for: estimator))
    }
    return values
  }

  /// The score of the second of two classes, by which a classifier of many is made of such of two: the value of a
  /// regressor, a decision, else a probability.
  func binaryScore(
    _ inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> (value: GraphValue, threshold: Double) {
    if !isClassifier, let predict, predict.values.count == 1, predict.values[0].columns == 1 {
      return (predict.values[0], 0.5)
    }
    if let decision {
      guard decision.values.count == 1, decision.values[0].columns == 1 else {
        throw Self.lacking("one decision a row", inner)
      }
      return (decision.values[0], 0)
    }
    return (try positive(inner, for: estimator, &builder), 0.5)
  }

  /// The probability of the second class.
  func positive(
    _ inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard let probabilities, probabilities.values.count == 1, probabilities.values[0].columns >= 2 else {
      throw Self.lacking("probabilities of two classes", inner)
    }
    return try builder.column(1, of: probabilities.values[0], for: estimator)
  }

  /// The one value of an answer.
  static func single(
    _ answer: Answer?, _ what: String, _ inner: PickleView
  ) throws(Problem) -> GraphValue {
    guard let answer, answer.values.count == 1 else { throw lacking(what, inner) }
    return answer.values[0]
  }

  /// A refusal of an estimator that does not answer as the one that holds it needs.
  static func lacking(_ what: String, _ inner: PickleView) -> Problem {
    Problem(
      .refused, "lift.unexpected-attribute",
      "expected \(inner.path) to be an estimator that gives \(what), found \(inner.description)",
      position: inner.position)
  }

  /// A classifier whose predicted labels are the places of other labels, as those were encoded at fitting.
  func relabelled(
    _ labels: Tensor, _ inner: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> (index: GraphValue, label: GraphValue) {
    guard classIndices.count == 1, let codes = classes.first?.elements.doubles else {
      throw Self.lacking("labels that are whole numbers", inner)
    }
    let count = labels.elements.count
    var places: [Int64] = []
    for code in codes {
      guard let place = Int(exactly: code), 0..<count ~= place else {
        throw Self.lacking("labels from 0 to \(count - 1)", inner)
      }
      places.append(Int64(place))
    }
    var index = classIndices[0]
    if !places.elementsEqual(0..<Int64(count)) {
      index = try builder.apply(Reindex(places, bound: count), to: index, named: "index", for: estimator)
    }
    return (index, try builder.apply(Label(labels), to: index, named: "label", for: estimator))
  }
}
