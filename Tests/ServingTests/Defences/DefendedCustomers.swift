import Domain
import Encoding
import ModelGraph
import Monitoring
import Provenance
import TestKit
import Testing

@testable import Serving

/// A model of customers, which knows what its training looked like, behind defences.
struct DefendedCustomers {
  let training: [[Double]]
  let model: ServedModel
  var draws: Draws

  init(seed: UInt64 = 1, rows: Int = 1_000) throws {
    draws = Draws(seed: seed)
    training = Customers.rows(rows, &draws)
    let graph = try ValidatedGraph(try Self.graph())
    model = try ServedModel(
      reference: VersionReference(name: try ModelName(parsing: "customers"), version: .first),
      bundle: Digest(of: Array("customers".utf8)), framework: "scikit-learn 1.9.1", graph: graph,
      training: try Self.reference(of: training, graph.graph.signature))
  }

  /// The logistic function of `Customers.Model`, which says `bad` or `good`.
  private static func graph() throws -> ModelGraph {
    let labels = Tensor(vector: .string(["bad", "good"]))
    let weights: [Double] = [0.1, 0.0006, -1 / 15, 0, 0.5, -0.4, 0, 0]
    let score = Linear(
      coefficients: try #require(ConstantMatrix(weights, rows: 1, columns: 8)),
      intercepts: [-5 - 0.0006 * 1_100 + 40 / 15])
    func node(_ output: String, _ input: String, _ operation: any Operator) -> ModelGraph.Node {
      .init(output: output, inputs: [input], operator: operation, origin: "LogisticRegression")
    }
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 8, names: (0..<8).map { "f\($0)" }),
        outputs: [
          .init(.predict, .string, shape: [-1]), .init(.predictProbabilities, .float64, shape: [-1, 2]),
        ], classes: [labels]),
      nodes: [
        node("score", ModelGraph.inputName, score), node("one", "score", MapElements(.logistic)),
        node("both", "one", Complement()), node("index", "score", Positive()),
        node("label", "index", Label(labels)),
      ], results: [.predict: ["label"], .predictProbabilities: ["both"]])
  }

  /// What a client finds out of training data: the columns, and what honest callers ask.
  private static func reference(of rows: [[Double]], _ signature: ModelSignature) throws -> Reference {
    let columns = WatchedColumns(signature)
    var watched = WatchedRows()
    _ = columns.append(Array(rows.joined()), [], rowCount: rows.count, [:], limit: .max, to: &watched)
    var survey = ReferenceSurvey(columns)
    survey.observe(watched)
    var count = ReferenceCount(survey.shape, rows: survey.rows)
    try count.observe(watched)
    let reference = try Reference(bytes: count.reference.bytes)
    #expect(reference.callers != nil)
    return reference
  }

  /// A plane that serves it by these settings to as many callers, whose keys are `key-0` and so on.
  func plane(_ defences: DefencePolicy, callers: Int = 1, isWatched: Bool = true) throws -> DataPlane {
    var limits = PlaneLimits()
    // Each row is looked at, however slow this build is.
    limits.watchShare = 100
    return DataPlane(limits: limits, version: "1", table: try table(defences, callers, isWatched: isWatched))
  }

  /// The same as a table, which may take over who is held back.
  func table(
    _ defences: DefencePolicy, _ callers: Int = 1, isWatched: Bool = true, held: HeldCallers? = nil
  ) throws -> RoutingTable {
    let deployment = ServedDeployment(
      live: .model(model), versions: [:],
      policy: DeploymentPolicy(isWatched: isWatched, defences: defences), held: held)
    let keys = try (0..<callers).map { try PlaneState.Key.record(of: "key-\($0)", opening: "customers") }
    return RoutingTable(generation: 1, deployments: ["customers": deployment], keys: KeyRing(keys))
  }

  /// Asks about rows, so many in a request, by one connection; the statuses.
  static func ask(
    _ server: LiveServer, _ rows: [[Double]], by caller: Int = 0, inRequestsOf size: Int = 1
  ) throws -> [Int] {
    let client = try server.connect()
    var statuses: [Int] = []
    for first in stride(from: 0, to: rows.count, by: size) {
      let part = rows[first..<min(first + size, rows.count)]
      let data = JSON.array(part.map { .array($0.map { .number($0) }) }).canonicalText
      try client.send(
        request("POST", "/models/customers/predict", key: "key-\(caller)", body: "{\"data\":\(data)}"))
      statuses.append(try client.receive().status)
    }
    return statuses
  }
}
