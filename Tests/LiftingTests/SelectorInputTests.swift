import Domain
import Inference
import Lifting
import ModelGraph
import Testing

/// What selectors refuse before they select.
@Suite struct SelectorInputTests {
  private static let selectors = ["transformers-k-best", "transformers-rfe"]

  /// Asks a selector about its own first row, with `element` in the place of the column that it drops first.
  private static func answer(
    _ name: String, _ method: PredictionMethod, with element: Double
  ) throws -> [Tensor]? {
    let fixture = ModelFixture("models/sklearn-1.9/\(name)")
    let plan = ExecutionPlan(try fixture.lifted().graph)
    let width = plan.signature.featureCount
    func run(_ row: [Double]) throws -> [Tensor]? {
      try plan.run([method], on: Rows(values: row, rowCount: 1, featureCount: width))[method]
    }
    let row = (0..<width).map { Double($0) + 0.5 }
    let plain = try run(row)
    // A column is dropped where no other number there changes what is selected.
    for column in 0..<width {
      var other = row
      other[column] = -1e3
      guard try run(other) == plain else { continue }
      other[column] = element
      return try run(other)
    }
    return nil
  }

  @Test(arguments: selectors, [Double.nan, .infinity])
  func `what a selector drops is checked too`(name: String, element: Double) throws {
    let problem = #expect(throws: Problem.self) {
      try Self.answer(name, .transform, with: element)
    }
    #expect(problem?.code == "predict.not-finite")
  }

  @Test func `a prediction through a selector checks what is dropped`() throws {
    let problem = #expect(throws: Problem.self) {
      try Self.answer("transformers-rfe", .predict, with: .nan)
    }
    #expect(problem?.code == "predict.not-finite")
  }
}
