import Artifacts
import Domain
import ModelGraph

/// VotingClassifier and VotingRegressor: the most votes, or the mean of what several estimators answer.
///
/// A classifier's estimators were fitted on the places of the labels in `classes_`.
extension Lifter {
  static let voting: [PickleGlobal: Lift] = [
    .sklearn("ensemble._voting", "VotingClassifier"): votingClassifier,
    .sklearn("ensemble._voting", "VotingRegressor"): votingRegressor,
  ]

  static func votingRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let members = try estimator.members("estimators_", input, &builder)
    let weights = try estimator.votingWeights(count: members.count)
    var values: [GraphValue] = []
    for member in members {
      let value = try LiftedEstimator.single(member.lifted.predict, "one value a row", member.view)
      guard value.type == .numbers(1) else { throw LiftedEstimator.lacking("one value a row", member.view) }
      values.append(value)
    }
    let value = try builder.mean(values, weights: weights, named: "value", for: estimator)
    var lifted = LiftedEstimator.regressor(value, isVector: true)
    lifted.transformed = try builder.sideBySide(values.map { Operand($0) }, for: estimator)
    return lifted
  }

  static func votingClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let members = try estimator.members("estimators_", input, &builder)
    let weights = try estimator.votingWeights(count: members.count)
    let classes = try estimator.classes()
    let count = classes.elements.count
    let voting = try estimator.view.attribute("voting")
    switch try voting.string() {
    case "soft":
      var values: [GraphValue] = []
      for member in members {
        let value = try LiftedEstimator.single(member.lifted.probabilities, "probabilities", member.view)
        guard value.columns == count else {
          throw LiftedEstimator.lacking("probabilities of \(count) classes", member.view)
        }
        values.append(value)
      }
      let probabilities = try builder.mean(values, weights: weights, named: "probabilities", for: estimator)
      let index = try builder.apply(ArgMax(), to: probabilities, named: "index", for: estimator)
      var lifted = try LiftedEstimator.classifier(
        classes, index: index, probabilities: probabilities, for: estimator, &builder)
      // Three axes otherwise, which no table has.
      if try estimator.view.attribute("flatten_transform").bool() {
        lifted.transformed = try builder.sideBySide(values.map { Operand($0) }, for: estimator)
      }
      return lifted
    case "hard":
      var codes: [GraphValue] = []
      for member in members {
        let values = try member.lifted.predictedNumbers(member.view, for: estimator, &builder)
        guard values.count == 1 else { throw LiftedEstimator.lacking("one label a row", member.view) }
        codes += values
      }
      let joined = try builder.joined(codes, named: "votes", for: estimator)
      let votes = try builder.apply(
        OneHot(sizes: Array(repeating: Int64(count), count: codes.count)), to: joined, named: "ballots",
        for: estimator)
      // Each class adds up the weights of those who voted for it, in their order.
      let (total, overflow) = count.multipliedReportingOverflow(by: votes.columns)
      guard !overflow else { throw estimator.view.unexpected("fewer classes") }
      try builder.spend(elements: total, for: estimator.view)
      var matrix = [Double](repeating: 0, count: total)
      for member in codes.indices {
        for place in 0..<count {
          matrix[place * votes.columns + member * count + place] = weights?[member] ?? 1
        }
      }
      guard let coefficients = ConstantMatrix(matrix, rows: count, columns: votes.columns) else {
        throw estimator.view.unexpected("fewer classes")
      }
      let sums = try builder.apply(
        Linear(coefficients: coefficients, intercepts: Array(repeating: 0, count: count)), to: votes,
        named: "counts", for: estimator)
      let index = try builder.apply(ArgMax(), to: sums, named: "index", for: estimator)
      var lifted = try LiftedEstimator.classifier(classes, index: index, for: estimator, &builder)
      lifted.transformed = Operand(joined)
      lifted.transformedDatatype = .int64
      return lifted
    default: throw voting.unexpected("'soft' or 'hard'")
    }
  }
}

extension Estimator {
  /// `weights` of those estimators that were not dropped.
  fileprivate func votingWeights(count: Int) throws(Problem) -> [Double]? {
    let attribute = try view.attribute("weights")
    if attribute.isNone { return nil }
    var weights: [Double] = []
    if case .array(let array) = attribute.value, array.shape.count == 1 {
      weights = try attribute.numbers(axes: 1).elements
    } else {
      for element in try attribute.elements() { weights.append(try element.number()) }
    }
    let named = try view.attribute("estimators")
    var isKept: [Bool] = []
    for entry in try named.elements() {
      guard let last = try entry.elements().last else { throw entry.unexpected("a name and an estimator") }
      isKept.append(last.text != "drop")
    }
    let kept = zip(weights, isKept).filter(\.1).map(\.0)
    guard weights.count == isKept.count, kept.count == count, kept.allSatisfy(\.isFinite) else {
      throw attribute.unexpected("a finite weight for each of \(isKept.count) estimators")
    }
    return kept
  }
}
