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

/// AdaBoostClassifier, AdaBoostRegressor.
///
/// A member votes with its weight for the class that it predicts and, since 1.3, against all others; or, by
/// SAMME.R until 1.5, with the logarithms of its probabilities (Zhu et al., Multi-class AdaBoost, 2009). What a
/// tree votes at a leaf does not depend on the row, so that members that are trees become one ensemble.
extension Lifter {
  static let adaptiveBoosting: [PickleGlobal: Lift] = [
    .sklearn("ensemble._weight_boosting", "AdaBoostClassifier"): adaBoostClassifier,
    .sklearn("ensemble._weight_boosting", "AdaBoostRegressor"): adaBoostRegressor,
  ]

  static func adaBoostClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let classes = try estimator.classes()
    let count = classes.elements.count
    guard count > 1 else {
      throw estimator.unsupported("classes_", "one class", hint: "train with two classes or more")
    }
    let members = try estimator.members()
    let weights = try estimator.memberWeights(atLeast: members.count)
    let total = PairwiseSum.of(weights.span)
    guard total.isFinite, total > 0 else {
      throw try estimator.view.fittedAttribute("estimator_weights_").unexpected("weights with a sum above 0")
    }
    let voting = Voting(
      classes: classes, logarithmic: try estimator.votesByLogarithms(),
      countsAgainst: try estimator.version() >= .one(3))
    // Refused where it is not finite, whatever members would take.
    let operand = Operand(try estimator.finiteInput(input, &builder)).held(as: input)
    var sum: GraphValue
    if members.allSatisfy({ $0.object?.type == .decisionTreeClassifier }) {
      sum = try treeVotes(estimator, members, weights, voting, total, operand, &builder)
    } else {
      var votes: [GraphValue] = []
      for (index, member) in members.enumerated() {
        let lifted = try estimator.lift(member, label: ".estimators_[\(index)]", operand, &builder)
        votes.append(try vote(of: lifted, member, weights[index], voting, for: estimator, &builder))
      }
      sum = try builder.apply(AddValues(), to: votes, named: "votes", for: estimator)
      sum = try builder.apply(
        Combine(.divide, constants: [total]), to: sum, named: "votes", for: estimator)
    }
    return try decide(sum, classes, for: estimator, &builder)
  }

  /// How the members of an ensemble vote.
  fileprivate struct Voting {
    let classes: Tensor
    let logarithmic: Bool
    let countsAgainst: Bool

    var count: Int { classes.elements.count }

    /// The vote of a member for one class; none is voted for where it predicts a label that the others have not.
    func vote(for chosen: Int?, weight: Double) -> [Double] {
      (0..<count).map { $0 == chosen ? weight : countsAgainst ? -1 / Double(count - 1) * weight : 0 }
    }

    /// The vote of a member by the logarithms of its probabilities.
    func vote(by probabilities: [Double]) -> [Double] {
      let logarithms = probabilities.map { log(max($0, Double.ulpOfOne)) }
      let mean = 1 / Double(count) * PairwiseSum.of(logarithms.span)
      return logarithms.map { Double(count - 1) * ($0 - mean) }
    }
  }

  /// The sum of the votes of members that are trees, divided by the sum of the weights.
  private static func treeVotes(
    _ estimator: Estimator, _ members: [PickleView], _ weights: [Double], _ voting: Voting, _ total: Double,
    _ operand: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let input = try builder.numbers(operand, for: estimator)
    var arrays = TreeArrays(width: voting.count)
    for (member, weight) in zip(members, weights) {
      let tree = try estimator.tree(member, .decisionTreeClassifier)
      let countsInLeaves = try tree.version() < .fractionsInLeaves
      let targets = try TreeTargets(of: tree, &builder)
      guard targets.counts.count == 1 else { throw member.unexpected("a classifier of one target") }
      try builder.spend(elements: voting.count, for: member)
      let places = try voting.places(of: targets.classes[0], member)
      try arrays.append(
        try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: targets.valueShape,
        &builder
      ) { leaves, start in
        if voting.logarithmic {
          if countsInLeaves { targets.normalize(&leaves, from: start) }
          leaves.replaceSubrange(start..., with: voting.vote(by: Array(leaves[start...])))
        } else {
          var best = start
          for index in start..<leaves.count where leaves[index] > leaves[best] { best = index }
          leaves.replaceSubrange(start..., with: voting.vote(for: places[best - start], weight: weight))
        }
      }
    }
    let checked = try builder.treeInput(input, allowsNaN: false, for: estimator)
    return try builder.apply(
      arrays.ensemble(base: Array(repeating: 0, count: voting.count), divisor: total), to: checked,
      named: "votes", for: estimator)
  }

  private static func vote(
    of lifted: LiftedEstimator, _ member: PickleView, _ weight: Double, _ voting: Voting,
    for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard let own = lifted.classes.first, lifted.classes.count == 1, let index = lifted.classIndices.first
    else { throw member.unexpected("a classifier of one target") }
    let (size, overflow) = own.elements.count.multipliedReportingOverflow(by: voting.count)
    guard !overflow else { throw member.unexpected("a classifier of fewer classes") }
    try builder.spend(elements: voting.logarithmic ? voting.count : size, for: member)
    let places = try voting.places(of: own, member)
    guard voting.logarithmic else {
      let rows = places.map { voting.vote(for: $0, weight: weight) }
      let table = ConstantMatrix(rows.flatMap { $0 }, rows: rows.count, columns: voting.count) ?? .empty
      return try builder.apply(PickRows(table), to: index, named: "vote", for: estimator)
    }
    guard let probabilities = lifted.probabilities?.values.first else {
      throw member.unexpected("a classifier that gives probabilities")
    }
    var value = try builder.apply(
      Combine(.maximum, constants: [Double.ulpOfOne]), to: probabilities, named: "vote", for: estimator)
    value = try builder.apply(MapElements(.log), to: value, named: "vote", for: estimator)
    var mean = try builder.apply(ReduceRows(.sum), to: value, named: "vote", for: estimator)
    mean = try builder.apply(
      Combine(.multiply, constants: [1 / Double(voting.count)]), to: mean, named: "vote", for: estimator)
    value = try builder.apply(Combine(.subtract), to: [value, mean], named: "vote", for: estimator)
    return try builder.apply(
      Combine(.multiply, constants: [Double(voting.count - 1)]), to: value, named: "vote", for: estimator)
  }

  private static func decide(
    _ votes: GraphValue, _ classes: Tensor, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let count = classes.elements.count
    var decision = votes
    var logits: GraphValue
    let index: GraphValue
    if count == 2 {
      // The first column with the other sign, and then both added.
      decision = try builder.apply(
        Combine(.multiply, constants: [-1, 1]), to: votes, named: "signed", for: estimator)
      decision = try builder.apply(ReduceRows(.sum), to: decision, named: "decision", for: estimator)
      index = try builder.apply(Positive(), to: decision, named: "index", for: estimator)
      logits = try builder.apply(Mirror(), to: decision, named: "logits", for: estimator)
      logits = try builder.apply(
        Combine(.divide, constants: [2]), to: logits, named: "logits", for: estimator)
    } else {
      index = try builder.apply(ArgMax(), to: decision, named: "index", for: estimator)
      logits = try builder.apply(
        Combine(.divide, constants: [Double(count - 1)]), to: decision, named: "logits", for: estimator)
    }
    let probabilities = try builder.apply(
      Softmax(), to: logits, named: "probabilities", for: estimator)
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: decision, for: estimator, &builder)
  }

  static func adaBoostRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let members = try estimator.members()
    let weights = Array(try estimator.memberWeights(atLeast: members.count).prefix(members.count))
    // Refused where it is not finite, whatever members would take.
    let operand = Operand(try estimator.finiteInput(input, &builder)).held(as: input)
    let predictions: GraphValue
    if members.allSatisfy({ $0.object?.type == .decisionTreeRegressor }) {
      let input = try builder.numbers(operand, for: estimator)
      var arrays = TreeArrays(width: 1)
      for (target, member) in members.enumerated() {
        let tree = try estimator.tree(member, .decisionTreeRegressor)
        try arrays.append(
          try tree.view.fittedAttribute("tree_"), features: input.columns, valueShape: [1, 1],
          target: target, &builder)
      }
      let checked = try builder.treeInput(input, allowsNaN: false, for: estimator)
      predictions = try builder.apply(
        arrays.ensemble(outputs: members.count), to: checked, named: "predictions", for: estimator)
    } else {
      var values: [GraphValue] = []
      for (index, member) in members.enumerated() {
        let lifted = try estimator.lift(member, label: ".estimators_[\(index)]", operand, &builder)
        guard let value = lifted.predict?.values.first, value.type == .numbers(1) else {
          throw member.unexpected("a regressor of one target")
        }
        values.append(value)
      }
      predictions = try builder.apply(Concat(), to: values, named: "predictions", for: estimator)
    }
    let median = try builder.apply(
      WeightedMedian(weights: weights), to: predictions, named: "median", for: estimator)
    return .regressor(median, isVector: true)
  }
}

