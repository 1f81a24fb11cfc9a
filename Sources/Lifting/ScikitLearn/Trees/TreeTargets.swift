import Artifacts
import Domain
import ModelGraph

/// The targets of a classifier that decides by trees, with the classes of each.
///
/// A tree's leaf has a row a target, each as long as the longest list of classes. Here the rows stand end to end,
/// each as long as its own list.
struct TreeTargets {
  /// The labels of each target.
  let classes: [Tensor]
  /// How many classes each target has.
  let counts: [Int]
  private let longest: Int

  /// What the values of one node are in a pickle.
  var valueShape: [Int] { [counts.count, longest] }

  /// How many numbers a leaf gives.
  var width: Int { counts.reduce(0, +) }

  /// Reads the classes of a tree or a forest.
  init(of estimator: Estimator, _ builder: inout GraphBuilder) throws(Problem) {
    let outputs = try estimator.outputCount()
    let attribute = try estimator.view.fittedAttribute("classes_")
    let views = outputs == 1 ? [attribute] : try attribute.elements()
    guard views.count == outputs else { throw attribute.unexpected("a list of \(outputs) arrays of labels") }
    var classes: [Tensor] = []
    for view in views {
      guard case .array(let array) = view.value, let first = views.first, case .array(let like) = first.value,
        array.type == like.type
      else { throw view.unexpected("an array of labels, of one type with those of the other targets") }
      try builder.spend(elements: array.shape.first ?? 0, for: view)
      classes.append(try view.labels())
    }
    self.classes = classes
    self.counts = classes.map(\.elements.count)
    self.longest = counts.max() ?? 0
  }

  /// Takes out of a leaf's values, which stand at the end of `leaves`, what is there for length only.
  func compact(_ leaves: inout [Double], from start: Int) {
    guard counts.count > 1 else { return }
    var place = start
    for (target, count) in counts.enumerated() {
      for index in 0..<count {
        leaves[place] = leaves[start + target * longest + index]
        place += 1
      }
    }
    leaves.removeLast(leaves.count - place)
  }

  /// Divides each target's values by their sum, which counts as 1 where it is 0: what the tree would do with every
  /// row at this leaf.
  func normalize(_ leaves: inout [Double], from start: Int) {
    var place = start
    for count in counts {
      let sum = PairwiseSum.of(leaves.span.extracting(place..<(place + count)))
      if sum != 0 {
        for index in place..<(place + count) { leaves[index] /= sum }
      }
      place += count
    }
  }

  /// A classifier that decides for each target by the greatest of its columns, normalised to be probabilities
  /// where they are not.
  func classifier(
    _ values: GraphValue, normalizes: Bool, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var lifted = LiftedEstimator(classes: classes)
    var probabilities: [GraphValue] = []
    var labels: [GraphValue] = []
    var place: Int64 = 0
    for (labelsOfTarget, count) in zip(classes, counts) {
      let columns = Array(place..<(place + Int64(count)))
      place += Int64(count)
      let own =
        counts.count == 1
        ? values : try builder.apply(Columns(columns), to: values, named: "target", for: estimator)
      let index = try builder.apply(ArgMax(), to: own, named: "index", for: estimator)
      lifted.classIndices.append(index)
      labels.append(
        try builder.apply(Label(labelsOfTarget), to: index, named: "label", for: estimator))
      probabilities.append(
        normalizes
          ? try builder.apply(
            NormalizeRows(zeroNorm: .keep), to: own, named: "probabilities", for: estimator) : own)
    }
    lifted.predict = try builder.labels(labels, for: estimator)
    lifted.probabilities = LiftedEstimator.Answer(values: probabilities, isVector: false)
    return lifted
  }
}
