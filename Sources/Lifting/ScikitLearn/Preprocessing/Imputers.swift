import Artifacts
import Domain
import ModelGraph

/// SimpleImputer, MissingIndicator, KNNImputer, IterativeImputer.
extension Lifter {
  static let imputers: [PickleGlobal: Lift] = [
    .sklearn("impute._base", "SimpleImputer"): simpleImputer,
    .sklearn("impute._base", "MissingIndicator"): missingIndicator,
    .sklearn("impute._knn", "KNNImputer"): nearestImputer,
    .sklearn("impute._iterative", "IterativeImputer"): iterativeImputer,
  ]

  static func simpleImputer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try estimator.columns(of: input, &builder)
    let count = operand.count ?? 0
    let attribute = try estimator.view.fittedAttribute("statistics_")
    let filled: GraphValue
    let mask: GraphValue
    if let texts = attribute.textStatistics(count: count) {
      let value = try builder.texts(operand, origin: estimator)
      let missing = try estimator.missingText()
      filled = try builder.apply(
        FillTexts(texts: texts, missing: missing), to: value, named: "filled", for: estimator)
      if missing == nil { builder.filledTexts.insert(filled) }
      mask = try builder.apply(
        MissingTexts(missing: missing), to: value, named: "missing", for: estimator)
      return LiftedEstimator(
        transformed: try withIndicator(Operand(filled), mask, estimator, &builder))
    }
    var statistics = try attribute.statistics(count: count)
    let isSingle = operand.datatype == .float32
    // From 1.8 on the type that it was fitted on is that of what it fills in.
    let fitted = estimator.view.attributeIfPresent("_fill_dtype").flatMap { ElementType($0) }
    let isNew = try estimator.version() >= .one(8)
    if isSingle || isNew && fitted?.datatype == .float32 {
      statistics = statistics.map { Double(Float($0)) }
    }
    try builder.spend(elements: count, for: attribute)
    let value = try builder.missingAsNaN(operand, for: estimator)
    mask = try builder.apply(MapElements(.isMissing), to: value, named: "missing", for: estimator)
    filled = try builder.apply(
      Combine(.fillMissing, constants: statistics.map { $0.isNaN ? 0 : $0 }), to: value, named: "filled",
      for: estimator)
    // A column of which nothing was ever seen has no statistic, and is left out unless asked for. Until 1.7 a
    // constant was there for such columns too.
    let isConstant = try estimator.view.attribute("strategy").text == "constant"
    let keepsEmpty: Bool
    if isConstant, try estimator.version() < .one(8) {
      keepsEmpty = true
    } else {
      keepsEmpty = try estimator.flag("keep_empty_features", else: false)
    }
    // The constant may be NaN itself, where something else stood for what is missing.
    let kept = statistics.indices.filter { keepsEmpty || !statistics[$0].isNaN }
    var selected = Operand(
      kept.map { .value(statistics[$0].isNaN ? value : filled, $0..<($0 + 1)) })
    selected.storage = operand.storage
    if isSingle { selected.datatype = .float32 }
    guard !kept.isEmpty else { throw attribute.unexpected("statistics of which one is a number") }
    return LiftedEstimator(transformed: try withIndicator(selected, mask, estimator, &builder))
  }

  /// Adds the columns that say what was missing, where the imputer was asked for them.
  private static func withIndicator(
    _ filled: Operand, _ mask: GraphValue, _ estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> Operand {
    guard try estimator.flag("add_indicator", else: false) else { return filled }
    let indicator = try estimator.view.fittedAttribute("indicator_")
    guard !indicator.isNone else {
      throw estimator.unsupported(
        "add_indicator", "True without a fitted indicator", hint: "fit it again after set_params")
    }
    _ = try indicator.instance(of: .sklearn("impute._base", "MissingIndicator"))
    let features = try indicator.fittedAttribute("features_").indices(atMost: mask.columns - 1)
    guard !features.isEmpty else { return filled }
    guard let columns = try builder.selecting(features, of: Operand(mask).held(as: filled), for: estimator),
      let joined = try builder.sideBySide([filled, columns], for: estimator)
    else { throw indicator.unexpected("an indicator of columns that there are") }
    return joined
  }

  static func missingIndicator(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try estimator.columns(of: input, &builder)
    let mask: GraphValue
    if estimator.view.attributeIfPresent("missing_values")?.text != nil {
      let value = try builder.texts(operand, origin: estimator)
      mask = try builder.apply(
        MissingTexts(missing: try estimator.missingText()), to: value, named: "missing", for: estimator)
    } else {
      let value = try builder.missingAsNaN(operand, for: estimator)
      mask = try builder.apply(MapElements(.isMissing), to: value, named: "missing", for: estimator)
    }
    let attribute = try estimator.view.fittedAttribute("features_")
    let features = try attribute.indices(atMost: mask.columns - 1)
    // The library refuses what is missing in a column that never missed any.
    var checked = mask
    if try estimator.view.attribute("features").text == "missing-only",
      try estimator.flag("error_on_new", else: true), features.count < mask.columns
    {
      let known = Set(features)
      let others = (0..<mask.columns).filter { !known.contains($0) }.map { Int64($0) }
      checked = try builder.apply(CheckPresent(others), to: mask, named: "checked", for: estimator)
    }
    guard let selected = try builder.selecting(features, of: Operand(checked), for: estimator),
      !features.isEmpty
    else {
      throw attribute.unexpected("columns that may be missing")
    }
    var lifted = LiftedEstimator(transformed: selected)
    lifted.transformedDatatype = .bool
    let sparse = try estimator.view.attribute("sparse")
    let isSparse = sparse.text == nil ? try sparse.bool() : operand.storage != .dense
    lifted.transformed?.storage = isSparse ? .sparseWithZeros : .dense
    return lifted
  }

  static func nearestImputer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    guard try view.attribute("metric").text == "nan_euclidean" else {
      throw estimator.unsupported(
        "metric", view.attributeIfPresent("metric")?.description ?? "none",
        hint: "fit with metric='nan_euclidean'")
    }
    let weights = try view.attribute("weights")
    guard let kind = weights.text, ["uniform", "distance"].contains(kind) else {
      throw estimator.unsupported(
        "weights", weights.description, hint: "fit with weights='uniform' or 'distance'")
    }
    let operand = try estimator.columns(of: input, &builder)
    let value = try builder.missingAsNaN(operand, for: estimator)
    let attribute = try view.fittedAttribute("_fit_X")
    let (elements, shape) = try attribute.numbers(axes: 2)
    try builder.spend(elements: elements.count, for: attribute)
    try estimator.refuseNarrow(["_fit_X"])
    // What stands for a missing number in the input stands for it in the table.
    let missing = try estimator.missingNumber()
    let marked = elements.map { missing == $0 ? Double.nan : $0 }
    // Of donors that are equally near, as many are among whole numbers, those that NumPy's partition puts first count,
    // and from NumPy 2.0 on, which 1.4 is the first to run with, those that the processor's own does.
    let neighbors = try view.attribute("n_neighbors").integer()
    let isByProcessor = try estimator.version() >= .one(4)
    if neighbors > 1 || isByProcessor,
      marked.allSatisfy({ $0.isNaN || $0 == $0.rounded(.towardZero) })
    {
      throw estimator.unsupported(
        "_fit_X", "\(attribute.description), all whole numbers, many of which are equally near",
        hint: "scale the columns before it, as with StandardScaler(), or use IterativeImputer()")
    }
    guard shape[1] == value.columns,
      let table = ConstantMatrix(marked, rows: shape[0], columns: shape[1])
    else { throw attribute.unexpected("a table with \(value.columns) columns") }
    let filled = try builder.apply(
      NearestFill(
        table: table, neighbors: try view.attribute("n_neighbors").integer(),
        byDistance: kind == "distance"), to: value, named: "filled", for: estimator)
    let mask = try builder.apply(
      MapElements(.isMissing), to: value, named: "missing", for: estimator)
    let known = (0..<shape[1]).filter { column in
      (0..<shape[0]).contains { !marked[$0 * shape[1] + column].isNaN }
    }
    var transformed = try builder.selecting(known, of: Operand(filled), for: estimator)
    if known.count < shape[1], try estimator.flag("keep_empty_features", else: false) {
      // Columns without a number in the table are 0 in every row.
      let zero = try builder.apply(
        Fill([Double](repeating: 0, count: shape[1])), to: value, named: "zeros", for: estimator)
      var sources = [GraphValue](repeating: zero, count: shape[1])
      for column in known { sources[column] = filled }
      let columns = sources.enumerated().map { Operand([.value($1, $0..<($0 + 1))]) }
      transformed = try builder.sideBySide(columns, for: estimator)
    }
    guard let transformed, transformed.count ?? 0 > 0 else {
      throw attribute.unexpected("a table with numbers")
    }
    return LiftedEstimator(transformed: try withIndicator(transformed, mask, estimator, &builder))
  }

  /// Round by round each feature from the others, as they are by then; the rounds are the fitted ones.
  ///
  /// Each row is answered as the library answers it by itself. In a batch the library gives a row of which all is
  /// missing other numbers, unless all other rows are such rows too.
  static func iterativeImputer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    guard try !view.attribute("sample_posterior").bool() else {
      throw estimator.unsupported(
        "sample_posterior", "True, which is random", hint: "fit with sample_posterior=False")
    }
    let operand = try estimator.columns(of: input, &builder)
    let value = try builder.missingAsNaN(operand, for: estimator)
    let mask = try builder.apply(
      MapElements(.isMissing), to: value, named: "missing", for: estimator)
    let initial = try estimator.lift(
      try view.fittedAttribute("initial_imputer_"), label: ".initial_imputer_", operand, &builder)
    let (kept, isFixed) = try estimator.imputedColumns(of: value.columns)
    let count = kept.count
    guard let start = initial.transformed, start.count == count else {
      throw view.unexpected("an imputer of \(count) columns to start from")
    }
    var columns = start.columns
    let hasRounds = try view.fittedAttribute("n_iter_").integer() != 0
    let sequence = hasRounds ? try view.fittedAttribute("imputation_sequence_").elements() : []
    let lowest = hasRounds ? try estimator.columnConstants("_min_value", count, &builder) : []
    let highest = hasRounds ? try estimator.columnConstants("_max_value", count, &builder) : []
    for (index, step) in sequence.enumerated() {
      let parts = try step.members()
      guard parts.count == 3 else { throw step.unexpected("a feature, its neighbours and an estimator") }
      let feature = try parts[0].integer()
      let neighbors = try parts[1].indices(atMost: count - 1)
      guard 0..<count ~= feature,
        let given = try builder.sideBySide(neighbors.map { columns[$0] }, for: estimator),
        let raw = try builder.selecting([kept[feature]], of: Operand(value), for: estimator)
      else { throw step.unexpected("features that there are") }
      if isFixed[feature] { continue }
      let lifted = try estimator.lift(
        parts[2], label: ".imputation_sequence_[\(index)]", given, &builder)
      guard let answer = lifted.predict?.values.first, answer.type == .numbers(1) else {
        throw parts[2].unexpected("a regressor")
      }
      let clipped = try clip(
        answer, from: lowest[feature], through: highest[feature], estimator, &builder)
      let before = try builder.numbers(raw, origin: estimator)
      columns[feature] = Operand(
        try builder.apply(
          Combine(.fillMissing), to: [before, clipped], named: "imputed", for: estimator))
    }
    guard let rounds = try builder.sideBySide(columns, for: estimator),
      let given = try builder.selecting(kept, of: Operand(mask), for: estimator)
    else { throw view.unexpected("columns") }
    // A column that stays as it was filled counts as one that misses nothing.
    guard !isFixed.contains(true) else {
      return LiftedEstimator(transformed: try withIndicator(rounds, mask, estimator, &builder))
    }
    // The library leaves rounds out where all that it is asked about is missing: a row by itself is such a question.
    let imputed = try builder.numbers(rounds, origin: estimator)
    let isEmpty = try builder.apply(
      ReduceRows(.min), to: try builder.numbers(given, origin: estimator), named: "empty", for: estimator)
    let areEmpty = try builder.apply(
      Columns([Int64](repeating: 0, count: count)), to: isEmpty, named: "empty", for: estimator)
    let filled = Operand(
      try builder.apply(
        Select(), to: [areEmpty, try builder.numbers(start, origin: estimator), imputed], named: "filled",
        for: estimator))
    return LiftedEstimator(transformed: try withIndicator(filled, mask, estimator, &builder))
  }
}

