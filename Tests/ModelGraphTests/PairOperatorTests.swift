import Domain
import ModelGraph
import Testing

/// Operators over pairs of classes, and of Gaussian processes, that a hostile graph may hold.
@Suite struct PairOperatorTests {
  private func decisions(_ change: (inout PairDecisions) -> Void = { _ in }) -> PairDecisions {
    var operation = PairDecisions(
      coefficients: ConstantMatrix([1, 2, 3, 4, 5, 6, 7, 8], rows: 2, columns: 4) ?? .empty,
      counts: [2, 1, 1], intercepts: [0, 0, 0])
    change(&operation)
    return operation
  }

  private func code(_ operation: some Operator, _ columns: Int...) -> String? {
    do throws(Problem) {
      _ = try operation.check(Operands(columns.map { .numbers($0) }, node: "value"))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `decisions of pairs have a column for each`() throws {
    #expect(try decisions().check(Operands([.numbers(4)], node: "pairs")) == .numbers(3))
  }

  @Test func `counts that are not those of the vectors are refused`() {
    for counts: [Int64] in [[2, 1, 0], [2, 1, 2], [5, -1, 0], [.max, .max, 1], [4], []] {
      #expect(code(decisions { $0.counts = counts }, 4)?.hasPrefix("graph.") == true)
    }
    #expect(code(decisions { $0.intercepts = [0, 0] }, 4) == "graph.tensor-shape")
    #expect(code(decisions(), 5) == "graph.tensor-shape")
  }

  @Test func `votes of more classes than memory holds are refused`() {
    #expect(code(PairVotes(classCount: 3), 3, 3) == nil)
    #expect(code(PairVotes(classCount: .max), 3) == "graph.class-count")
    #expect(code(PairVotes(classCount: 3), 3, 2) == "graph.operand")
    #expect(code(PairCoupling(classCount: -1, slopes: [], offsets: []), 1) == "graph.class-count")
  }

  @Test func `a matrix that no substitution solves is refused`() {
    for (elements, isSolved) in [([1.0, 0, 3, 2], true), ([1, 0, 3, 0], false), ([1, 4, 3, 2], false)] {
      let factor = ConstantMatrix(elements, rows: 2, columns: 2) ?? .empty
      #expect((code(SolveTriangular(factor), 2) == nil) == isSolved)
    }
  }

  @Test func `points with negative elements have no chi-squared kernel`() {
    let points = ConstantMatrix([1, -1], rows: 1, columns: 2) ?? .empty
    #expect(code(ChiSquared(points), 2) == "graph.points")
  }
}
