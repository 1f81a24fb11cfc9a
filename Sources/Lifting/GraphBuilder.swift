import Artifacts
import Domain
import ModelGraph

/// Collects the operators of a lift, giving each value a name of its own, and finds out what the model's features
/// are from those who read them.
struct GraphBuilder {
  private var nodes: [ModelGraph.Node] = []
  private var taken: [String: Int] = [ModelGraph.inputName: 1, ModelGraph.textsName: 1]
  /// How many more elements constants may have.
  private var elementBudget: Int
  /// How many more elements may be written out of sparse matrices, 128 MiB of them.
  private var expansionBudget = 1 << 24
  /// How many more estimators may be looked at.
  private var estimatorBudget = 16_384
  /// How deep estimators may hold one another.
  private static let mostDepth = 24

  /// What the rows of the model are.
  private var form = InputForm.rows
  /// How many features the model has, once an estimator that reads them all has said.
  private(set) var featureCount: Int?
  /// What they are called, where that estimator was fitted with names.
  private(set) var featureNames: [String]?
  /// What each feature is that has been read.
  private var kinds: [Int: FeatureKind] = [:]
  /// The nodes that select features, by the index of the node; features, not yet places among those of a kind.
  private var featureNodes: [Int: [Int]] = [:]
  /// The values that were made of operands.
  private var made: [MadeKey: GraphValue] = [:]
  /// The version of the library that wrote the model, where it is a booster's and the model itself says.
  var sourceVersion: String?

  private enum FeatureKind {
    case number
    case text
  }

  private struct MadeKey: Hashable {
    let operand: Operand
    let isText: Bool
  }

  /// Starts a lift of something that holds arrays of so many bytes.
  ///
  /// A pickle can name one array many times over, so a small one may describe trees without end. What an
  /// honest model gives never has more elements than its arrays have bytes; nothing beyond that is built.
  init(arrayBytes: Int) {
    self.elementBudget = arrayBytes + (1 << 16)
  }

  /// Starts a lift of `document`.
  init(for document: PickleDocument) {
    var bytes = 0
    for value in document.values {
      switch value {
      case .array(let array):
        switch array.storage {
        case .bytes(let slice): bytes += slice.count
        // What encoders keep their categories in.
        case .objects(let ids): bytes += 2 * ids.count
        }
      // What boosters keep their models in.
      case .bytes(let slice), .byteArray(let slice): bytes += slice.count
      // What vectorizers keep their vocabularies in.
      case .dictionary(let pairs): bytes += pairs.count
      case .string(let text): bytes += text.utf8.count + 1
      default: break
      }
    }
    self.init(arrayBytes: bytes)
  }

  /// Takes elements from the budget, before they are made.
  mutating func spend(elements: Int, for view: PickleView) throws(Problem) {
    guard elements <= elementBudget else {
      throw Problem(
        .refused, "lift.shared-arrays",
        "expected arrays of its own at \(view.path), found those that other parts of the model have",
        position: view.position)
    }
    elementBudget -= elements
  }

  /// Takes the elements of a sparse matrix from a budget of their own: an honest one too has more of them than
  /// its arrays have bytes.
  mutating func spend(expanded elements: Int, for view: PickleView) throws(Problem) {
    guard elements <= expansionBudget else {
      throw Problem(
        .refused, "lift.sparse-size",
        "expected sparse matrices of at most \(1 << 24) elements in all, found more at \(view.path)",
        position: view.position, hint: "call densify() on the model before you save it")
    }
    expansionBudget -= elements
  }

  /// Counts one estimator.
  mutating func enter(_ view: PickleView, depth: Int) throws(Problem) {
    guard estimatorBudget > 0, depth <= Self.mostDepth else {
      throw Problem(
        .refused, "lift.too-many-estimators",
        "expected at most 16384 estimators nested \(Self.mostDepth) deep, found more at"
          + " \(view.path.suffix(200))",
        position: view.position)
    }
    estimatorBudget -= 1
  }
}

// MARK: - Operators

extension GraphBuilder {
  /// Applies an operator to values and gives what it makes; what is wrong with its constants is wrong with the
  /// artifact.
  mutating func apply(
    _ operation: some Operator, to inputs: [GraphValue], named name: String, for origin: Estimator
  ) throws(Problem) -> GraphValue {
    try apply(
      operation, to: inputs, named: name, origin: origin.name, position: origin.view.position)
  }

  /// Applies an operator to one value.
  mutating func apply(
    _ operation: some Operator, to input: GraphValue, named name: String, for origin: Estimator
  ) throws(Problem) -> GraphValue {
    try apply(operation, to: [input], named: name, for: origin)
  }

  /// Applies an operator on behalf of what is called `origin`.
  mutating func apply(
    _ operation: some Operator, to inputs: [GraphValue], named name: String, origin: String,
    position: String?
  ) throws(Problem) -> GraphValue {
    let output = unique(name)
    let type: ValueType
    do {
      type = try operation.check(Operands(inputs.map(\.type), node: output))
    } catch {
      throw Problem(.refused, error.code, error.message, position: position)
    }
    nodes.append(
      ModelGraph.Node(output: output, inputs: inputs.map(\.name), operator: operation, origin: origin))
    return GraphValue(name: output, type: type)
  }

