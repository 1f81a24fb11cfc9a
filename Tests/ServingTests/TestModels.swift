import Domain
import Inference
import ModelGraph
import Provenance
import Testing

@testable import Serving

/// Small models made by hand, so that these tests stand on nothing but the graph.
enum TestModels {
  /// `a + 2·b + intercept`, trained with the names `a` and `b`.
  static func line(_ name: String = "line", version: Int = 1, intercept: Double = 0) throws -> ServedModel {
    try served(try lineGraph(intercept: intercept), name: name, version: version)
  }

  static func lineGraph(intercept: Double = 0) throws -> ModelGraph {
    let line = Linear(
      coefficients: try #require(ConstantMatrix([1, 2], rows: 1, columns: 2)), intercepts: [intercept])
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 2, names: ["a", "b"]),
        outputs: [.init(.predict, .float64, shape: [-1])], classes: []),
      nodes: [
        .init(
          output: "checked", inputs: [ModelGraph.inputName], operator: CheckFinite(allowsNaN: false),
          origin: "LinearRegression"),
        .init(output: "line", inputs: ["checked"], operator: line, origin: "LinearRegression"),
      ], results: [.predict: ["line"]])
  }

  /// Says `low` or `high` by the sign of the one feature, with probabilities; trained without names.
  static func sign(_ name: String = "sign", version: Int = 1) throws -> ServedModel {
    let labels = Tensor(vector: .string(["low", "high"]))
    let score = Linear(
      coefficients: try #require(ConstantMatrix([1], rows: 1, columns: 1)), intercepts: [0])
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 1),
        outputs: [
          .init(.predict, .string, shape: [-1]), .init(.predictProbabilities, .float64, shape: [-1, 2]),
          .init(.decisionFunction, .float64, shape: [-1]),
        ], classes: [labels]),
      nodes: [
        node("score", ModelGraph.inputName, score), node("one", "score", MapElements(.logistic)),
        node("both", "one", Complement()), node("index", "score", Positive()),
        node("label", "index", Label(labels)),
      ],
      results: [.predict: ["label"], .predictProbabilities: ["both"], .decisionFunction: ["score"]])
    return try served(graph, name: name, version: version)
  }

  /// Ten for red, twenty for blue, and the size; trained with the names `colour` and `size`.
  static func colour() throws -> ServedModel {
    var table = CategoryTable()
    table.append(name: "colour", values: [10, 20], missing: nil, unknown: nil)
    let sum = Linear(
      coefficients: try #require(ConstantMatrix([1, 1], rows: 1, columns: 2)), intercepts: [0])
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 2, names: ["colour", "size"], texts: [0]),
        outputs: [.init(.predict, .float64, shape: [-1])], classes: []),
      nodes: [
        node("code", ModelGraph.textsName, LookupTexts(["red", "blue"], table)),
        .init(
          output: "both", inputs: ["code", ModelGraph.inputName], operator: Concat(),
          origin: "ColumnTransformer"),
        node("sum", "both", sum),
      ], results: [.predict: ["sum"]])
    return try served(graph, name: "colour", version: 1)
  }

  /// Says the same of each row, whatever stands in it.
  static func constant() throws -> ServedModel {
    let same = Linear(
      coefficients: try #require(ConstantMatrix([0], rows: 1, columns: 1)), intercepts: [3])
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(form: .unread, count: 1),
        outputs: [.init(.predict, .float64, shape: [-1])], classes: []),
      nodes: [node("same", ModelGraph.inputName, same)], results: [.predict: ["same"]])
    return try served(graph, name: "constant", version: 1)
  }

  /// A model that needs an engine.
  static func engineGraph() -> ModelGraph {
    let model = ONNXRuntimeModel(
      bytes: [8], inputs: [.init(name: "x", datatype: .float64, shape: [-1])],
      outputs: [.init(name: "y", datatype: .float64, shape: [-1])], takesOneRow: false)
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 1), outputs: [.init(.predict, .float64, shape: [-1])], classes: []),
      nodes: [node("model", ModelGraph.inputName, model), node("y", "model", Part(0))],
      results: [.predict: ["y"]])
  }

  private static func node(_ output: String, _ input: String, _ operation: any Operator) -> ModelGraph.Node {
    ModelGraph.Node(output: output, inputs: [input], operator: operation, origin: "LogisticRegression")
  }

  /// A model that answers by one intercept and was made with another: every row of its check is answered wrong.
  static func brokenLine() throws -> ServedModel {
    try served(
      try lineGraph(intercept: 1), name: "line", version: 1,
      checkedBy: SelfCheck(of: ValidatedGraph(lineGraph())))
  }

  private static func served(
    _ graph: ModelGraph, name: String, version: Int, checkedBy check: SelfCheck? = nil
  ) throws -> ServedModel {
    try ServedModel(
      reference: VersionReference(
        name: try ModelName(parsing: name), version: try #require(VersionNumber(version))),
      bundle: Digest(of: Array("\(name)@\(version)".utf8)), framework: "scikit-learn 1.9.1",
      graph: try ValidatedGraph(graph), checkedBy: check)
  }
}

extension PlaneState.Key {
  /// The record of the key `text`.
  static func record(of text: String, opening deployment: String) throws -> PlaneState.Key {
    PlaneState.Key(
      id: "k-\(text)", hash: Digest(of: Array(text.utf8)), deployment: try ModelName(parsing: deployment))
  }
}

extension RoutingTable {
  /// Serves the models, each opened by the key `NAME-key`.
  static func serving(_ models: ServedModel..., broken: [String] = []) throws -> RoutingTable {
    var deployments: [String: ServedDeployment] = [:]
    for model in models { deployments[model.reference.name.description] = ServedDeployment(model) }
    for name in broken {
      let entry = ServedDeployment.Entry.unavailable(
        Problem(.integrity, "seal.bad-signature", "secret reason"))
      deployments[name] = ServedDeployment(live: entry, versions: [.first: entry])
    }
    let keys = try deployments.keys.sorted().map { try PlaneState.Key.record(of: "\($0)-key", opening: $0) }
    return RoutingTable(generation: 1, deployments: deployments, keys: KeyRing(keys))
  }

  /// Serves the model `line` under limits and by a gate of the test's own, opened by the key `key`.
  static func gated(_ limits: DeploymentLimits, _ gate: ModelGate?) throws -> RoutingTable {
    let deployment = ServedDeployment(
      live: .model(try TestModels.line()), versions: [:], policy: DeploymentPolicy(limits: limits), gate: gate
    )
    return RoutingTable(
      generation: 1, deployments: ["line": deployment],
      keys: KeyRing([try .record(of: "key", opening: "line")]))
  }
}
