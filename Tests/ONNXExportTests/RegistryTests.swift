import Artifacts
import Domain
import Inspection
import Lifting
import ModelGraph
import ONNXExport
import TestKit
import Testing

/// Every kind of operator, and what becomes of it in ONNX.
@Suite struct RegistryTests {
  /// The kinds that no attributes help.
  static let refused: Set<String> = [
    "count_terms", "hash_mappings", "hash_terms", "inverse_quantile_transform", "multiplicative_factors",
    "onnxruntime_model", "part", "single_interpolation", "vectorize_mappings",
  ]

  /// Models of operators that take more than one node: loops, sorts, searches, tables.
  static let names = [
    "baselines-isotonic-few", "kernels-gpc-two", "kernels-gpr-few", "neighbors-outliers", "neighbors-radius",
    "neighbors-ties-kdtree", "svm-svc-ovo-sparse", "svm-svc-three-probability",
    "transformers-nearest-distance",
    "transformers-quantile-normal", "transformers-spline-linear-3", "transformers-spline-periodic-3",
  ]

  @Test(arguments: OperatorRegistry.kinds)
  func `an operator is written as ONNX, or refused for a reason of its own`(_ kind: String) throws {
    let support = ONNXWriter.support(of: try #require(OperatorRegistry.type(of: kind)))
    switch try #require(support, "nobody has said what becomes of it") {
    case .written: #expect(!Self.refused.contains(kind))
    case .refused(let obstacle):
      #expect(Self.refused.contains(kind))
      #expect(obstacle.count > 20)
    }
  }

  @Test func `no two kinds are refused for the same reason`() {
    let reasons = OperatorRegistry.kinds.compactMap { kind -> String? in
      guard let type = OperatorRegistry.type(of: kind),
        case .refused(let obstacle)? = ONNXWriter.support(of: type)
      else { return nil }
      return obstacle
    }
    #expect(Set(reasons).count == Self.refused.count)
  }

  @Test(arguments: names)
  func `what takes more than one node is written the same twice, and read`(_ name: String) throws {
    let graph = try Self.lifted("models/sklearn-1.9/\(name)/model.joblib")
    let bytes = try ONNXWriter.model(of: graph)
    #expect(try ONNXWriter.model(of: graph) == bytes)
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
    let report = Inspector.inspect(artifact, path: "model.onnx")
    #expect(report.findings.isEmpty, "\(report.findings.map(\.message))")
  }

  @Test func `neighbours by a product of matrices are refused`() throws {
    let graph = try Self.lifted("models/sklearn-1.9/neighbors-ties-brute/model.joblib")
    let problem = #expect(throws: Problem.self) { try ONNXWriter.model(of: graph) }
    #expect(problem?.code == "export.unsupported-operator")
    #expect(problem?.message.contains("whose last bits decide who is near") == true)
  }

  private static func lifted(_ path: String) throws -> ValidatedGraph {
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: try Fixtures.bytes(path)[...])])
    return try Lifter.lift(try #require(Inspector.inspect(artifact, path: "model.joblib").source)).graph
  }
}
