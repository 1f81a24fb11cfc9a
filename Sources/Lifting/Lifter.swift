public import Artifacts
public import Domain
import ModelGraph

/// Turns what a pickle describes into a model graph, without running any of it.
///
/// Every class is known by its exact name or refused. Lifted are scikit-learn's, written by 1.2 to 1.9.
public enum Lifter {
  /// Lifts the model that `document` describes; throws the reason why it cannot be lifted.
  public static func lift(_ document: PickleDocument) throws(Problem) -> LiftedGraph {
    let root = PickleView(document: document, id: document.root, path: "")
    var builder = GraphBuilder(for: document)
    let input = GraphValue(name: ModelGraph.inputName, columns: nil)
    let lifted = try lift(root, input, &builder, depth: 0)
    let name = root.object?.type.name ?? ""
    guard let features = lifted.featureCount, !lifted.outputs.isEmpty else {
      throw Problem(
        .refused, "lift.no-estimator", "expected a pipeline with a step that computes, found none at \(name)",
        position: root.position)
    }
    let signature = ModelSignature(
      input: ModelSignature.Port(
        name: ModelGraph.inputName, datatype: .float64, shape: [-1, features]),
      featureNames: lifted.featureNames,
      outputs: lifted.outputs.map {
        ModelSignature.Port(name: $0.method.rawValue, datatype: $0.datatype, shape: $0.shape)
      },
      classes: lifted.classes)
    let graph = ModelGraph(
      signature: signature, nodes: builder.nodes, tensors: builder.tensors,
      results: Dictionary(
        lifted.outputs.map { ($0.method, $0.value) }, uniquingKeysWith: { first, _ in first }))
    return LiftedGraph(
      graph: try validated(graph), framework: "scikit-learn",
      frameworkVersion: Estimator(root, name: name, depth: 0).versionText ?? "unknown", estimator: name)
  }

  /// Checks the graph; what is wrong with it is wrong with the artifact.
  private static func validated(_ graph: ModelGraph) throws(Problem) -> ValidatedGraph {
    do {
      return try ValidatedGraph(graph)
    } catch {
      throw Problem(.refused, error.code, error.message)
    }
  }

  /// Makes the operators of one kind of estimator.
  typealias Lift =
    @Sendable (Estimator, GraphValue, inout GraphBuilder) throws(Problem) -> LiftedEstimator

  private static let lifts: [PickleGlobal: Lift] = [
    .decisionTreeClassifier: decisionTreeClassifier,
    .decisionTreeRegressor: decisionTreeRegressor,
    .randomForestClassifier: randomForestClassifier,
    .randomForestRegressor: randomForestRegressor,
    .linearRegression: linearRegression,
    .logisticRegression: logisticRegression,
    .standardScaler: standardScaler,
    .pipeline: pipeline,
  ]

  /// Lifts the estimator at `view`, whose class completes its path.
  static func lift(
    _ view: PickleView, _ input: GraphValue, _ builder: inout GraphBuilder, depth: Int
  ) throws(Problem) -> LiftedEstimator {
    try builder.enter(view, depth: depth)
    guard let type = view.object?.type, let lift = lifts[type] else {
      let place = view.path.isEmpty ? "as the model" : "at \(view.path)"
      throw Problem(
        .refused, "lift.unsupported-estimator",
        "expected an estimator that can be lifted, found \(view.object?.type.description ?? view.description)"
          + " \(place)",
        position: view.position,
        hint: "use \(lifts.keys.map(\.name).sorted().joined(separator: ", "))")
    }
    let named = view.view(of: view.id, view.path.isEmpty ? type.name : " \(type.name)")
    let estimator = Estimator(named, name: type.name, depth: depth)
    if estimator.versionText != nil { _ = try estimator.version() }
    return try lift(estimator, input, &builder)
  }
}

extension PickleGlobal {
  static let decisionTreeClassifier = Self(module: "sklearn.tree._classes", name: "DecisionTreeClassifier")
  static let decisionTreeRegressor = Self(module: "sklearn.tree._classes", name: "DecisionTreeRegressor")
  static let randomForestClassifier = Self(
    module: "sklearn.ensemble._forest", name: "RandomForestClassifier")
  static let randomForestRegressor = Self(
    module: "sklearn.ensemble._forest", name: "RandomForestRegressor")
  static let linearRegression = Self(module: "sklearn.linear_model._base", name: "LinearRegression")
  static let logisticRegression = Self(
    module: "sklearn.linear_model._logistic", name: "LogisticRegression")
  static let standardScaler = Self(module: "sklearn.preprocessing._data", name: "StandardScaler")
  static let pipeline = Self(module: "sklearn.pipeline", name: "Pipeline")
}
