import Domain
import ModelGraph
import Testing

@testable import Inference

/// Targets taken back, curves of single precision, and what a row may not miss.
@Suite struct InverseTransformTests {
  private func run(_ operation: some Runnable, _ elements: Double...) throws -> [Double] {
    let matrix = Matrix(elements: elements, rows: 1, columns: elements.count)
    let batch = Batch(rowCount: 1, firstRow: 7, numberNames: nil, origin: "test")
    return try operation.kernel([.numbers(matrix.columns)]).run([.numbers(matrix)], batch).matrix.elements
  }

  private func code(_ operation: some Operator, columns: Int) -> String? {
    do throws(Problem) {
      _ = try operation.check(Operands([.numbers(columns)], node: "value"))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `a power is taken back`() throws {
    let rows: [Double] = [-1.5, 0, 0.25, 3]
    for power in [-1, 0, 0.5, 2, 3] {
      for x in rows {
        let there = try run(PowerTransform(powers: [power], method: .yeoJohnson), x)
        let back = try run(InversePowerTransform(powers: [power], method: .yeoJohnson), there[0])
        #expect(abs(back[0] - x) < 1e-12)
      }
    }
  }

  @Test func `the ends of quantiles stand for what is beyond them`() throws {
    let quantiles = try #require(ConstantMatrix([1, 2, 4], rows: 1, columns: 3))
    let inverse = InverseQuantileTransform(
      quantiles: quantiles, references: [0, 0.5, 1], distribution: .normal)
    #expect(try run(inverse, 0) == [2])
    #expect(try run(inverse, -9) == [1])
    #expect(try run(inverse, 9) == [4])
    #expect(try run(inverse, .nan)[0].isNaN)
  }

  @Test func `places that do not ascend are refused`() throws {
    let quantiles = try #require(ConstantMatrix([1, 2, 4], rows: 1, columns: 3))
    func inverse(_ references: [Double]) -> InverseQuantileTransform {
      InverseQuantileTransform(quantiles: quantiles, references: references, distribution: .uniform)
    }
    #expect(code(inverse([0, 0.5, 1]), columns: 1) == nil)
    #expect(code(inverse([0, 1, 0.5]), columns: 1) == "graph.references")
    #expect(code(inverse([0, 1]), columns: 1) == "graph.tensor-shape")
    #expect(code(inverse([0, 0.5, 1]), columns: 2) == "graph.tensor-shape")
  }

  @Test func `a point of a curve in single precision lies on the line that ends there`() throws {
    let curve = SingleInterpolation(points: [0, 0.1, 3], values: [0, 0.7, 0.9], outside: .missing)
    let slope = Float(0.7) / Float(0.1)
    #expect(try run(curve, 0.1) == [Double(slope * Float(0.1))])
    #expect(try run(curve, 0) == [0])
    #expect(try run(curve, 3.5)[0].isNaN)
    for points in [[0, 1, 1 + 1e-12], [0, 1, 1], [0, 1, 1e300]] {
      let other = SingleInterpolation(points: points, values: [0, 1, 2], outside: .clip)
      #expect(code(other, columns: 1) == "graph.points")
    }
  }

  @Test func `a row that misses what none missed before is refused`() throws {
    #expect(try run(CheckPresent([1]), 1, 0, 1) == [1, 0, 1])
    let problem = #expect(throws: Problem.self) { try run(CheckPresent([0, 2]), 0, 1, 1) }
    #expect(problem?.code == "predict.newly-missing")
    #expect(problem?.position == "row 7, column 2")
  }

  @Test func `columns that are not there cannot be checked`() {
    for columns: [Int64] in [[3], [-1], [1, 1], [2, 0], [.max]] {
      #expect(code(CheckPresent(columns), columns: 3) == "graph.columns")
    }
  }
}
