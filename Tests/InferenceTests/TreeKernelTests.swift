import Inference
import ModelGraph
import TestKit
import Testing

@Suite struct TreeKernelTests {
  @Test(arguments: 0..<40)
  func `packed trees answer bit for bit as the definition does`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let columns = Int.random(in: 1...6, using: &random)
    let trees = GrownTrees(
      trees: Int.random(in: 1...12, using: &random), depth: Int.random(in: 0...7, using: &random),
      columns: columns, outputs: Int.random(in: 1...4, using: &random), using: &random)
    let divisor = Double(trees.roots.count)
    let plan = ExecutionPlan(try ValidatedGraph(trees.graph(divisor: divisor)))
    // More rows than one block, and rows that sit on thresholds.
    let rows = (0..<300).map { _ in
      (0..<columns).map { _ in
        switch Int.random(in: 0..<8, using: &random) {
        case 0: Double.nan
        case 1: trees.threshold.randomElement(using: &random) ?? 0
        default: GrownTrees.number(using: &random)
        }
      }
    }
    let answer = try plan.run(
      [.predict],
      on: Rows(values: rows.flatMap { $0 }, rowCount: rows.count, featureCount: columns))
    guard case .float64(let numbers)? = answer[.predict]?.first?.elements else {
      Issue.record("no numbers")
      return
    }
    let expected = rows.flatMap { trees.answer($0, divisor: divisor) }
    #expect(numbers.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test(arguments: [Double.infinity, 1e300, -1e300, 1e-300, -1e-300, 0, 3.4028235e38, 3.5e38])
  func `a threshold beyond single precision divides single-precision numbers as it stands`(
    threshold: Double
  ) throws {
    var random = SeededGenerator(seed: 1)
    var trees = GrownTrees(trees: 1, depth: 0, columns: 1, outputs: 1, using: &random)
    (trees.left, trees.right) = ([1, -1, -1], [2, -1, -1])
    (trees.feature, trees.missingLeft) = ([0, 0, 0], [false, false, false])
    (trees.threshold, trees.values) = ([threshold, 0, 0], [0, 1, 2])
    let plan = ExecutionPlan(try ValidatedGraph(trees.graph(divisor: 1)))
    let least = Double(Float.leastNonzeroMagnitude)
    let greatest = Double(Float.greatestFiniteMagnitude)
    let numbers = [-greatest, -1, -least, -0.0, 0, least, 1, greatest]
    let answer = try plan.run(
      [.predict], on: Rows(values: numbers, rowCount: numbers.count, featureCount: 1))
    #expect(answer[.predict]?.first?.elements == .float64(numbers.map { $0 <= threshold ? 1 : 2 }))
  }

  @Test func `a lone leaf of minus zero stays as it is`() throws {
    var random = SeededGenerator(seed: 1)
    var trees = GrownTrees(trees: 1, depth: 0, columns: 1, outputs: 1, using: &random)
    trees.values = [-0.0]
    let answer = try ExecutionPlan(try ValidatedGraph(trees.graph(divisor: 1))).run(
      [.predict], on: Rows(values: [1], rowCount: 1, featureCount: 1))
    guard case .float64(let numbers)? = answer[.predict]?.first?.elements else {
      Issue.record("no numbers")
      return
    }
    #expect(numbers.map(\.sign) == [.minus])
  }
}
