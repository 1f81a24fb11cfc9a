@testable import Inference
import ModelGraph
import TestKit
import Testing

/// Products in every form that the processor at hand has.
@Suite struct LinearKernelTests {
  @Test(arguments: [(1, 1, 1), (1, 300, 70), (3, 5, 2), (13, 7, 4), (29, 600, 17), (40, 33, 64), (2, 1, 16)])
  func `each output is one chain of products in the order of the columns`(
    rows: Int, inputs: Int, outputs: Int
  ) throws {
    var random = SeededGenerator(seed: UInt64(rows * inputs + outputs))
    let weights = (0..<(outputs * inputs)).map { _ in Double.random(in: -1...1, using: &random) }
    let bias = (0..<outputs).map { _ in Double.random(in: -1...1, using: &random) }
    // Half of them 0, for sparse rows.
    let x = (0..<(rows * inputs)).map { _ in
      Bool.random(using: &random) ? 0 : Double.random(in: -1...1, using: &random)
    }
    let linear = Linear(
      coefficients: ConstantMatrix(weights, rows: outputs, columns: inputs) ?? .empty, intercepts: bias)
    var expected: [Double] = []
    for row in 0..<rows {
      for output in 0..<outputs {
        var sum = 0.0
        for column in 0..<inputs {
          sum.addProduct(x[row * inputs + column], weights[output * inputs + column])
        }
        expected.append(sum + bias[output])
      }
    }
    let dense = Matrix(elements: x, rows: rows, columns: inputs)
    for level in VectorLevel.upToHere {
      for value in [Value.numbers(dense), .sparse(Self.sparse(dense))] {
        for isRectified in [false, true] {
          let kernel = LinearKernel(linear, isRectified: isRectified, level: level)
          let answer = try kernel.run([value], .of(rows)).matrix.elements
          let wanted = isRectified ? expected.map { $0 < 0 ? 0 : $0 } : expected
          #expect(answer.map(\.bitPattern) == wanted.map(\.bitPattern), "level \(level)")
        }
      }
    }
  }

  private static func sparse(_ matrix: Matrix) -> SparseMatrix {
    var sparse = SparseMatrix(starts: [0], columnIndices: [], elements: [], columns: matrix.columns)
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns where matrix.elements[row * matrix.columns + column] != 0 {
        sparse.columnIndices.append(Int32(column))
        sparse.elements.append(matrix.elements[row * matrix.columns + column])
      }
      sparse.starts.append(sparse.elements.count)
    }
    return sparse
  }
}
