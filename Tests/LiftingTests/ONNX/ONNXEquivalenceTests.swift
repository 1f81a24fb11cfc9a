import Domain
import Encoding
import Inference
import Lifting
import ModelGraph
import Testing

/// Models of ONNX, against the numbers that ONNX Runtime gave.
@Suite struct ONNXEquivalenceTests {
  static let models = ModelFixture.all(in: "onnx")

  @Test func `there are models of estimators, of frames and of operators`() {
    for part in ["forest", "frame", "network", "trees"] {
      #expect(Self.models.contains { $0.name.contains(part) }, "\(part)")
    }
  }

  @Test(arguments: models)
  func `a lifted model answers as the runtime does`(_ fixture: ModelFixture) throws {
    let lifted = try fixture.liftedModel()
    let expected = try fixture.expected()
    let methods = try #require(expected["methods"]?.array).compactMap { method in
      method.string.flatMap(PredictionMethod.init(rawValue:))
    }
    #expect(Set(lifted.graph.signature.methods) == Set(methods) && !methods.isEmpty)
    let tolerance = try #require(expected["tolerance"]?.double)
    let answers = try ExecutionPlan(lifted.graph).run(
      methods, on: try fixture.rows(for: lifted.graph.signature))
    for method in methods {
      let answer = try #require(answers[method])
      let wanted = try fixture.answer(method)
      #expect(answer.count == wanted.count, "\(method.rawValue)")
      for (found, wanted) in zip(answer, wanted) {
        #expect(found.shape == wanted.shape, "\(method.rawValue)")
        #expect(Self.isClose(found.elements, wanted.elements, within: tolerance), "\(method.rawValue)")
      }
    }
  }

  @Test(arguments: models)
  func `a lifted graph is the same after its files`(_ fixture: ModelFixture) throws {
    let graph = try fixture.liftedModel().graph.graph
    let files = graph.encoded()
    #expect(try ModelGraph(decoding: files.graph, weights: files.weights) == graph)
  }

  private static func isClose(_ found: Tensor.Elements, _ wanted: Tensor.Elements, within tolerance: Double)
    -> Bool
  {
    guard found.datatype == wanted.datatype else { return false }
    let pairs: [(Double, Double)]
    switch (found, wanted) {
    case (.float32(let found), .float32(let wanted)):
      pairs = zip(found, wanted).map { (Double($0), Double($1)) }
    case (.float64(let found), .float64(let wanted)): pairs = Array(zip(found, wanted))
    default: return found == wanted
    }
    return pairs.allSatisfy { found, wanted in
      found == wanted || (found.isNaN && wanted.isNaN)
        || abs(found - wanted) <= tolerance * max(1, abs(wanted))
    }
  }
}
