import Domain
import ModelGraph
import Testing

@testable import Inference

/// What boosters compute in single precision, and the models in their leaves.
@Suite struct SinglePrecisionTests {
  private func run(_ operation: some Runnable, _ matrices: Matrix...) throws -> [Double] {
    let batch = Batch(rowCount: matrices[0].rows, firstRow: 0, numberNames: nil, origin: "test")
    let kernel = operation.kernel(matrices.map { .numbers($0.columns) })
    return try kernel.run(matrices.map { .numbers($0) }, batch).matrix.elements
  }

  private func row(_ elements: Double...) -> Matrix {
    Matrix(elements: elements, rows: 1, columns: elements.count)
  }

  @Test func `links are rounded to single precision at each step`() throws {
    #expect(try run(SingleLink(.exp), row(1, 0)) == [Double(Float(2.7182817)), 1])
    #expect(try run(SingleLink(.logistic), row(0, -200, 200)) == [0.5, 0, 1])
    let bounded = try run(SingleLink(.boundedLogistic), row(0, -200, 200))
    #expect(bounded[0] == 0.5 && bounded[1] > 3e-39 && bounded[1] < 3.01e-39 && bounded[2] == 1)
    #expect(try run(SingleLink(.softmax), row(2, 2, 2, 2)) == [0.25, 0.25, 0.25, 0.25])
    #expect(try run(SingleLink(.softmax), row(7)) == [1])
  }

  @Test func `a linear booster passes missing features by`() throws {
    let weights = try #require(ConstantMatrix([2, -1, 3, 0.5], rows: 2, columns: 2))
    let booster = SingleLinear(weights: weights, bias: [1, 10])
    #expect(try run(booster, row(4, .nan)) == [9, 6])
    #expect(try run(booster, row(.nan, .nan)) == [1, 10])
    #expect(try run(booster, row(1, 2)) == [9, 10])
  }

  @Test func `numbers within a range become NaN`() throws {
    let marked = try run(MarkMissing(from: -1, through: 0), row(-2, -1, -0.5, 0, 0.5, .nan))
    #expect(marked.map(\.isNaN) == [false, true, true, true, false, true])
  }

  private let leaves = LinearLeaves(
    outputs: 1, targets: [0, 0], leafStarts: [0, 2, 3], constants: [1, 2, 3], values: [10, 20, 30],
    termStarts: [0, 1, 1, 2], features: [0, 1], coefficients: [100, 1000])

  @Test func `a leaf gives its model, or its value where a feature of that is missing`() throws {
    #expect(try run(leaves, row(0.5, 2), row(0, 0)) == [51 + 2003])
    #expect(try run(leaves, row(.nan, 2), row(0, 0)) == [10 + 2003])
    #expect(try run(leaves, row(.nan, .nan), row(1, 0)) == [2 + 30])
  }

  @Test func `a number that names no leaf gives NaN`() throws {
    for number in [-1, 2, 1e300, .nan] {
      let sums = try run(leaves, row(1, 1), row(number, 0))
      #expect(sums[0].isNaN)
    }
  }

  @Test func `models in leaves that do not fit together are refused`() {
    func check(_ change: (inout LinearLeaves) -> Void) -> String? {
      var changed = leaves
      change(&changed)
      let operands = Operands([.numbers(2), .numbers(2)], node: "sum")
      do {
        _ = try changed.check(operands)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(check { _ in } == nil)
    #expect(check { $0.targets = [0, 1] } == "graph.index-range")
    #expect(check { $0.targets = [0] } == "graph.tensor-shape")
    #expect(check { $0.leafStarts = [0, 3, 3] } == "graph.starts")
    #expect(check { $0.leafStarts = [0, 2, 4] } == "graph.starts")
    #expect(check { $0.termStarts = [0, 2, 1, 2] } == "graph.starts")
    #expect(check { $0.features = [0, 2] } == "graph.index-range")
    #expect(check { $0.coefficients = [1, .infinity] } == "graph.not-finite")
    #expect(check { $0.outputs = 0 } == "graph.outputs")
    #expect(check { $0.values = [1, 2] } == "graph.tensor-shape")
  }
}
