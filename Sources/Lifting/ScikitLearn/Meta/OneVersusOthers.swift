import Artifacts
import Domain
import ModelGraph

/// OneVsRestClassifier, OneVsOneClassifier, OutputCodeClassifier: many classes by estimators of two.
extension Lifter {
  static let oneVersusOthers: [PickleGlobal: Lift] = [
    .sklearn("multiclass", "OneVsRestClassifier"): oneVsRest,
    .sklearn("multiclass", "OneVsOneClassifier"): oneVsOne,
    .sklearn("multiclass", "OutputCodeClassifier"): outputCode,
    .sklearn("multiclass", "_ConstantPredictor"): constantPredictor,
  ]

  /// What stands for a class that all rows had, or none.
  static func constantPredictor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let attribute = try estimator.view.fittedAttribute("y_")
    let labels = try attribute.labels()
    guard labels.elements.count == 1, let label = labels.elements.doubles?.first else {
      throw attribute.unexpected("an array of one number")
    }
    // Which column it reads is all the same.
    guard let first = try builder.selecting([0], of: input, for: estimator) else {
      throw Problem(
        .refused, "lift.no-columns",
        "expected another estimator beside \(estimator.view.path) to say how many columns there are, found"
          + " none", position: estimator.view.position)
    }
    let source = try builder.numbers(first, origin: estimator)
    let value = try builder.apply(Fill([label]), to: source, named: "constant", for: estimator)
    let pair = try builder.apply(
      Fill([1 - label, label]), to: source, named: "constant", for: estimator)
    let index = try builder.apply(
      Positive(threshold: .infinity), to: value, named: "index", for: estimator)
    let only = try builder.apply(Reindex([0, 0], bound: 1), to: index, named: "index", for: estimator)
    var lifted = try LiftedEstimator.classifier(
      labels, index: only, probabilities: pair, decision: value, for: estimator, &builder)
    lifted.isConstant = true
    return lifted
  }

  /// The class whose own estimator is surest that it is the one.
  static func oneVsRest(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let members = try estimator.binaryMembers(input, &builder)
    let binarizer = try estimator.view.fittedAttribute("label_binarizer_").instance(
      of: .sklearn("preprocessing._label", "LabelBinarizer"))
    let classes = try binarizer.fittedAttribute("classes_").labels()
    let count = classes.elements.count
    let type = try binarizer.fittedAttribute("y_type_")
    var scores: [GraphValue] = []
    var threshold = 0.0
    for (index, member) in members.enumerated() {
      let score = try member.lifted.binaryScore(member.view, for: estimator, &builder)
      scores.append(score.value)
      // What stands for a label that all rows had or none is no classifier, and so has the middle for all of them.
      if index == 0 { threshold = member.lifted.isConstant ? 0.5 : score.threshold }
    }
    let isMultilabel = try type.string().hasPrefix("multilabel")
    guard members.count == (count == 2 && !isMultilabel ? 1 : count) else {
      throw estimator.view.unexpected("a classifier with an estimator for each of \(count) labels")
    }
    let joined = try builder.joined(scores, named: "scores", for: estimator)
    var lifted: LiftedEstimator
    switch try type.string() {
    case "multiclass" where count > 1:
      // Up to 1.7 the last of equals won, from 1.8 the first.
      let isReversed = version < .one(8)
      let ordered =
        isReversed
        ? try builder.apply(
          Columns((0..<Int64(count)).reversed()), to: joined, named: "reversed", for: estimator) : joined
      var index = try builder.apply(ArgMax(), to: ordered, named: "index", for: estimator)
      if isReversed {
        index = try builder.apply(
          Reindex((0..<Int64(count)).reversed(), bound: count), to: index, named: "index", for: estimator)
      }
      lifted = try .classifier(classes, index: index, for: estimator, &builder)
    case "binary" where count == 2:
      let index = try builder.apply(
        Positive(threshold: threshold), to: joined, named: "index", for: estimator)
      lifted = try .classifier(classes, index: index, for: estimator, &builder)
    case "multilabel-indicator":
      let above = try builder.apply(
        Combine(.greater, constants: [threshold]), to: joined, named: "above", for: estimator)
      let value = try builder.apply(Cast(.int64), to: above, named: "labels", for: estimator)
      lifted = LiftedEstimator(predict: LiftedEstimator.Answer(value))
      lifted.classes = [classes]
    default: throw type.unexpected("'multiclass', 'binary' or 'multilabel-indicator'")
    }
    // What stands for a class that all rows had answers everything: the others decide what there is.
    let speakers =
      members.contains { !$0.lifted.isConstant } ? members.filter { !$0.lifted.isConstant } : members
    if speakers.allSatisfy({ $0.lifted.decision != nil }) {
      lifted.decision = LiftedEstimator.Answer(joined, isVector: members.count == 1)
    }
    if speakers.allSatisfy({ $0.lifted.probabilities != nil }) {
      var positives: [GraphValue] = []
      for member in members {
        positives.append(try member.lifted.positive(member.view, for: estimator, &builder))
      }
      var value = try builder.joined(positives, named: "positives", for: estimator)
      if members.count == 1 {
        value = try builder.apply(Complement(), to: value, named: "pair", for: estimator)
      }
      if !isMultilabel {
        value = try builder.apply(
          NormalizeRows(zeroNorm: version < .one(7) ? .divide : .keep), to: value, named: "probabilities",
          for: estimator)
      }
      lifted.probabilities = LiftedEstimator.Answer(value)
    }
    return lifted
  }

  /// The class that wins most of its duels; how sure the estimators are decides between equals.
  static func oneVsOne(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    if let pairs = estimator.view.attributeIfPresent("pairwise_indices_"), !pairs.isNone {
      throw estimator.unsupported(
        "pairwise_indices_", pairs.description, hint: "fit it on features, not on a precomputed kernel")
    }
    let classes = try estimator.classes()
    let count = classes.elements.count
    let members = try estimator.binaryMembers(input, &builder)
    guard count >= 2, count <= 4096, members.count == count * (count - 1) / 2 else {
      throw estimator.view.unexpected("a classifier with an estimator for each pair of \(count) labels")
    }
    var predictions: [GraphValue] = []
    var scores: [GraphValue] = []
    for member in members {
      let values = try member.lifted.predictedNumbers(member.view, for: estimator, &builder)
      guard values.count == 1, values[0].columns == 1 else {
        throw LiftedEstimator.lacking("one prediction a row", member.view)
      }
      predictions += values
      scores.append(try member.lifted.binaryScore(member.view, for: estimator, &builder).value)
    }
    let predicted = try builder.joined(predictions, named: "predicted", for: estimator)
    let confidences = try builder.joined(scores, named: "confidences", for: estimator)
    func step(
      _ operation: some Operator, _ values: GraphValue..., named name: String
    ) throws(Problem) -> GraphValue {
      try builder.apply(operation, to: values, named: name, for: estimator)
    }
    let (signs, votes) = try estimator.duels(count, members.count)
    let zeros = try step(Combine(.equal, constants: [0]), predicted, named: "first")
    let ones = try step(Combine(.equal, constants: [1]), predicted, named: "second")
    let won = try step(votes, try step(Concat(), zeros, ones, named: "won"), named: "votes")
    let sum = try step(signs, confidences, named: "confidence")
    // Between −⅓ and ⅓, so that it never outweighs a vote.
    let size = try step(MapElements(.absolute), sum, named: "size")
    let scale = try step(
      Combine(.multiply, constants: [3]), try step(Combine(.add, constants: [1]), size, named: "size"),
      named: "scale")
    let transformed = try step(Combine(.divide), sum, scale, named: "bounded")
    let all = try step(Combine(.add), won, transformed, named: "decision")
    guard count == 2 else {
      let index = try step(ArgMax(), all, named: "index")
      return try .classifier(classes, index: index, decision: all, for: estimator, &builder)
    }
    let decision = try builder.column(1, of: all, for: estimator)
    let threshold =
      try estimator.version() < .one(1)
      ? 0 : try members[0].lifted.binaryScore(members[0].view, for: estimator, &builder).threshold
    let index = try step(Positive(threshold: threshold), decision, named: "index")
    return try .classifier(classes, index: index, decision: decision, for: estimator, &builder)
  }

  /// The class whose code is nearest to what the estimators answer.
  static func outputCode(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let classes = try estimator.classes()
    let members = try estimator.binaryMembers(input, &builder)
    let book = try estimator.view.fittedAttribute("code_book_")
    let codes = try book.numbers(shape: [classes.elements.count, members.count])
    try builder.spend(elements: codes.count * 2, for: book)
    var scores: [GraphValue] = []
    for member in members {
      scores.append(try member.lifted.binaryScore(member.view, for: estimator, &builder).value)
    }
    func step(
      _ operation: some Operator, _ values: GraphValue..., named name: String
    ) throws(Problem) -> GraphValue {
      try builder.apply(operation, to: values, named: name, for: estimator)
    }
    let joined = try builder.joined(scores, named: "scores", for: estimator)
    let width = members.count
    let lengths = (0..<classes.elements.count).map { row in
      codes[(row * width)..<((row + 1) * width)].reduce(0) { $0 + $1 * $1 }
    }
    guard let matrix = ConstantMatrix(codes.map { -2 * $0 }, rows: classes.elements.count, columns: width)
    else {
      throw book.unexpected("a code for each label")
    }
    // |x − c|² = −2 x·c + |x|² + |c|², added up in this order; the greatest negative one is the nearest.
    let products = try step(
      Linear(coefficients: matrix, intercepts: Array(repeating: 0, count: lengths.count)), joined,
      named: "products")
    let squares = try step(ReduceRows(.sumOfSquares), joined, named: "squares")
    let partial = try step(Combine(.add), products, squares, named: "partial")
    let distances = try step(Combine(.add, constants: lengths), partial, named: "distances")
    let index = try step(
      ArgMax(), try step(MapElements(.negative), distances, named: "nearness"), named: "index")
    return try .classifier(classes, index: index, for: estimator, &builder)
  }
}

