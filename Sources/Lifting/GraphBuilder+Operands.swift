import Artifacts
import Domain
import ModelGraph

extension GraphBuilder {
  /// All features, now that an estimator that reads them says how many there are.
  mutating func resolve(
    _ operand: Operand, count: Int, names: [String]?, for estimator: Estimator
  ) throws(Problem) -> Operand {
    guard 0...GraphLimits.columns ~= count, operand.count != nil || count <= mostFeatures else {
      throw Problem(
        .refused, "lift.too-many-features",
        "expected \(estimator.view.path) to read at most"
          + " \(operand.count == nil ? mostFeatures : GraphLimits.columns) features, found \(count)",
        position: estimator.view.position)
    }
    if let found = operand.count {
      guard found == count else {
        throw Problem(
          .refused, "lift.unexpected-attribute",
          "expected \(estimator.view.path).n_features_in_ to be \(found), as the step before gives, found"
            + " \(count)",
          position: estimator.view.position)
      }
      return operand
    }
    if let featureCount {
      guard featureCount == count else {
        throw Problem(
          .refused, "lift.unexpected-attribute",
          "expected \(estimator.view.path) to read \(featureCount) features as others do, found \(count)",
          position: estimator.view.position)
      }
    }
    if let names, let featureNames,
      !names.elementsEqual(featureNames, by: { $0.utf8.elementsEqual($1.utf8) })
    {
      // The library refuses a frame for one of the two, and an array it gives to both by the places of its columns.
      throw Problem(
        .refused, "lift.feature-names",
        "expected \(estimator.view.path) to be fitted on the features that others were fitted on, found other names"
          + " or another order", position: estimator.view.position,
        hint: "fit all of the model on one frame")
    }
    declareFeatures(count: count, names: names)
    return Operand([.features(0..<count)]).held(as: operand)
  }

  /// One value of numbers made of the columns, as many as `estimator` was fitted on (`n_features_in_`).
  mutating func numbers(_ operand: Operand, for estimator: Estimator) throws(Problem) -> GraphValue {
    try numbers(try estimator.columns(of: operand, &self), origin: estimator)
  }

  /// One value of numbers made of columns whose number is known.
  mutating func numbers(_ operand: Operand, origin: Estimator) throws(Problem) -> GraphValue {
    try make(operand, isText: false, origin)
  }

  /// One value of texts made of columns whose number is known.
  mutating func texts(_ operand: Operand, origin: Estimator) throws(Problem) -> GraphValue {
    try make(operand, isText: true, origin)
  }

  /// The texts of rows that are one text each: what a vectorizer reads.
  mutating func documents(_ operand: Operand, origin: Estimator) throws(Problem) -> GraphValue {
    try single(operand, .documents, origin)
  }

  /// The texts of rows that are one mapping each, as JSON: what a dictionary's vectorizer reads.
  mutating func mappings(_ operand: Operand, origin: Estimator) throws(Problem) -> GraphValue {
    try single(operand, .mappings, origin)
  }

  /// The texts of rows that are one list each, as JSON.
  mutating func lists(_ operand: Operand, origin: Estimator) throws(Problem) -> GraphValue {
    try single(operand, .lists, origin)
  }

  private mutating func single(
    _ operand: Operand, _ form: InputForm, _ origin: Estimator
  ) throws(Problem) -> GraphValue {
    var operand = operand
    if operand.count == nil {
      guard featureCount == nil || self.form == form else {
        throw Problem(
          .refused, "lift.input-form",
          "expected \(origin.view.path) to read rows of features as others do, found it to read"
            + " \(form.rawValue)", position: origin.view.position)
      }
      self.form = form
      operand = try resolve(operand, count: 1, names: nil, for: origin)
    }
    guard operand.count == 1 else {
      throw Problem(
        .refused, "lift.input-form",
        "expected one column for \(origin.view.path), found \(operand.count ?? 0)",
        position: origin.view.position)
    }
    return try make(operand, isText: true, origin)
  }

