import Artifacts
import Documents
import Domain
import Encoding
import Foundation
import Inference
import Inspection
import Lifting
import ModelGraph
import ModelTests
import Provenance
import Testing

/// Models, tables and plans for tests.
enum Bench {
  static let fixtures = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  /// A real model of `Tests/Fixtures/models/sklearn-1.9`.
  static func lifted(_ name: String) throws -> TestedModel {
    let file = fixtures.appending(path: "models/sklearn-1.9/\(name)/model.joblib")
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: [UInt8](try Data(contentsOf: file))[...])])
    let graph = try Lifter.lift(try #require(Inspector.inspect(artifact, path: "model.joblib").source)).graph
    let encoded = graph.graph.encoded()
    return TestedModel(ExecutionPlan(graph), byteCount: encoded.graph.count + encoded.weights.count)
  }

  /// A model of values that a function of the row's numbers gives.
  static func values(
    _ names: [String], _ function: @escaping @Sendable ([Double]) throws(Problem) -> Double
  ) -> TestedModel {
    let signature = ModelSignature(
      features: FeatureList(count: names.count, names: names),
      outputs: [.init(.predict, .float64, shape: [-1])], classes: [])
    return TestedModel(signature: signature, byteCount: 100) { _, rows throws(Problem) in
      var values: [Double] = []
      for row in 0..<rows.rowCount {
        values.append(try function(Array(rows.numbers[row * names.count..<(row + 1) * names.count])))
      }
      return [.predict: [Tensor(vector: .float64(values))]]
    }
  }

  /// A model whose one feature is the number of a row among known answers.
  static func answers(
    classes: Int, predicted: [Int], probabilities: [Double]? = nil, decisions: [Double]? = nil
  ) -> TestedModel {
    var outputs = [ModelSignature.Output(.predict, .int64, shape: [-1])]
    if probabilities != nil { outputs.append(.init(.predictProbabilities, .float64, shape: [-1, classes])) }
    if decisions != nil { outputs.append(.init(.decisionFunction, .float64, shape: [-1])) }
    let signature = ModelSignature(
      features: FeatureList(count: 1, names: ["row"]), outputs: outputs,
      classes: [Tensor(vector: .int64((0..<classes).map(Int64.init)))])
    return TestedModel(signature: signature, byteCount: nil) { _, rows throws(Problem) in
      let places = rows.numbers.map { Int($0) }
      var found = [PredictionMethod.predict: [Tensor(vector: .int64(places.map { Int64(predicted[$0]) }))]]
      if let probabilities {
        let shares = places.flatMap { probabilities[$0 * classes..<($0 + 1) * classes] }
        found[.predictProbabilities] = [Tensor(shape: [places.count, classes], elements: .float64(shares))]
          .compactMap { $0 }
      }
      if let decisions {
        found[.decisionFunction] = [Tensor(vector: .float64(places.map { decisions[$0] }))]
      }
      return found
    }
  }

  static func table(_ text: String) throws(Problem) -> DataTable {
    let bytes = Array(text.utf8)
    return try DataTable(csv: bytes, name: "rows.csv", digest: Digest(of: bytes))
  }

  static func plan(_ text: String) throws(Problem) -> TestPlan {
    try TestPlan(parsing: Array("tests: gatehouse/v1\n\(text)".utf8))
  }

  /// The faults of a plan, `line:column code: message (hint)`.
  static func faults(_ text: String) -> [String] {
    TestPlanReading(Array(text.utf8)).faults.map {
      "\($0.place) \($0.code): \($0.message)" + ($0.hint.map { " (\($0))" } ?? "")
    }
  }
}