  private mutating func unique(_ name: String) -> String {
    let count = taken[name, default: 0] + 1
    taken[name] = count
    return count == 1 ? name : "\(name).\(count)"
  }
}

// MARK: - Operands

extension GraphBuilder {
  /// All features, now that an estimator that reads them says how many there are.
  mutating func resolve(
    _ operand: Operand, count: Int, names: [String]?, for estimator: Estimator
  ) throws(Problem) -> Operand {
    guard 0...GraphLimits.columns ~= count else {
      throw Problem(
        .refused, "lift.too-many-features",
        "expected \(estimator.view.path) to read at most \(GraphLimits.columns) features, found \(count)",
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
    } else {
      featureCount = count
    }
    if featureNames == nil { featureNames = names }
    return Operand([.features(0..<count)])
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
    let key = MadeKey(operand: operand, isText: isText)
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
      case .features(let range): features += range
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
      guard kinds.updateValue(kind, forKey: feature) ?? kind == kind else {
        let name = featureNames.map { " '\($0[feature].prefix(80))'" } ?? ""
        throw Problem(
          .refused, "lift.mixed-columns",
          "expected column \(feature)\(name) to be read as \(isText ? "text" : "a number") alone, found"
            + " another step that reads it as \(isText ? "a number" : "text"), besides \(origin.view.path)",
          position: origin.view.position)
      }
    }
    let name = unique("features")
    // The places among the features of a kind are known only at the end.
    featureNodes[nodes.count] = features
    nodes.append(
      ModelGraph.Node(
        output: name, inputs: [isText ? ModelGraph.textsName : ModelGraph.inputName],
        operator: Columns([]), origin: origin.name))
    return GraphValue(name: name, type: ValueType(isText ? .texts : .numbers, columns: features.count))
  }
}

// MARK: - Models that say what their inputs are

extension GraphBuilder {
  /// States the features of a model whose file says how many there are and what they are called.
  mutating func declareFeatures(count: Int, names: [String]?) {
    featureCount = count
    featureNames = names
  }

  /// A value of declared features, which are text or numbers as the file says.
  mutating func features(_ range: Range<Int>, isText: Bool, origin: String) -> GraphValue {
    for feature in range { kinds[feature] = isText ? .text : .number }
    let name = unique("features")
    featureNodes[nodes.count] = Array(range)
    nodes.append(
      ModelGraph.Node(
        output: name, inputs: [isText ? ModelGraph.textsName : ModelGraph.inputName],
        operator: Columns([]), origin: origin))
    return GraphValue(name: name, type: ValueType(isText ? .texts : .numbers, columns: range.count))
  }

  /// Takes elements from the budget, before they are made; whether there were as many.
  mutating func spend(elements: Int) -> Bool {
    guard elements <= elementBudget else { return false }
    elementBudget -= elements
    return true
  }
}

// MARK: - The graph

extension GraphBuilder {
  /// The features, once everything has been lifted.
  private var features: FeatureList {
    let count = featureCount ?? 0
    return FeatureList(
      form: form, count: count, names: featureNames,
      texts: kinds.filter { $0.value == .text }.keys.sorted(),
      ignored: (0..<count).filter { kinds[$0] == nil })
  }

  /// The graph that gives `outputs`: what no output needs is left out.
  func graph(
    outputs: [ModelSignature.Output], results: [PredictionMethod: [String]], classes: [Tensor]
  ) -> ModelGraph {
    let pruned = needed(by: results)
    // Only what is read decides what a feature is.
    var builder = self
    builder.kinds = [:]
    for (index, features) in featureNodes where pruned.contains(index) {
      let isText = nodes[index].inputs == [ModelGraph.textsName]
      for feature in features { builder.kinds[feature] = isText ? .text : .number }
    }
    let features = builder.features
    let numbers = features.numbers
    let places = [
      ModelGraph.inputName: Dictionary(uniqueKeysWithValues: zip(numbers, numbers.indices)),
      ModelGraph.textsName: Dictionary(uniqueKeysWithValues: zip(features.texts, features.texts.indices)),
    ]
    var renamed: [String: String] = [:]
    var kept: [ModelGraph.Node] = []
    for (index, node) in nodes.enumerated() where pruned.contains(index) {
      var node = node
      node.inputs = node.inputs.map { renamed[$0] ?? $0 }
      if let features = featureNodes[index], let input = node.inputs.first, let places = places[input] {
        let indices = features.map { Int64(places[$0] ?? 0) }
        // All of a kind in order: the input itself. A result has to be the value of an operator.
        let isResult = results.values.contains { $0.contains(node.output) }
        if indices.elementsEqual(0..<Int64(places.count)), !isResult {
          renamed[node.output] = input
          continue
        }
        node.operator = Columns(indices)
      }
      kept.append(node)
    }
    return ModelGraph(
      signature: ModelSignature(features: features, outputs: outputs, classes: classes), nodes: kept,
      results: results)
  }

  /// The indices of the nodes that results depend on.
  private func needed(by results: [PredictionMethod: [String]]) -> Set<Int> {
    var names = Set(results.values.joined())
    var needed: Set<Int> = []
    for index in nodes.indices.reversed() where names.contains(nodes[index].output) {
      needed.insert(index)
      names.formUnion(nodes[index].inputs)
    }
    return needed
  }
}