// MARK: - What stands for a missing value

extension Estimator {
  /// The columns of so many that an IterativeImputer keeps, and whether each stays as it was filled at first.
  fileprivate func imputedColumns(of count: Int) throws(Problem) -> (kept: [Int], isFixed: [Bool]) {
    let all = Array(0..<count)
    guard try version() >= .one(6) else {
      // Until then the statistics said which columns never had a number.
      let statistics = try view.fittedAttribute("initial_imputer_").fittedAttribute("statistics_")
      let known = try statistics.statistics(count: count)
      let keepsEmpty = try flag("keep_empty_features", else: false)
      let kept = keepsEmpty ? all : all.filter { !known[$0].isNaN }
      return (kept, kept.map { _ in false })
    }
    let isEmpty = try view.fittedAttribute("_is_empty_feature").flags()
    guard isEmpty.count == count else {
      throw view.unexpected("an imputer that says of \(count) columns whether they are empty")
    }
    let kept = try flag("keep_empty_features", else: false) ? all : all.filter { !isEmpty[$0] }
    return (kept, kept.map { isEmpty[$0] })
  }

  /// The number that stands for a missing one; NaN where that itself does.
  fileprivate func missingNumber() throws(Problem) -> Double {
    let attribute = try view.attribute("missing_values")
    if attribute.isNone { return .nan }
    return try attribute.number()
  }