  private mutating func make(
    _ operand: Operand, isText: Bool, _ origin: Estimator
  ) throws(Problem) -> GraphValue {
    // To look it up takes time for each segment, to make it more.
    try spend(columns: (operand.segments?.count ?? 0) / 16, for: origin.view)
    let key = MadeKey(segments: operand.segments, isText: isText)
    if let value = made[key] { return value }
    guard let segments = operand.segments, !segments.isEmpty else {
      throw Problem(
        .refused, "lift.no-columns", "expected columns for \(origin.view.path), found none",
        position: origin.view.position)
    }
    var parts: [GraphValue] = []
    var features: [Int] = []
    for segment in segments {
      switch segment {
      case .features(let range):
        try spend(columns: range.count, for: origin.view)
        features += range
      case .value(let value, let range):
        if !features.isEmpty { parts.append(try select(features, isText, origin)) }
        features = []
        guard (value.type.content == .texts) == isText else {
          throw Problem(
            .refused, "lift.mixed-columns",
            "expected \(isText ? "text" : "numbers") for \(origin.view.path), found \(value.type.content)",
            position: origin.view.position)
        }
        parts.append(
          range == 0..<value.columns
            ? value
            : try apply(
              Columns(range.map(Int64.init)), to: value, named: "columns", for: origin))
      }
    }
    if !features.isEmpty { parts.append(try select(features, isText, origin)) }
    let value =
      parts.count == 1 ? parts[0] : try apply(Concat(), to: parts, named: "joined", for: origin)
    made[key] = value
    return value
  }

  /// A value of features of one kind.
  private mutating func select(
    _ features: [Int], _ isText: Bool, _ origin: Estimator
  ) throws(Problem) -> GraphValue {
    let kind: FeatureKind = isText ? .text : .number
    for feature in features {
      let known = kinds[feature]
      kinds[feature] = kind
      guard known ?? kind == kind else {
        let name = featureNames.map { " '\($0[feature].prefix(80))'" } ?? ""
        throw Problem(
          .refused, "lift.mixed-columns",
          "expected column \(feature)\(name) to be read as \(isText ? "text" : "a number") alone, found"
            + " another step that reads it as \(isText ? "a number" : "text"), besides \(origin.view.path)",
          position: origin.view.position)
      }
    }
    return try read(features, isText, origin: origin.name, position: origin.view.position)
  }

  /// A value for what reads no feature and asks only how many rows there are.
  mutating func unread(for origin: Estimator) throws(Problem) -> GraphValue {
    try expectRoom(for: 1, origin: origin.name, position: origin.view.position)
    let name = unique("rows")
    // Which feature stands for a row is known only at the end.
    unreadNodes.append(nodes.count)
    nodes.append(
      ModelGraph.Node(
        output: name, inputs: [ModelGraph.inputName], operator: Columns([]), origin: origin.name))
    return GraphValue(name: name, type: .numbers(1))
  }

  /// A value of features whose kind is known.
  private mutating func read(
    _ features: [Int], _ isText: Bool, origin: String, position: String?
  ) throws(Problem) -> GraphValue {
    try expectRoom(for: 1, origin: origin, position: position)
    let name = unique("features")
    // The places among the features of a kind are known only at the end.
    featureNodes[nodes.count] = features
    nodes.append(
      ModelGraph.Node(
        output: name, inputs: [isText ? ModelGraph.textsName : ModelGraph.inputName],
        operator: Columns([]), origin: origin))
    return GraphValue(name: name, type: ValueType(isText ? .texts : .numbers, columns: features.count))
  }
}

// MARK: - Columns that a document describes

extension GraphBuilder {
  /// Some of the columns of an operand, in this order; nil where one of them is not there.
  mutating func selecting(
    _ indices: [Int], of operand: Operand, for estimator: Estimator
  ) throws(Problem) -> Operand? {
    try spend(columns: indices.count + (operand.segments?.count ?? 0), for: estimator.view)
    return operand.selecting(indices)
  }

  /// The columns of several operands side by side; nil where the number of one is not known.
  mutating func sideBySide(_ operands: [Operand], for estimator: Estimator) throws(Problem) -> Operand? {
    try spend(
      columns: operands.reduce(0) { $0 + 1 + ($1.segments?.count ?? 0) }, for: estimator.view)
    guard operands.reduce(0, { $0 + ($1.count ?? 0) }) <= GraphLimits.columns else {
      throw Problem(
        .refused, "lift.too-many-columns",
        "expected at most \(GraphLimits.columns) columns side by side at \(estimator.view.path), found more",
        position: estimator.view.position)
    }
    return .sideBySide(operands)
  }
}

// MARK: - Models that say what their inputs are

extension GraphBuilder {
  /// A value of declared features, which are text or numbers as the file says.
  mutating func features(_ range: Range<Int>, isText: Bool, origin: String) throws(Problem) -> GraphValue {
    for feature in range { kinds[feature] = isText ? .text : .number }
    return try read(Array(range), isText, origin: origin, position: nil)
  }
}
