import Artifacts
import Domain
import ModelGraph

/// BaggingClassifier, BaggingRegressor.
///
/// Each member reads the features that it was given, and refuses what it does not take. Their probabilities, or one
/// vote each where a member has none, are added in order and divided by the number of members. Members that are
/// trees become one ensemble.
extension Lifter {
  static let bagging: [PickleGlobal: Lift] = [
    .sklearn("ensemble._bagging", "BaggingClassifier"): baggingClassifier,
    .sklearn("ensemble._bagging", "BaggingRegressor"): baggingRegressor,
  ]

  static func baggingClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let bag = try Bag(estimator, input, &builder)
    let classes = try estimator.classes()
    let count = classes.elements.count
    let probabilities: GraphValue
    var decision: GraphValue?
    if let trees = try bag.trees([.decisionTreeClassifier, .extraTreeClassifier]) {
      probabilities = try treeProbabilities(bag, trees, classes: count, &builder)
    } else {
      var values: [GraphValue] = []
      var decisions: [GraphValue] = []
      for index in bag.members.indices {
        let lifted = try bag.lift(index, &builder)
        values.append(
          try memberProbabilities(lifted, bag.members[index], classes: count, for: estimator, &builder))
        if let own = lifted.decision?.values.first { decisions.append(own) }
      }
      probabilities = try bag.mean(values, named: "probabilities", &builder)
      guard decisions.isEmpty || decisions.count == bag.members.count else {
        throw try estimator.view.fittedAttribute("estimators_").unexpected(
          "members that all have a decision function or none")
      }
      if !decisions.isEmpty { decision = try bag.mean(decisions, named: "decision", &builder) }
    }
    let index = try builder.apply(ArgMax(), to: probabilities, named: "index", for: estimator)
    return try .classifier(
      classes, index: index, probabilities: probabilities, decision: decision, for: estimator, &builder)
  }

  private static func treeProbabilities(
    _ bag: Bag, _ trees: [Estimator], classes: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    var arrays = TreeArrays(width: classes)
    for (index, tree) in trees.enumerated() {
      let countsInLeaves = try tree.version() < .fractionsInLeaves
      let targets = try TreeTargets(of: tree, &builder)
      let places = try places(of: targets.classes, bag.members[index], classes: classes)
      try bag.append(
        tree, index, to: &arrays, valueShape: targets.valueShape, &builder
      ) { leaves, start in
        if countsInLeaves { targets.normalize(&leaves, from: start) }
        if places.count < classes {
          let own = Array(leaves[start...])
          leaves.replaceSubrange(start..., with: repeatElement(0, count: classes))
          for (place, value) in zip(places, own) { leaves[start + place] = value }
        }
        makeZeroPositive(&leaves, from: start)
      }
    }
    return try bag.mean(arrays, trees, named: "probabilities", &builder)
  }

  /// Which of the bag's classes each of a member's is: its labels are places among them.
  private static func places(
    of own: [Tensor], _ member: PickleView, classes: Int
  ) throws(Problem) -> [Int] {
    guard own.count == 1, let labels = own.first else {
      throw member.unexpected("a classifier of one target")
    }
    if labels.elements.count == classes { return Array(0..<classes) }
    let places: [Int]? =
      switch labels.elements {
      case .int64(let elements): elements.map { Int($0) }
      case .int32(let elements): elements.map { Int($0) }
      default: nil
      }
    guard let places, places.allSatisfy({ 0..<classes ~= $0 }), Set(places).count == places.count else {
      throw member.unexpected("a classifier whose labels are from 0 to below \(classes)")
    }
    return places
  }

  /// What a member adds: its probabilities, or 1 for the class that it predicts.
  private static func memberProbabilities(
    _ lifted: LiftedEstimator, _ member: PickleView, classes: Int, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let places = try places(of: lifted.classes, member, classes: classes)
    if let own = lifted.probabilities?.values.first {
      guard own.columns == places.count else { throw member.unexpected("a probability for each class") }
      if places.count == classes { return own }
      try builder.spend(elements: classes, for: member)
      let zero = try builder.apply(Fill([0]), to: own, named: "zero", for: estimator)
      let both = try builder.apply(Concat(), to: [own, zero], named: "own", for: estimator)
      var columns = [Int64](repeating: Int64(places.count), count: classes)
      for (column, place) in places.enumerated() { columns[place] = Int64(column) }
      return try builder.apply(Columns(columns), to: both, named: "own", for: estimator)
    }
    guard let index = lifted.classIndices.first else { throw member.unexpected("a classifier") }
    let (size, overflow) = places.count.multipliedReportingOverflow(by: classes)
    guard !overflow else { throw member.unexpected("a classifier of fewer classes") }
    try builder.spend(elements: size, for: member)
    var table = [Double](repeating: 0, count: size)
    // A member's labels, not their places in its list, are what the bag counts.
    for (row, place) in places.enumerated() { table[row * classes + place] = 1 }
    return try builder.apply(
      PickRows(ConstantMatrix(table, rows: places.count, columns: classes) ?? .empty), to: index,
      named: "vote", for: estimator)
  }

  static func baggingRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let bag = try Bag(estimator, input, &builder)
    if let trees = try bag.trees([.decisionTreeRegressor, .extraTreeRegressor]) {
      let outputs = try trees[0].outputCount()
      var arrays = TreeArrays(width: outputs)
      for (index, tree) in trees.enumerated() {
        try bag.append(tree, index, to: &arrays, valueShape: [outputs, 1], &builder) {
          makeZeroPositive(&$0, from: $1)
        }
      }
      return .regressor(
        try bag.mean(arrays, trees, named: "value", &builder), isVector: outputs == 1)
    }
    var values: [GraphValue] = []
    var isVector = true
    for index in bag.members.indices {
      guard let answer = try bag.lift(index, &builder).predict, answer.values.count == 1,
        answer.values[0].type.content == .numbers
      else { throw bag.members[index].unexpected("a regressor") }
      values.append(answer.values[0])
      isVector = answer.isVector
    }
    return .regressor(try bag.mean(values, named: "value", &builder), isVector: isVector)
  }
}

