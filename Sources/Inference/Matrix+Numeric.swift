// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.exp
#elseif canImport(Musl)
  import func Musl.exp
#else
  import func Darwin.exp
#endif
import ModelGraph

extension Matrix {
  /// (x − offset) ÷ divisor: two roundings, as NumPy's two steps make.
  func scaled(offset: [Double]?, divisor: [Double]?) -> Matrix {
    var result = self
    for start in stride(from: 0, to: elements.count, by: columns) {
      if let offset {
        for column in 0..<columns { result.elements[start + column] -= offset[column] }
      }
      if let divisor {
        for column in 0..<columns { result.elements[start + column] /= divisor[column] }
      }
    }
    return result
  }

  /// exp(x − max) ÷ Σ exp(x − max), row by row, the sum in NumPy's order.
  func softmax() -> Matrix {
    var result = self
    for start in stride(from: 0, to: elements.count, by: columns) {
      let row = start..<(start + columns)
      var greatest = elements[start]
      for index in row where elements[index] > greatest { greatest = elements[index] }
      for index in row { result.elements[index] = exp(elements[index] - greatest) }
      let sum = PairwiseSum.of(result.elements.span.extracting(row))
      for index in row { result.elements[index] /= sum }
    }
    return result
  }

  /// 1 ÷ (1 + exp(−x)), as `scipy.special.expit` computes it.
  func logistic() -> Matrix {
    var result = self
    for index in elements.indices { result.elements[index] = 1 / (1 + exp(-elements[index])) }
    return result
  }

  /// Each row divided by its sum in NumPy's order.
  func rowsNormalized(zeroSum: ZeroSum) -> Matrix {
    var result = self
    for start in stride(from: 0, to: elements.count, by: columns) {
      let row = start..<(start + columns)
      let sum = PairwiseSum.of(elements.span.extracting(row))
      if sum == 0, zeroSum == .keep { continue }
      for index in row { result.elements[index] /= sum }
    }
    return result
  }

  /// Two columns made of one.
  func paired(_ pair: (Double) -> (Double, Double)) -> Matrix {
    var result: [Double] = []
    result.reserveCapacity(rows * 2)
    for element in elements {
      let (first, second) = pair(element)
      result.append(first)
      result.append(second)
    }
    return Matrix(elements: result, rows: rows, columns: 2)
  }

  /// The column of the first greatest element of each row; like NumPy's, the first NaN is the greatest.
  func argMax() -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(rows)
    for start in stride(from: 0, to: elements.count, by: columns) {
      var best = start
      for index in (start + 1)..<(start + columns) where !(elements[index] <= elements[best]) {
        // Not less or equal: greater, or one of the two is NaN.
        if elements[best].isNaN { break }
        best = index
      }
      result.append(best - start)
    }
    return result
  }
}
