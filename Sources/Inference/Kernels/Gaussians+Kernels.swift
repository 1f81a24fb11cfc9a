import Domain
import ModelGraph

// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.erf
#elseif canImport(Musl)
  import func Musl.erf
#else
  import func Darwin.erf
#endif

extension SolveTriangular: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    let columns = matrix.columns
    let factor = factor.elements.span
    for start in stride(from: 0, to: matrix.elements.count, by: columns) {
      for row in 0..<columns {
        var rest = matrix.elements[start + row]
        for column in 0..<row { rest -= factor[row * columns + column] * matrix.elements[start + column] }
        matrix.elements[start + row] = rest / factor[row * columns + row]
      }
    }
    return .numbers(matrix)
  }
}

extension LogisticOfGaussian: Runnable, Kernel {
  /// How steep each error function is, and how much of it is taken.
  private static let terms: [(steepness: Double, weight: Double)] = [
    (0.41, -1854.8214151), (0.4, 3516.89893646), (0.37, 221.29346712),
    (0.44, 128.12323805), (0.39, -2010.49422654),
  ]

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let (means, variances) = (operands[0].matrix, operands[1].matrix)
    var half = 0.0
    for term in Self.terms { half += 0.5 * term.weight }
    let elements = zip(means.elements, variances.elements).map { mean, variance -> Double in
      let alpha = 1 / (2 * variance)
      var sum = 0.0
      for (steepness, weight) in Self.terms {
        let integral =
          (Double.pi / alpha).squareRoot()
          * erf(steepness * mean * (alpha / (alpha + steepness * steepness)).squareRoot())
          / (2 * (variance * 2 * Double.pi).squareRoot())
        sum += weight * integral
      }
      return sum + half
    }
    return .numbers(Matrix(elements: elements, rows: means.rows, columns: 1))
  }
}
