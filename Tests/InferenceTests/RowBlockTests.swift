import Domain
@testable import Inference
import ModelGraph
import TestKit
import Testing

/// Blocks of rows and threads, which no answer may show.
@Suite struct RowBlockTests {
  @Test(arguments: [1, 2, 3, 7])
  func `the answer is the same for any number of threads and as row by row`(threads: Int) async throws {
    var random = SeededGenerator(seed: 5)
    let columns = 3
    let plan = ExecutionPlan(try ValidatedGraph(Self.network(columns: columns, using: &random)))
    let values = (0..<(2500 * columns)).map { _ in Double.random(in: -3...3, using: &random) }
    let answer = try await plan.run(
      [.predict], on: Rows(values: values, rowCount: 2500, featureCount: columns), threads: threads)
    guard case .float64(let numbers)? = answer[.predict]?.first?.elements else {
      Issue.record("no numbers")
      return
    }
    var expected: [Double] = []
    for row in 0..<2500 {
      let one = Rows(
        values: Array(values[(row * columns)..<((row + 1) * columns)]), rowCount: 1, featureCount: columns)
      guard case .float64(let numbers)? = try plan.run([.predict], on: one)[.predict]?.first?.elements else {
        return
      }
      expected += numbers
    }
    #expect(answer[.predict]?.first?.shape == [2500, 6])
    #expect(numbers.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test(arguments: [1, 2])
  func `the first of the refused rows is named, counted from the first row of all`(threads: Int) async throws
  {
    let plan = ExecutionPlan(
      try ValidatedGraph(
        SampleModels.chain([CheckFinite(allowsNaN: false, asFloat32: false)], columns: 1)))
    var values = [Double](repeating: 0, count: 5000)
    values[4200] = .nan
    values[1800] = .infinity
    let rows = Rows(values: values, rowCount: 5000, featureCount: 1)
    let problem = await #expect(throws: Problem.self) {
      try await plan.run([.predict], on: rows, threads: threads)
    }
    #expect(problem?.position == "row 1800, column 0")
  }

  @Test func `parts cover all rows once, in order, in whole groups`() {
    for (rowCount, count) in [(1, 4), (31, 2), (64, 2), (100, 3), (5000, 7), (33, 0)] {
      let parts = RowBlocks.parts(of: rowCount, count: count)
      #expect(parts.first?.lowerBound == 0)
      #expect(parts.last?.upperBound == rowCount)
      for (one, next) in zip(parts, parts.dropFirst()) {
        #expect(one.upperBound == next.lowerBound && one.upperBound % 16 == 0 && !one.isEmpty)
      }
    }
  }

  /// Two products with a `relu` between them that the plan makes part of the first.
  private static func network(columns: Int, using random: inout SeededGenerator) -> ModelGraph {
    func linear(_ outputs: Int, _ inputs: Int) -> Linear {
      Linear(
        coefficients: ConstantMatrix(
          (0..<(outputs * inputs)).map { _ in Double.random(in: -1...1, using: &random) }, rows: outputs,
          columns: inputs) ?? .empty,
        intercepts: (0..<outputs).map { _ in Double.random(in: -1...1, using: &random) })
    }
    return SampleModels.chain(
      [linear(70, columns), MapElements(.relu), linear(6, 70), Softmax()], columns: columns, outputs: 6)
  }
}
