import Domain
import ModelGraph

extension TreeEnsemble: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { TreeKernel(self) }

  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: areSparse.count == 1, gives: false) }
}

/// A tree ensemble laid out for the C kernel, which says how.
struct TreeKernel: Kernel {
  private let forest: PackedForest
  private let level: VectorLevel
  /// What each output starts from.
  private let start: [Double]
  private let rounds: Bool
  private let divisor: Double

  /// Lays the trees out for processors of a level.
  init(_ trees: TreeEnsemble, level: VectorLevel = .here) {
    self.forest = PackedForest(trees, makesTests: level >= .avx512)
    self.level = level
    self.rounds = trees.aggregate == .sumOfSingles
    self.divisor = trees.divisor
    let nothing: Double =
      switch trees.aggregate {
      // −0 is the number that changes nothing it is added to: a lone tree's values come out as they are.
      case .sum, .sumOfSingles: -0.0
      case .minimum: .infinity
      case .maximum: -.infinity
      }
    self.start = trees.base ?? Array(repeating: nothing, count: trees.outputs)
  }

  var worthwhileRows: Int { forest.worthwhileRows }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .sparse(let matrix) = operands[0], operands.count == 1 {
      var elements: [Double] = []
      for rows in matrix.denseBlocks {
        elements += run(on: matrix.dense(rows), startingFrom: nil).elements
      }
      return .numbers(Matrix(elements: elements, rows: matrix.rows, columns: forest.outputs))
    }
    return .numbers(run(on: operands[0].matrix, startingFrom: operands.count > 1 ? operands[1].matrix : nil))
  }

  private func run(on matrix: Matrix, startingFrom given: Matrix?) -> Matrix {
    let count = matrix.rows * forest.outputs
    let sums = unsafe [Double](unsafeUninitializedCapacity: count) { sums, initialized in
      for row in 0..<matrix.rows {
        for output in 0..<forest.outputs {
          let place = row * forest.outputs + output
          let number = given?.elements[place] ?? start[output]
          unsafe sums.initializeElement(at: place, to: rounds ? Double(Float(number)) : number)
        }
      }
      unsafe matrix.elements.withUnsafeBufferPointer { rows in
        guard let rows = rows.baseAddress, let sums = sums.baseAddress else { return }
        unsafe forest.addLeaves(
          of: rows, columns: matrix.columns, rowCount: matrix.rows, to: sums, level: level)
      }
      if divisor != 1 {
        for index in 0..<count { unsafe sums[index] /= divisor }
      }
      initialized = count
    }
    return Matrix(elements: sums, rows: matrix.rows, columns: forest.outputs)
  }
}
