import Artifacts
import Domain
import Encoding
import ModelGraph

/// Collects the operators of a lift, giving each value a name of its own, and finds out what the model's features
/// are from those who read them.
struct GraphBuilder {
  var nodes: [ModelGraph.Node] = []
  private var taken: [String: Int] = [ModelGraph.inputName: 1, ModelGraph.textsName: 1]
  /// How many more elements constants may have.
  private var elementBudget: Int
  /// How many more columns may be chosen one by one or put side by side.
  private var columnBudget: Int
  /// How many more values operators may read.
  private var operandBudget = 1 << 22
  /// How many more elements may be written out of sparse matrices, 128 MiB of them.
  private var expansionBudget = 1 << 24
  /// How many more estimators may be looked at.
  private var estimatorBudget = 16_384
  /// How deep estimators may hold one another.
  private static let mostDepth = 24
  /// How many operators may be made: what no result needs falls away in the end.
  private static let mostNodes = 2 * GraphLimits.operators
  /// How many features a model may have.
  let mostFeatures: Int

  /// What the rows of the model are.
  var form = InputForm.rows
  /// How many features the model has, once an estimator that reads them all has said.
  private(set) var featureCount: Int?
  /// What they are called, where that estimator was fitted with names.
  private(set) var featureNames: [String]?
  /// What each feature is that has been read.
  var kinds: [FeatureKind?] = []
  /// The nodes that select features, by the index of the node; features, not yet places among those of a kind.
  var featureNodes: [Int: [Int]] = [:]
  /// The nodes that stand for rows of which no feature is read, by their index.
  var unreadNodes: [Int] = []
  /// The values that were made of operands.
  var made: [MadeKey: GraphValue] = [:]
  /// Texts without a missing one: what an imputer filled.
  var filledTexts: Set<GraphValue> = []
  /// How many sums of products were taken in single precision, whose last place is the processor's.
  var singleSums = 0
  /// The version of the library that wrote the model, where it is a booster's and the model itself says.
  var sourceVersion: String?

  /// What a feature is.
  enum FeatureKind {
    case number
    case text
  }

  /// Columns and what they were made into.
  struct MadeKey: Hashable {
    let segments: [Operand.Segment]?
    let isText: Bool
  }

  /// Starts a lift of something that holds arrays of so many bytes.
  ///
  /// A pickle can name one array many times over, so a small one may describe trees without end. What an
  /// honest model gives never has more elements than its arrays have bytes; nothing beyond that is built.
  init(arrayBytes: Int) {
    elementBudget = arrayBytes + (1 << 16)
    columnBudget = arrayBytes + (1 << 21)
    mostFeatures = min(GraphLimits.columns, max(1 << 20, arrayBytes))
  }

  /// States how many features there are, and what they are called where that is known; what is known stays so.
  mutating func declareFeatures(count: Int, names: [String]?) {
    if featureCount == nil {
      featureCount = count
      kinds = Array(repeating: nil, count: count)
    }
    if featureNames == nil { featureNames = names }
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

  /// Takes elements from the budget, before they are made; whether there were as many.
  mutating func spend(elements: Int) -> Bool {
    guard elements <= elementBudget else { return false }
    elementBudget -= elements
    return true
  }

  /// Takes columns from the budget, before they are chosen.
  ///
  /// A mask or a slice is short and may be named many times over, while what it chooses has a place in memory for
  /// every column.
  mutating func spend(columns: Int, for view: PickleView) throws(Problem) {
    guard columns <= columnBudget else {
      throw Problem(
        .refused, "lift.shared-columns",
        "expected columns that are each chosen a few times, found them chosen over and over at"
          + " \(view.path.suffix(200))",
        position: view.position)
    }
    columnBudget -= columns
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
    try expectRoom(for: inputs.count, origin: origin, position: position)
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

  /// Nothing is built that no graph may have: what is beyond it would be held in memory until the graph is checked.
  mutating func expectRoom(
    for operands: Int, origin: String, position: String?
  ) throws(Problem) {
    guard nodes.count < Self.mostNodes else {
      throw Problem(
        .refused, "lift.too-many-operators",
        "expected a model of at most \(Self.mostNodes) operators, found more at \(origin.excerpt(80))",
        position: position)
    }
    guard operands <= GraphLimits.operands, operands <= operandBudget else {
      throw Problem(
        .refused, "lift.too-many-operands",
        "expected operators of at most \(GraphLimits.operands) values each and \(1 << 22) in all, found more at"
          + " \(origin.excerpt(80))", position: position)
    }
    operandBudget -= operands
  }

  /// A name that no value has yet.
  mutating func unique(_ name: String) -> String {
    let count = taken[name, default: 0] + 1
    taken[name] = count
    return count == 1 ? name : "\(name).\(count)"
  }
}
