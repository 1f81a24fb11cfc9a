import Domain
import ModelGraph

/// What a model answered to rows, as metrics and properties look at it.
enum ModelAnswers: Sendable {
  case classes(ClassAnswers)
  case values([Double])

  /// Asks a model about rows, in parts that a plan can hold.
  init(of model: TestedModel, classes: ClassLabels?, rows: [PredictionMethod: [Tensor]]) throws(Problem) {
    guard let predicted = rows[.predict]?.first else {
      throw Problem(
        .refused, "model-tests.no-predictions",
        "expected a model that predicts, found one without that method")
    }
    guard let classes else {
      guard let values = predicted.elements.numbers else {
        throw Problem(
          .refused, "model-tests.no-predictions", "expected numbers or classes as predictions, found texts")
      }
      self = .values(values)
      return
    }
    let places = predicted.elements.labels.map { classes.place(of: $0) ?? -1 }
    var answers = ClassAnswers(classCount: classes.names.count, predicted: places)
    let count = classes.names.count
    if let tensor = rows[.predictProbabilities]?.first, let numbers = tensor.elements.numbers,
      numbers.count == places.count * count
    {
      answers.probabilities = numbers
    } else if let tensor = rows[.decisionFunction]?.first, let numbers = tensor.elements.numbers {
      if count == 2, numbers.count == places.count { answers.decisions = numbers }
      if count > 2, numbers.count == places.count * count { answers.decisions = numbers }
    }
    self = .classes(answers)
  }
}

/// What a classifier answered.
struct ClassAnswers: Sendable {
  let classCount: Int
  /// The place of the predicted class of each row; −1 for a label that is no class.
  let predicted: [Int]
  /// A probability a class, row by row; nil for a model that has none.
  var probabilities: [Double]?
  /// The decision function instead: one number a row for two classes, else one a class.
  var decisions: [Double]?

  init(classCount: Int, predicted: [Int]) {
    self.classCount = classCount
    self.predicted = predicted
  }

  /// How far each row is on the side of a class; nil where nothing says.
  func scores(of place: Int) -> [Double]? {
    if let probabilities {
      return stride(from: place, to: probabilities.count, by: classCount).map { probabilities[$0] }
    }
    guard let decisions else { return nil }
    if classCount == 2 { return place == 1 ? decisions : decisions.map { -$0 } }
    return stride(from: place, to: decisions.count, by: classCount).map { decisions[$0] }
  }
}
