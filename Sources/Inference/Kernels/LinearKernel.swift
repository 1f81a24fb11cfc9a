import CKernels
import Domain
import ModelGraph

extension Linear: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { LinearKernel(self) }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: true, gives: false) }
}

/// x · coefficientsᵀ + intercepts.
///
/// Each product is added with one rounding (a fused multiply-add), feature by feature, and the intercept
/// last: the order in which OpenBLAS's matrix product, and so NumPy's, adds up to 384 features for two or
/// more outputs. For one output the library's order depends on how many rows are asked about, and the last
/// bits with it.
struct LinearKernel: Kernel {
  private let weights: Weights
  private let intercepts: [Double]
  private let columns: Int
  /// Whether what is below 0 becomes 0.
  private let isRectified: Bool
  private let level: VectorLevel

  private enum Weights {
    /// `[outputs, columns]`, where the outputs are too few to fill a panel.
    case plain([Double])
    /// In panels, as the C kernel takes them.
    case packed(AlignedNumbers)
  }

  /// So many outputs are worth a panel.
  private static let leastPackedOutputs = 4

  /// Lays the coefficients out; `isRectified` makes the step after it, a `relu`, part of it.
  init(_ linear: Linear, isRectified: Bool = false, level: VectorLevel = .here) {
    let (outputs, columns) = (linear.intercepts.count, linear.coefficients.columns)
    self.intercepts = linear.intercepts
    self.columns = columns
    self.isRectified = isRectified
    self.level = level
    guard outputs >= Self.leastPackedOutputs else {
      self.weights = .plain(linear.coefficients.elements)
      return
    }
    let panel = Int(GATEHOUSE_PANEL)
    self.weights = unsafe .packed(
      AlignedNumbers(count: columns * ((outputs + panel - 1) / panel * panel)) { packed in
        unsafe linear.coefficients.elements.withUnsafeBufferPointer { coefficients in
          guard let coefficients = coefficients.baseAddress else { return }
          unsafe gatehouse_pack_weights(coefficients, outputs, columns, packed)
        }
      })
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var result: Matrix
    switch operands[0] {
    case .sparse(let matrix): result = product(matrix)
    default: result = product(operands[0].matrix)
    }
    // The C kernel has done it where the weights are packed and the rows are not sparse.
    if isRectified { result.rectify(level) }
    return .numbers(result)
  }

  /// Multiplies dense rows.
  func product(_ matrix: Matrix) -> Matrix {
    let outputs = intercepts.count
    let count = matrix.rows * outputs
    let elements = unsafe [Double](unsafeUninitializedCapacity: count) { y, initialized in
      unsafe matrix.elements.withUnsafeBufferPointer { x in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        switch weights {
        case .plain(let weights):
          unsafe gatehouse_multiply_few(
            level.number, x, matrix.rows, columns, weights, intercepts, outputs, y)
        case .packed(let weights):
          unsafe gatehouse_multiply(
            level.number, x, matrix.rows, columns, weights.start, intercepts, outputs, isRectified ? 1 : 0, y)
        }
      }
      initialized = count
    }
    return Matrix(elements: elements, rows: matrix.rows, columns: outputs)
  }

  /// Multiplies what is not 0 alone, in the order of the columns.
  private func product(_ matrix: SparseMatrix) -> Matrix {
    let outputs = intercepts.count
    var result = Matrix(rows: matrix.rows, columns: outputs)
    switch weights {
    case .plain(let weights):
      for row in 0..<matrix.rows {
        for output in 0..<outputs {
          var sum = 0.0
          for index in matrix.starts[row]..<matrix.starts[row + 1] {
            sum.addProduct(
              matrix.elements[index], weights[output * columns + Int(matrix.columnIndices[index])])
          }
          result.elements[row * outputs + output] = sum + intercepts[output]
        }
      }
    case .packed(let weights):
      unsafe result.elements.withUnsafeMutableBufferPointer { y in
        guard let y = y.baseAddress else { return }
        for row in 0..<matrix.rows {
          let range = matrix.starts[row]..<matrix.starts[row + 1]
          unsafe matrix.elements.withUnsafeBufferPointer { x in
            unsafe matrix.columnIndices.withUnsafeBufferPointer { indices in
              unsafe gatehouse_multiply_sparse(
                level.number, x.baseAddress.map { unsafe $0 + range.lowerBound },
                indices.baseAddress.map { unsafe $0 + range.lowerBound }, range.count, columns, weights.start,
                intercepts, outputs, y + row * outputs)
            }
          }
        }
      }
    }
    return result
  }
}
