import Inference
import ModelGraph
import Testing

@Suite struct VoteKernelTests {
  private static func run(
    _ operators: [any Operator], on numbers: [Double], columns: Int, outputs: Int
  ) throws -> [Double] {
    let graph = SampleModels.chain(operators, columns: columns, outputs: outputs)
    let rows = Rows(values: numbers, rowCount: numbers.count / columns, featureCount: columns)
    let answers = try ExecutionPlan(try ValidatedGraph(graph)).run([.predict], on: rows)
    guard case .float64(let elements)? = answers[.predict]?.first?.elements else { return [] }
    return elements
  }

  @Test func `a median by weights is the first element at which half the weight is reached`() throws {
    let median = WeightedMedian(weights: [1, 1, 2])
    let rows: [Double] = [3, 1, 2, 5, 5, 5, 1, 2, 9]
    #expect(try Self.run([median], on: rows, columns: 3, outputs: 1) == [2, 5, 2])
  }

  @Test func `a median where nothing weighs is the least element`() throws {
    #expect(
      try Self.run([WeightedMedian(weights: [0, 0])], on: [7, 4], columns: 2, outputs: 1) == [4])
  }

  @Test func `an index picks its row of the table`() throws {
    let table = try #require(ConstantMatrix([1, 2, 3, 4, 5, 6], rows: 2, columns: 3))
    #expect(
      try Self.run([ArgMax(), PickRows(table)], on: [0, 1, 1, 0], columns: 2, outputs: 3)
        == [4, 5, 6, 1, 2, 3])
  }

  @Test func `a sum starts from zero, so that it is never minus zero`() throws {
    let sum = try Self.run([AddValues()], on: [-0.0, 2], columns: 2, outputs: 2)
    #expect(sum == [0, 2] && sum[0].sign == .plus)
  }

  @Test(arguments: [false, true])
  func `a number becomes a category by its lowest 8 bits`(negativesAreMissing: Bool) throws {
    let numbers = [0, 1.9, 255, 256, 260.5, 4_294_967_297, .infinity, -1, -0.5, .nan]
    let found = try Self.run(
      [CategoryBytes(columns: [0], negativesAreMissing: negativesAreMissing)], on: numbers, columns: 1,
      outputs: 1)
    #expect(found.prefix(7) == [0, 1, 255, 0, 4, 0, 0])
    #expect(found[7].isNaN == negativesAreMissing && found[8].isNaN == negativesAreMissing)
    #expect(negativesAreMissing || (found[7] == 255 && found[8] == 0))
    #expect(found[9].isNaN)
  }
}
