import Domain
import Inference
import ModelGraph
import Testing

/// Factors by multiplicative updates.
@Suite struct FactorKernelTests {
  private static func operation(
    _ components: [Double] = [1, 0, 0, 1], rows: Int = 2, beta: Double = 1, iterations: Int = 50
  ) throws -> MultiplicativeFactors {
    MultiplicativeFactors(
      components: try #require(ConstantMatrix(components, rows: rows, columns: components.count / rows)),
      beta: beta, stop: .divergence, tolerance: 1e-4, iterations: iterations, l1: 0, l2: 0, raisesSmall: true)
  }

  private static func factors(
    _ operation: MultiplicativeFactors, of values: [Double]
  ) throws -> Tensor.Elements? {
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: operation.components.columns),
        outputs: [ModelSignature.Output(.transform, .float64, shape: [-1, operation.components.rows])],
        classes: []),
      nodes: [
        ModelGraph.Node(
          output: "factors", inputs: [ModelGraph.inputName], operator: operation, origin: "NMF")
      ], results: [.transform: ["factors"]])
    let plan = ExecutionPlan(try ValidatedGraph(graph))
    let rows = Rows(values: values, rowCount: 1, featureCount: operation.components.columns)
    return try plan.run([.transform], on: rows)[.transform]?.first?.elements
  }

  @Test func `a row that is a sum of components gets its factors back`() throws {
    #expect(try Self.factors(try Self.operation(), of: [3, 5]) == .float64([3, 5]))
  }

  @Test func `a row of zeros has no factors`() throws {
    #expect(try Self.factors(try Self.operation(), of: [0, 0]) == .float64([0, 0]))
  }

  @Test func `a negative number is refused with its place`() throws {
    let problem = #expect(throws: Problem.self) { try Self.factors(try Self.operation(), of: [1, -1]) }
    #expect(problem?.code == "predict.negative")
    #expect(problem?.position == "row 0, column 1")
  }

  @Test func `zeros are refused where the divergence from them is without bounds`() throws {
    let problem = #expect(throws: Problem.self) {
      try Self.factors(try Self.operation(beta: 0), of: [0, 1])
    }
    #expect(problem?.message == "expected numbers that are above 0 for NMF, found another in row 0, column 0")
  }

  @Test func `components that are not finite, and turns without end, are refused`() throws {
    #expect(throws: Problem.self) { try Self.factors(try Self.operation([1, .nan, 0, 1]), of: [1, 1]) }
    #expect(throws: Problem.self) { try Self.factors(try Self.operation(beta: .infinity), of: [1, 1]) }
    #expect(throws: Problem.self) { try Self.factors(try Self.operation(iterations: .max), of: [1, 1]) }
  }
}