extension Estimator {
  /// The estimators of two classes each; the constant ones last, which do not know how many columns there are.
  fileprivate func binaryMembers(
    _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> [EnsembleMember] {
    let list = try view.fittedAttribute("estimators_")
    let elements = try list.elements()
    guard !elements.isEmpty else { throw list.unexpected("a list of estimators") }
    var lifted = [LiftedEstimator?](repeating: nil, count: elements.count)
    func lift(_ index: Int, _ input: Operand) throws(Problem) {
      lifted[index] = try self.lift(elements[index], label: ".estimators_[\(index)]", input, &builder)
    }
    let constant = PickleGlobal.sklearn("multiclass", "_ConstantPredictor")
    for index in elements.indices where elements[index].object?.type != constant { try lift(index, input) }
    // What another one answers tells how many rows there are, which is all that a constant one has to know.
    let answers = lifted.compactMap { $0 }.flatMap { [$0.decision, $0.probabilities, $0.predict] }
      .compactMap { $0 }.flatMap(\.values)
    var operand = input
    if let answer = answers.first(where: { $0.type.content == .numbers }) {
      operand = Operand(answer)
    } else if operand.count == nil {
      operand = try columns(of: input, &builder)
    }
    for index in elements.indices where elements[index].object?.type == constant { try lift(index, operand) }
    return zip(elements, lifted).compactMap { view, lifted in
      lifted.map { EnsembleMember(view: view, lifted: $0) }
    }
  }

  /// What every pair of classes adds to the confidence of the two, and to their votes.
  fileprivate func duels(
    _ classes: Int, _ pairs: Int
  ) throws(Problem) -> (signs: Linear, votes: Linear) {
    // Few: there is an estimator for each pair, and a lift has at most 16384.
    var signs = [Double](repeating: 0, count: classes * pairs)
    var votes = [Double](repeating: 0, count: classes * pairs * 2)
    var pair = 0
    for first in 0..<classes {
      for second in (first + 1)..<max(classes, first + 1) {
        signs[first * pairs + pair] = -1
        signs[second * pairs + pair] = 1
        votes[first * pairs * 2 + pair] = 1
        votes[second * pairs * 2 + pairs + pair] = 1
        pair += 1
      }
    }
    guard let signMatrix = ConstantMatrix(signs, rows: classes, columns: pairs),
      let voteMatrix = ConstantMatrix(votes, rows: classes, columns: pairs * 2)
    else { throw view.unexpected("fewer classes") }
    let zeros = [Double](repeating: 0, count: classes)
    return (
      Linear(coefficients: signMatrix, intercepts: zeros), Linear(coefficients: voteMatrix, intercepts: zeros)
    )
  }
}
