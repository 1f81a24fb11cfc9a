import Artifacts
import Domain
import ModelGraph

/// KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsClassifier, RadiusNeighborsRegressor,
/// LocalOutlierFactor with novelty.
extension Lifter {
  static let neighborModels: [PickleGlobal: Lift] = [
    .sklearn("neighbors._classification", "KNeighborsClassifier"): kNeighborsClassifier,
    .sklearn("neighbors._classification", "RadiusNeighborsClassifier"): radiusNeighborsClassifier,
    .sklearn("neighbors._regression", "KNeighborsRegressor"): kNeighborsRegressor,
    .sklearn("neighbors._regression", "RadiusNeighborsRegressor"): radiusNeighborsRegressor,
    .sklearn("neighbors._lof", "LocalOutlierFactor"): localOutlierFactor,
  ]

  /// The class with the most votes, the first of several; probabilities are its share of them.
  static func kNeighborsClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let model = try NeighborModel(estimator, input, &builder)
    let targets = try NeighborTargets(model, &builder)
    let nobody = [Int64](repeating: NeighborAnswer.nobody, count: targets.classes.count)
    let votes = try model.ask(
      .count(try model.count("n_neighbors")), targets.votes(outliers: nobody), named: "votes", &builder)
    var lifted = LiftedEstimator(classes: targets.classes)
    var (labels, probabilities): ([GraphValue], [GraphValue]) = ([], [])
    // A sum of weights of 0 counted as 1 up to 1.2.
    let zeroSum: ZeroNorm = try estimator.version() < .one(3) ? .keep : .divide
    for (target, classes) in targets.classes.enumerated() {
      let own = try targets.columns(target, of: votes, estimator, &builder)
      let index = try builder.apply(ArgMax(), to: own, named: "index", for: estimator)
      labels.append(try builder.apply(Label(classes), to: index, named: "label", for: estimator))
      probabilities.append(
        try builder.apply(
          NormalizeRows(zeroNorm: zeroSum), to: own, named: "probabilities", for: estimator))
      lifted.classIndices.append(index)
    }
    lifted.predict = try targets.labels(labels, estimator, &builder)
    lifted.probabilities = LiftedEstimator.Answer(values: probabilities, isVector: false)
    return lifted
  }

  /// As with a count of neighbours; a row without any gets the label that was given for outliers, or is refused.
  static func radiusNeighborsClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let model = try NeighborModel(estimator, input, &builder)
    let targets = try NeighborTargets(model, &builder)
    let outliers = try OutlierLabels(model, targets)
    let radius = try estimator.view.attribute("radius").number()
    let votes = try model.ask(
      .radius(radius), targets.votes(outliers: outliers.classes), named: "votes", &builder)
    var lifted = LiftedEstimator(classes: targets.classes)
    var (labels, probabilities): ([GraphValue], [GraphValue]) = ([], [])
    for (target, classes) in targets.classes.enumerated() {
      let own = try targets.columns(target, of: votes, estimator, &builder)
      let shares = try builder.apply(
        NormalizeRows(zeroNorm: .keep), to: own, named: "probabilities", for: estimator)
      probabilities.append(shares)
      guard let label = outliers.labels?[target] else {
        let index = try builder.apply(ArgMax(), to: shares, named: "index", for: estimator)
        labels.append(try builder.apply(Label(classes), to: index, named: "label", for: estimator))
        lifted.classIndices.append(index)
        continue
      }
      // One more column, which is 1 where all others are 0, has the outlier's label.
      let greatest = try builder.apply(
        ReduceRows(.max), to: shares, named: "greatest", for: estimator)
      let nobody = try builder.apply(
        Combine(.equal, constants: [0]), to: greatest, named: "nobody", for: estimator)
      let extended = try builder.apply(
        Concat(), to: [shares, nobody], named: "extended", for: estimator)
      let index = try builder.apply(ArgMax(), to: extended, named: "index", for: estimator)
      labels.append(try builder.apply(Label(label), to: index, named: "label", for: estimator))
    }
    lifted.predict = try targets.labels(labels, estimator, &builder)
    lifted.probabilities = LiftedEstimator.Answer(values: probabilities, isVector: false)
    return lifted
  }

  static func kNeighborsRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let model = try NeighborModel(estimator, input, &builder)
    let attribute = try estimator.view.fittedAttribute("_y")
    // The library adds such targets up in their own precision, unless it weighs them.
    guard !attribute.isNarrow || attribute.isSinglePrecision && model.weighting != .uniform else {
      throw estimator.unsupported(
        "_y", attribute.description, hint: "fit it with targets of double precision")
    }
    let (targets, isVector) = try model.targets(&builder)
    let value = try model.ask(
      .count(try model.count("n_neighbors")), .means(targets), named: "value", &builder)
    return .regressor(value, isVector: isVector)
  }

  static func radiusNeighborsRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let model = try NeighborModel(estimator, input, &builder)
    let attribute = try estimator.view.fittedAttribute("_y")
    guard attribute.isDoublePrecision else {
      // The library would put NaN into an integer for a row without neighbours.
      throw estimator.unsupported(
        "_y", attribute.description, hint: "fit it with targets of double precision")
    }
    let (targets, isVector) = try model.targets(&builder)
    let radius = try estimator.view.attribute("radius").number()
    let value = try model.ask(.radius(radius), .means(targets), named: "value", &builder)
    return .regressor(value, isVector: isVector)
  }
}