  /// The text that stands for a missing one; nil where None or NaN does.
  fileprivate func missingText() throws(Problem) -> String? {
    let attribute = try view.attribute("missing_values")
    if attribute.isNone { return nil }
    if let text = attribute.text { return text }
    guard try attribute.number().isNaN else { throw attribute.unexpected("a text, None or NaN") }
    return nil
  }
}

extension GraphBuilder {
  /// Numbers with NaN for what is missing, whatever stands for it at the caller's.
  fileprivate mutating func missingAsNaN(
    _ operand: Operand, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    var missing = try estimator.missingNumber()
    // The mark is rounded with the numbers that it is compared with.
    if operand.datatype == .float32 { missing = Double(Float(missing)) }
    let value = try numbers(operand, origin: estimator)
    let checked = try apply(
      CheckFinite(allowsNaN: missing.isNaN), to: value, named: "checked", for: estimator)
    guard !missing.isNaN else { return checked }
    return try apply(
      MarkMissing(from: missing, through: missing), to: checked, named: "marked", for: estimator)
  }
}

extension PickleView {
  /// The members of a tuple, also of a named one.
  fileprivate func members() throws(Problem) -> [PickleView] {
    guard let object else { return try elements() }
    return object.arguments.enumerated().map { view(of: $1, "[\($0)]") }
  }

  /// Statistics that are texts all.
  fileprivate func textStatistics(count: Int) -> [String]? {
    guard case .array(let array) = value, array.shape == [count], case .objects(let ids) = array.storage
    else { return nil }
    let texts = ids.compactMap { view(of: $0, "").text }
    return texts.count == count && count > 0 ? texts : nil
  }

  /// Statistics that are numbers, NaN where there is none, also as objects.
  fileprivate func statistics(count: Int) throws(Problem) -> [Double] {
    guard case .array(let array) = value, array.shape == [count], case .objects(let ids) = array.storage
    else { return try numbers(shape: [count]) }
    var numbers: [Double] = []
    for id in ids {
      let element = view(of: id, "[]")
      numbers.append(element.isNone ? .nan : try element.number())
    }
    return numbers
  }
}