/// The members of a bagging ensemble and what they read.
private struct Bag {
  let estimator: Estimator
  let members: [PickleView]
  /// All columns that the ensemble is given.
  private let operand: Operand
  /// Which of them each member reads.
  private let columns: [[Int32]]
  /// The columns that some member reads, ascending: the others are never looked at.
  private let read: [Int32]
  /// Where each of those stands among them.
  private let places: [Int32: Int32]

  init(_ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder) throws(Problem) {
    self.estimator = estimator
    self.members = try estimator.members()
    let size = try estimator.view.attribute("n_estimators")
    guard try size.integer() == members.count else {
      throw size.unexpected("\(members.count), as there are members")
    }
    self.operand = try estimator.columns(of: input, &builder)
    self.columns = try estimator.memberColumns(
      count: members.count, features: operand.count ?? 0, &builder)
    self.read = Set(columns.joined()).sorted()
    self.places = Dictionary(uniqueKeysWithValues: zip(read, 0...))
  }

  /// The members where all are trees of these kinds that take or refuse NaN alike.
  func trees(_ types: [PickleGlobal]) throws(Problem) -> [Estimator]? {
    var trees: [Estimator] = []
    for member in members {
      guard let type = member.object?.type, types.contains(type) else { return nil }
      trees.append(try estimator.tree(member, type))
    }
    let version = try estimator.version()
    let first = try trees[0].takesMissing(version)
    for tree in trees where try tree.takesMissing(version) != first { return nil }
    return trees
  }

  /// Appends a member that is a tree; its features are places among those that some member reads.
  func append(
    _ tree: Estimator, _ index: Int, to arrays: inout TreeArrays, valueShape: [Int],
    _ builder: inout GraphBuilder, finishing: (inout [Double], Int) -> Void
  ) throws(Problem) {
    try arrays.append(
      try tree.view.fittedAttribute("tree_"), features: columns[index].count, valueShape: valueShape,
      columns: columns[index].map { places[$0] ?? .max }, &builder, finishing: finishing)
  }

  /// The mean of members that are trees.
  func mean(
    _ arrays: TreeArrays, _ trees: [Estimator], named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard let selected = try builder.selecting(read.map { Int($0) }, of: operand, for: estimator) else {
      throw estimator.view.unexpected("an ensemble of columns that there are")
    }
    let checked = try builder.treeInput(
      try builder.numbers(selected, origin: estimator),
      allowsNaN: try trees[0].takesMissing(try estimator.version()), for: estimator)
    return try builder.apply(
      arrays.ensemble(divisor: Double(trees.count)), to: checked, named: name, for: estimator)
  }

  /// Lifts a member on the columns that it reads.
  func lift(_ index: Int, _ builder: inout GraphBuilder) throws(Problem) -> LiftedEstimator {
    guard let selected = try builder.selecting(columns[index].map { Int($0) }, of: operand, for: estimator)
    else {
      throw members[index].unexpected("a member that reads columns that there are")
    }
    return try estimator.lift(members[index], label: ".estimators_[\(index)]", selected, &builder)
  }

  /// The mean of what members give.
  func mean(
    _ values: [GraphValue], named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let sum = try builder.apply(AddValues(), to: values, named: "sum", for: estimator)
    return try builder.apply(
      Combine(.divide, constants: [Double(values.count)]), to: sum, named: name, for: estimator)
  }
}
