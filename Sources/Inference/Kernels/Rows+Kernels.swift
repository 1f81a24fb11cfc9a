import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.exp
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.exp
  import func Musl.log
#else
  import func Darwin.exp
  import func Darwin.log
#endif
import ModelGraph

extension Scale: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity {
    let keeps = areSparse[0] && offset == nil
    return Sparsity(reads: keeps, gives: keeps)
  }

  /// Two roundings, as NumPy's two steps make.
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    // Without an offset 0 stays 0.
    if case .sparse(var matrix) = operands[0], offset == nil {
      operands.removeAll()
      if let divisor {
        for index in matrix.elements.indices {
          matrix.elements[index] /= divisor[Int(matrix.columnIndices[index])]
        }
      }
      return .sparse(matrix)
    }
    var matrix = operands.takeMatrix(0)
    matrix.scale(offset: offset, divisor: divisor)
    return .numbers(matrix)
  }
}

extension Softmax: Runnable, Kernel {
  /// The sum in NumPy's order.
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      let row = start..<(start + matrix.columns)
      var greatest = matrix.elements[start]
      for index in row where matrix.elements[index] > greatest { greatest = matrix.elements[index] }
      for index in row { matrix.elements[index] -= greatest }
    }
    matrix.elements.exponentiate()
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      let row = start..<(start + matrix.columns)
      let sum = PairwiseSum.of(matrix.elements.span.extracting(row))
      for index in row { matrix.elements[index] /= sum }
    }
    return .numbers(matrix)
  }
}

extension NormalizeRows: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity {
    let keeps = areSparse[0] && zeroNorm == .keep
    return Sparsity(reads: keeps, gives: keeps)
  }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .sparse(var matrix) = operands[0], zeroNorm == .keep || zeroNorm == .keepTiny {
      operands.removeAll()
      for row in 0..<matrix.rows {
        divide(&matrix.elements, matrix.starts[row]..<matrix.starts[row + 1], isSparse: true)
      }
      return .sparse(matrix)
    }
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      divide(&matrix.elements, start..<(start + matrix.columns), isSparse: false)
    }
    return .numbers(matrix)
  }

  private func divide(_ elements: inout [Double], _ row: Range<Int>, isSparse: Bool) {
    let norm = norm(elements.span.extracting(row))
    // Of sparse rows the library keeps just those whose norm is 0.
    if zeroNorm == .keepTiny, !isSparse, norm < 10 * Double.ulpOfOne { return }
    if norm == 0, zeroNorm != .divide {
      if zeroNorm == .uniform { for index in row { elements[index] = 1 / Double(row.count) } }
      return
    }
    for index in row { elements[index] /= norm }
  }

  private func norm(_ row: Span<Double>) -> Double {
    switch norm {
    case .sum: return PairwiseSum.of(row)
    case .l1:
      var sum = 0.0
      for index in 0..<row.count { sum += abs(row[index]) }
      return sum
    case .l2:
      var sum = 0.0
      for index in 0..<row.count { sum += row[index] * row[index] }
      return sum.squareRoot()
    case .max:
      var greatest = 0.0
      for index in 0..<row.count { greatest = Swift.max(greatest, abs(row[index])) }
      return greatest
    }
  }
}

extension ReduceRows: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result: [Double] = []
    result.reserveCapacity(matrix.rows)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      result.append(reduce(matrix.elements.span.extracting(start..<(start + matrix.columns))))
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: 1))
  }

  private func reduce(_ row: Span<Double>) -> Double {
    switch reduction {
    case .sum: return PairwiseSum.of(row)
    case .mean: return PairwiseSum.of(row) / Double(row.count)
    case .max: return greatest(row)
    case .min:
      var least = row[0]
      for index in 0..<row.count where !(row[index] >= least) {
        least = row[index]
        if least.isNaN { break }
      }
      return least
    case .product:
      var product = 1.0
      for index in 0..<row.count { product *= row[index] }
      return product
    case .sumOfSquares:
      var sum = 0.0
      for index in 0..<row.count { sum += row[index] * row[index] }
      return sum
    case .logSumExp:
      let greatest = greatest(row)
      guard greatest.isFinite else { return greatest }
      var sum = 0.0
      for index in 0..<row.count { sum += exp(row[index] - greatest) }
      return log(sum) + greatest
    }
  }

  private func greatest(_ row: Span<Double>) -> Double {
    var greatest = row[0]
    for index in 0..<row.count where !(row[index] <= greatest) {
      greatest = row[index]
      if greatest.isNaN { break }
    }
    return greatest
  }
}