/// What all estimators of `sklearn.neighbors` have.
struct NeighborModel {
  let estimator: Estimator
  let input: GraphValue
  let search: FittedSearch
  let weighting: Neighbors.Weighting

  init(
    _ estimator: Estimator, _ input: Operand, isWeighted: Bool = true, _ builder: inout GraphBuilder
  ) throws(Problem) {
    self.estimator = estimator
    self.input = try estimator.finiteInput(input, &builder)
    self.search = try FittedSearch(estimator, width: self.input.columns, &builder)
    guard isWeighted else {
      self.weighting = .uniform
      return
    }
    let weights = try estimator.view.attribute("weights")
    switch weights.isNone ? "uniform" : weights.text {
    case "uniform": self.weighting = .uniform
    case "distance": self.weighting = .distance
    default:
      throw estimator.unsupported("weights", weights.description, hint: "use 'uniform' or 'distance'")
    }
  }

  func count(_ name: String) throws(Problem) -> Int { try estimator.view.attribute(name).integer() }

  func ask(
    _ extent: Neighbors.Extent, _ answer: NeighborAnswer, named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    try builder.apply(
      search.neighbors(extent, weighting, answer), to: input, named: name, for: estimator)
  }

  /// The targets of a regressor, a column each, and whether there was one as a vector.
  func targets(_ builder: inout GraphBuilder) throws(Problem) -> (targets: ConstantMatrix, isVector: Bool) {
    let attribute = try estimator.view.fittedAttribute("_y")
    guard case .array(let array) = attribute.value, 1...2 ~= array.shape.count else {
      throw attribute.unexpected("an array of numbers with one axis or two")
    }
    let columns = array.shape.count == 1 ? 1 : array.shape[1]
    let rows = search.points.rows
    let elements = try attribute.numbers(shape: array.shape.count == 1 ? [rows] : [rows, columns])
    try builder.spend(elements: elements.count, for: attribute)
    guard let targets = ConstantMatrix(elements, rows: rows, columns: columns) else {
      throw attribute.unexpected("a row for each point")
    }
    return (targets, array.shape.count == 1)
  }
}

/// The classes of each target of a classifier, and which of them each point has.
struct NeighborTargets {
  let classes: [Tensor]
  /// Whether there are several targets, or one that was given as a column among several.
  let areSeveral: Bool
  private let indices: [Int64]

  init(_ model: NeighborModel, _ builder: inout GraphBuilder) throws(Problem) {
    let view = model.estimator.view
    self.areSeveral = try view.fittedAttribute("outputs_2d_").bool()
    let attribute = try view.fittedAttribute("classes_")
    if areSeveral {
      var classes: [Tensor] = []
      for list in try attribute.elements() { classes.append(try list.labels()) }
      self.classes = classes
    } else {
      self.classes = [try attribute.labels()]
    }
    let labels = try view.fittedAttribute("_y")
    let rows = model.search.points.rows
    guard case .array(let array) = labels.value,
      array.shape == (areSeveral ? [rows, classes.count] : [rows]), let indices = array.items?.integers()
    else { throw labels.unexpected("the index of a class for each point and target") }
    try builder.spend(elements: indices.count, for: labels)
    self.indices = array.rowMajor(indices)
  }

  func votes(outliers: [Int64]) -> NeighborAnswer {
    .votes(labels: indices, classes: classes.map { Int64($0.elements.count) }, outliers: outliers)
  }

  /// The votes for the classes of one target.
  func columns(
    _ target: Int, of votes: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    guard classes.count > 1 else { return votes }
    let start = classes[..<target].reduce(0) { $0 + $1.elements.count }
    let columns = (start..<(start + classes[target].elements.count)).map(Int64.init)
    return try builder.apply(Columns(columns), to: votes, named: "votes", for: estimator)
  }

  func labels(
    _ labels: [GraphValue], _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator.Answer {
    guard areSeveral else { return LiftedEstimator.Answer(labels[0], isVector: true) }
    return LiftedEstimator.Answer(
      try builder.apply(Concat(), to: labels, named: "labels", for: estimator), isVector: false)
  }
}
