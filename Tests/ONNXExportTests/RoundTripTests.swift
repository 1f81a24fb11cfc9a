import Artifacts
import Domain
import Encoding
import Inference
import Inspection
import Lifting
import ModelGraph
import ONNXExport
import TestKit
import Testing

/// Models of the fixtures, written as ONNX and read again.
@Suite struct RoundTripTests {
  /// Estimators of several families: trees, linear models, scalers, and what frames need.
  static let names = [
    "iris-random-forest", "iris-tree", "iris-logistic", "binary-logistic",
    "diabetes-linear",
    "diabetes-forest-regressor", "multi-output-forest-regressor", "pipeline-scaler-forest",
    "pipeline-of-scalers",
    "object-labels-forest", "many-classes-forest", "bool-labels-tree", "int32-labels-tree",
  ]

  @Test(arguments: names)
  func `a model answers as before when it has been written as ONNX and lifted again`(_ name: String) throws {
    let folder = "models/sklearn-1.9/\(name)"
    let graph = try Self.lifted(try Fixtures.bytes("\(folder)/model.joblib"))
    let bytes = try ONNXWriter.model(of: graph)
    let again = try Lifter.lift(.onnx(bytes[...])).graph
    let array = try NumPyFile.read(try Fixtures.bytes("\(folder)/input.npy")[...])
    let items = try #require(array.items?.doubles())
    let rows = Rows(
      values: array.rowMajor(items), rowCount: array.shape[0], featureCount: array.shape[1])
    let methods = graph.signature.methods
    #expect(Set(again.signature.methods) == Set(methods))
    let wanted = try ExecutionPlan(graph).run(methods, on: rows)
    let found = try ExecutionPlan(again).run(methods, on: rows)
    for method in methods {
      let pairs = zip(try #require(found[method]), try #require(wanted[method]))
      for (found, wanted) in pairs {
        #expect(found.shape == wanted.shape, "\(method.rawValue)")
        #expect(Self.isClose(found.elements, wanted.elements), "\(method.rawValue)")
      }
    }
  }

  @Test func `the same graph gives the same bytes`() throws {
    let bytes = try Fixtures.bytes("models/sklearn-1.9/iris-random-forest/model.joblib")
    #expect(try ONNXWriter.model(of: try Self.lifted(bytes)) == ONNXWriter.model(of: try Self.lifted(bytes)))
  }

  @Test func `inspection has nothing to say about what is written`() throws {
    let bytes = try Fixtures.bytes("models/sklearn-1.9/iris-random-forest/model.joblib")
    let model = try ONNXWriter.model(of: try Self.lifted(bytes))
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: model[...])])
    let report = Inspector.inspect(artifact, path: "model.onnx")
    #expect(report.verdict == .liftable, "\(report.findings.map(\.message))")
    #expect(report.findings.isEmpty)
  }

  @Test func `an operator that ONNX has no word for is refused by name`() throws {
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 1),
        outputs: [ModelSignature.Output(.transform, .float64, shape: [-1, 1])],
        classes: []),
      nodes: [
        ModelGraph.Node(
          output: "curve", inputs: [ModelGraph.inputName], operator: MapElements(.arctan),
          origin: "FunctionTransformer"
        )
      ], results: [.transform: ["curve"]])
    let validated = try ValidatedGraph(graph)
    let problem = #expect(throws: Problem.self) { try ONNXWriter.model(of: validated) }
    #expect(problem?.code == "export.unsupported-operator")
    #expect(problem?.message.contains("'arctan'") == true)
  }

  private static func lifted(_ bytes: [UInt8]) throws -> ValidatedGraph {
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
    return try Lifter.lift(try #require(Inspector.inspect(artifact, path: "model.joblib").source)).graph
  }

  private static func isClose(_ found: Tensor.Elements, _ wanted: Tensor.Elements) -> Bool {
    guard case .float64(let found) = found, case .float64(let wanted) = wanted else { return found == wanted }
    return zip(found, wanted).allSatisfy { found, wanted in
      found == wanted || (found.isNaN && wanted.isNaN) || abs(found - wanted) <= 1e-12 * max(1, abs(wanted))
    }
  }
}
