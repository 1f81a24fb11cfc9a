import Artifacts
import Domain
import ModelGraph

/// HistGradientBoostingClassifier, HistGradientBoostingRegressor.
///
/// The raw prediction starts from the baseline and adds a leaf of each tree, in double precision on features as
/// they are: NaN and infinities are taken. Since 1.4 categories are first numbered by an encoder that the model
/// holds, and stand before the other features; until 1.3 they are the features' own whole numbers below 256.
extension Lifter {
  static let histogramBoosting: [PickleGlobal: Lift] = [
    .histogram("gradient_boosting", "HistGradientBoostingClassifier"): histogramClassifier,
    .histogram("gradient_boosting", "HistGradientBoostingRegressor"): histogramRegressor,
  ]

  static func histogramClassifier(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let loss = try estimator.boostingLoss([
      .histogram("loss", "BinaryCrossEntropy"): .logistic,
      .histogram("loss", "CategoricalCrossEntropy"): .logSumExp,
      .loss("HalfBinomialLoss"): .logistic, .loss("HalfMultinomialLoss"): .softmax,
    ])
    let classes = try estimator.classes()
    let outputs = loss.isMulticlass ? classes.elements.count : 1
    let raw = try iterations(estimator, input, outputs: outputs, version, &builder)
    let decision: RawPrediction.Decision =
      version < .one(5) ? .greatestProbability : loss.isMulticlass ? .greatest : .positive
    return try loss.classifier(raw, classes, decision, for: estimator, &builder)
  }

  static func histogramRegressor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let loss = try estimator.boostingLoss([
      .histogram("loss", "LeastSquares"): .value, .histogram("loss", "LeastAbsoluteDeviation"): .value,
      .histogram("loss", "Poisson"): .exp, .loss("HalfSquaredError"): .value, .loss("AbsoluteError"): .value,
      .loss("PinballLoss"): .value, .loss("HalfPoissonLoss"): .exp, .loss("HalfGammaLoss"): .exp,
    ])
    var value = try iterations(estimator, input, outputs: 1, version, &builder)
    if loss == .exp {
      value = try builder.apply(MapElements(.exp), to: value, named: "value", for: estimator)
    }
    return .regressor(value, isVector: true)
  }

  private static func iterations(
    _ estimator: Estimator, _ input: Operand, outputs: Int, _ version: ScikitLearnVersion,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let baseline = try estimator.view.fittedAttribute("_baseline_prediction").numbers(count: outputs)
    let columns = try estimator.columns(of: input, &builder)
    let encoded = try encodedCategories(estimator, columns, &builder)
    var value = try builder.numbers(encoded ?? columns, origin: estimator)
    let categories = try KnownCategories(
      try estimator.view.fittedAttribute("_bin_mapper").instance(
        of: .sklearn("ensemble._hist_gradient_boosting.binning", "_BinMapper")), features: value.columns,
      &builder)
    if encoded == nil, !categories.columns.isEmpty {
      value = try builder.apply(
        CategoryBytes(columns: categories.columns, negativesAreMissing: version >= .one(2)), to: value,
        named: "categories", for: estimator)
    }
    let list = try estimator.view.fittedAttribute("_predictors")
    var arrays = TreeArrays(width: 1)
    for iteration in try list.elements() {
      let trees = try iteration.elements()
      guard trees.count == outputs else { throw iteration.unexpected("a list of \(outputs) trees") }
      for (target, tree) in trees.enumerated() {
        let (nodes, values) = try TreeNodes.histogram(tree, categories, &builder)
        arrays.append(nodes, target: outputs == 1 ? nil : target) { $1.append(values[$0]) }
      }
    }
    guard arrays.treeCount > 0 else {
      return try builder.apply(Fill(baseline), to: value, named: "raw", for: estimator)
    }
    return try builder.apply(
      arrays.ensemble(outputs: outputs, comparesSingles: false, base: baseline), to: value, named: "raw",
      for: estimator)
  }

  /// The columns as the model's own preprocessor gives them; nil where it has none.
  private static func encodedCategories(
    _ estimator: Estimator, _ columns: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> Operand? {
    guard let preprocessor = estimator.view.attributeIfPresent("_preprocessor"), !preprocessor.isNone else {
      return nil
    }
    let count = columns.count ?? 0
    let list = try preprocessor.fittedAttribute("transformers_")
    var parts: [Operand] = []
    for entry in try list.elements() {
      let members = try entry.elements()
      guard members.count == 3, let name = members[0].text else {
        throw entry.unexpected("a name, a transformer and its columns")
      }
      if name == "remainder", members[1].text == "drop" { continue }
      let mask = try members[2].flags(count: count)
      guard
        let selected = try builder.selecting(mask.indices.filter { mask[$0] }, of: columns, for: estimator)
      else {
        throw members[2].unexpected("columns that there are")
      }
      switch (name, members[1].object?.type) {
      case ("encoder", PickleGlobal.sklearn("preprocessing._encoders", "OrdinalEncoder")):
        let encoder = try estimator.lift(
          members[1], label: "._preprocessor['encoder']", selected, &builder)
        guard let transformed = encoder.transformed else { throw members[1].unexpected("a transformer") }
        parts.append(transformed)
      case ("numerical", PickleGlobal.sklearn("preprocessing._function_transformer", "FunctionTransformer"))
      where members[1].checksAnArray:
        parts.append(selected)
      default: throw entry.unexpected("the encoder of categories or the check of numbers")
      }
    }
    guard let joined = try builder.sideBySide(parts, for: estimator), joined.count == count else {
      throw list.unexpected("transformers of all \(count) columns")
    }
    return joined
  }
}

