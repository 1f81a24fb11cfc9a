import Encoding
import Lifting
import ModelGraph
import Testing

@testable import Inference

/// The self-check of every fixture model.
@Suite struct SelfCheckTests {
  @Test(arguments: EquivalenceTests.models)
  func `a model answers its own self-check after its files`(_ fixture: ModelFixture) throws {
    let graph = try fixture.liftedModel().graph
    let bytes = SelfCheck(of: graph).canonicalBytes
    let files = graph.graph.encoded()
    let again = try ValidatedGraph(ModelGraph(decoding: files.graph, weights: files.weights))
    #expect(SelfCheck(of: again).canonicalBytes == bytes)
    let check = try SelfCheck(parsing: bytes)
    #expect(check.canonicalBytes == bytes)
    #expect(bytes.count < 1 << 20)
    #expect(!check.cases.isEmpty)
    try check.check(ExecutionPlan(again))
    try SelfCheck.checkZeros(ExecutionPlan(again))
  }

  @Test(arguments: ["sklearn-1.9/iris-random-forest", "sklearn-1.9/iris-tree"])
  func `answers of trees are compared bit for bit, on edges and between them`(name: String) throws {
    let graph = try ModelFixture("models/\(name)").liftedModel().graph
    let check = SelfCheck(of: graph)
    #expect(check.cases.count >= 6)
    let answers = check.cases.flatMap(\.answers.values).flatMap(\.self)
    #expect(answers.allSatisfy { $0.isExact })
    let classes = check.cases.compactMap { $0.answers[.predict]?.first?.elements }
    #expect(classes.contains { $0 != classes[0] })
  }
}