extension Lifter.Voting {
  /// For each of a member's classes which of all classes it is, if any.
  func places(of own: Tensor, _ member: PickleView) throws(Problem) -> [Int?] {
    guard own.elements.datatype == classes.elements.datatype else {
      throw member.unexpected("a classifier whose labels are of the same type as the ensemble's")
    }
    let places = own.elements.places(in: classes.elements)
    guard !logarithmic || places.elementsEqual((0..<count).map { $0 }) else {
      throw member.unexpected("a classifier of the same \(count) classes as the ensemble")
    }
    return places
  }
}

extension Estimator {
  /// The weight of each member; there may be more weights than members, where training stopped early.
  fileprivate func memberWeights(atLeast count: Int) throws(Problem) -> [Double] {
    let attribute = try view.fittedAttribute("estimator_weights_")
    let (weights, _) = try attribute.numbers(axes: 1)
    guard weights.count >= count else { throw attribute.unexpected("a weight for each of \(count) members") }
    return weights
  }

  /// Whether members vote with logarithms: by the parameter until 1.5, never since.
  fileprivate func votesByLogarithms() throws(Problem) -> Bool {
    guard try version() < .one(6) else { return false }
    let attribute = try view.attribute("algorithm")
    switch try attribute.string() {
    case "SAMME": return false
    case "SAMME.R": return true
    default: throw attribute.unexpected("'SAMME' or 'SAMME.R'")
    }
  }
}