extension PickleView {
  /// Whether this transformer only looks at its numbers: `functools.partial(check_array, …)`.
  fileprivate var checksAnArray: Bool {
    guard let function = attributeIfPresent("func")?.object,
      function.type == PickleGlobal(module: "functools", name: "partial"),
      let argument = function.arguments.first, case .global(let called) = view(of: argument, "").value
    else { return false }
    return called == PickleGlobal(module: "sklearn.utils.validation", name: "check_array")
  }
}

/// Which columns hold categories, and for each the set of those that there were at training, in four words.
struct KnownCategories {
  /// The columns that hold categories.
  let columns: [Int64]
  /// The sets by column.
  let sets: [Int: [UInt64]]

  /// Reads what `view`, a `_BinMapper`, says of so many features.
  init(_ view: PickleView, features: Int, _ builder: inout GraphBuilder) throws(Problem) {
    let flags = try view.fittedAttribute("is_categorical_").flags(count: features)
    let list = try view.fittedAttribute("bin_thresholds_")
    let known = try list.elements()
    guard known.count == features else { throw list.unexpected("a list of \(features) arrays") }
    var sets: [Int: [UInt64]] = [:]
    for (column, isCategorical) in flags.enumerated() where isCategorical {
      guard case .array(let array) = known[column].value, array.count <= 256 else {
        throw known[column].unexpected("an array of at most 256 categories")
      }
      try builder.spend(elements: 4 + array.count, for: view)
      var words = [UInt64](repeating: 0, count: 4)
      for category in try known[column].numbers(axes: 1).elements {
        guard category >= 0, category < 256 else {
          throw known[column].unexpected("categories from 0 to below 256")
        }
        words[Int(category) / 64] |= 1 << (UInt64(category) % 64)
      }
      sets[column] = words
    }
    self.sets = sets
    self.columns = sets.keys.sorted().map(Int64.init)
  }
}

extension TreeNodes {
  /// Reads a `TreePredictor`: its nodes, and for each the value that it has as a leaf.
  ///
  /// A node with categories sends those of its set left, other known ones right, and all others where a missing
  /// element goes. Where that is left, the node is turned round: the other known ones go left, all others right.
  fileprivate static func histogram(
    _ view: PickleView, _ categories: KnownCategories, _ builder: inout GraphBuilder
  ) throws(Problem) -> (nodes: TreeNodes, values: [Double]) {
    guard view.object?.type == .histogram("predictor", "TreePredictor") else {
      throw view.unexpected("an instance of TreePredictor")
    }
    let nodes = try view.attribute("nodes")
    let fields = try NodeFields(nodes, &builder)
    var left = try fields.integers("left")
    var right = try fields.integers("right")
    let feature = try fields.integers("feature_idx")
    var threshold = try fields.doubles("num_threshold")
    var missingLeft = try fields.integers("missing_go_to_left")
    let isLeaf = try fields.integers("is_leaf")
    let isCategorical = try fields.integers("is_categorical")
    var sets: [Int: [UInt64]] = [:]
    let bitsets = isCategorical.contains { $0 != 0 } ? try Bitsets(view, fields, &builder) : nil
    for node in 0..<fields.count {
      if isLeaf[node] != 0 {
        (left[node], right[node]) = (-1, -1)
      } else if isCategorical[node] != 0, let bitsets {
        guard let set = bitsets[node], let column = Int(exactly: feature[node]),
          let known = categories.sets[column]
        else {
          throw nodes.unexpected("nodes whose sets of categories are there, for columns that have them")
        }
        try builder.spend(elements: 4, for: view)
        threshold[node] = 0
        if missingLeft[node] == 0 {
          sets[node] = set
        } else {
          sets[node] = zip(known, set).map { $0 & ~$1 }
          swap(&left[node], &right[node])
          missingLeft[node] = 0
        }
      } else if left[node] == -1, right[node] == -1 {
        throw nodes.unexpected("nodes that have children or are leaves")
      }
    }
    return (
      TreeNodes(
        left: left, right: right, feature: feature, threshold: threshold, missingLeft: missingLeft,
        sets: sets),
      try fields.doubles("value")
    )
  }

  /// The sets of a tree, 256 bits each.
  private struct Bitsets {
    private let rows: [Int64]
    private let words: [Int64]

    init(
      _ view: PickleView, _ fields: NodeFields, _ builder: inout GraphBuilder
    ) throws(Problem) {
      let attribute = try view.attribute("raw_left_cat_bitsets")
      guard case .array(let array) = attribute.value, array.shape.count == 2, array.shape[1] == 8 else {
        throw attribute.unexpected("an array of sets of categories")
      }
      try builder.spend(elements: array.count, for: attribute)
      guard let words = array.items?.integers(), words.allSatisfy({ 0...Int64(UInt32.max) ~= $0 })
      else { throw attribute.unexpected("an array of sets of categories") }
      self.words = array.rowMajor(words)
      self.rows = try fields.integers("bitset_idx")
    }

    subscript(node: Int) -> [UInt64]? {
      guard let row = Int(exactly: rows[node]), row >= 0, row < words.count / 8 else { return nil }
      return (0..<4).map { word in
        UInt64(words[row * 8 + word * 2]) | UInt64(words[row * 8 + word * 2 + 1]) << 32
      }
    }
  }
}

extension PickleGlobal {
  /// A name of the package of histogram boosting.
  fileprivate static func histogram(_ module: String, _ name: String) -> Self {
    sklearn("ensemble._hist_gradient_boosting.\(module)", name)
  }
}
