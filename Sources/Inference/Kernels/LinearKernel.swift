import Domain
import ModelGraph

extension Linear: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    LinearKernel(coefficients: coefficients.elements, intercepts: intercepts)
  }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: true, gives: false) }
}

/// x · coefficientsᵀ + intercepts.
///
/// Each product is added with one rounding (a fused multiply-add), feature by feature, and the intercept
/// last: the order in which OpenBLAS's matrix product, and so NumPy's, adds up to 384 features for two or
/// more outputs. For one output the library's order depends on how many rows are asked about, and the last
/// bits with it.
struct LinearKernel: Kernel {
  /// `[outputs, columns]`.
  let coefficients: [Double]
  /// `[outputs]`.
  let intercepts: [Double]

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    switch operands[0] {
    case .sparse(let matrix): .numbers(run(on: matrix))
    default: .numbers(run(on: operands[0].matrix))
    }
  }

  /// Multiplies what is not 0 alone, in the order of the columns.
  private func run(on matrix: SparseMatrix) -> Matrix {
    let outputs = intercepts.count
    var result = Matrix(rows: matrix.rows, columns: outputs)
    for row in 0..<matrix.rows {
      for output in 0..<outputs {
        var sum = 0.0
        for index in matrix.starts[row]..<matrix.starts[row + 1] {
          sum.addProduct(
            matrix.elements[index], coefficients[output * matrix.columns + Int(matrix.columnIndices[index])])
        }
        result.elements[row * outputs + output] = sum + intercepts[output]
      }
    }
    return result
  }

  private func run(on matrix: Matrix) -> Matrix {
    let columns = matrix.columns
    let outputs = intercepts.count
    let (x, weights) = (matrix.elements.span, coefficients.span)
    var result = [Double](repeating: 0, count: matrix.rows * outputs)
    for row in 0..<matrix.rows {
      for output in 0..<outputs {
        var sum = 0.0
        for column in 0..<columns {
          sum.addProduct(x[row * columns + column], weights[output * columns + column])
        }
        result[row * outputs + output] = sum + intercepts[output]
      }
    }
    return Matrix(elements: result, rows: matrix.rows, columns: outputs)
  }
}
