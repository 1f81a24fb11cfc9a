import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.erf
  import func Glibc.erfc
  import func Glibc.exp
  import func Glibc.log
  import func Glibc.log1p
  import func Glibc.pow
#elseif canImport(Musl)
  import func Musl.erf
  import func Musl.erfc
  import func Musl.exp
  import func Musl.log
  import func Musl.log1p
  import func Musl.pow
#else
  import func Darwin.erf
  import func Darwin.erfc
  import func Darwin.exp
  import func Darwin.log
  import func Darwin.log1p
  import func Darwin.pow
#endif
import ModelGraph

extension InversePowerTransform: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for column in 0..<matrix.columns {
        matrix.elements[start + column] = inverse(matrix.elements[start + column], powers[column])
      }
    }
    return .numbers(matrix)
  }

  private func inverse(_ x: Double, _ power: Double) -> Double {
    let epsilon = Double.ulpOfOne
    switch method {
    case .boxCox: return power == 0 ? exp(x) : pow(x * power + 1, 1 / power)
    case .boxCoxStable:
      if power == 0 { return exp(x) }
      // Where the product overflows its logarithm does not.
      guard power * x >= 1.79e308 else { return exp(log1p(power * x) / power) }
      return exp((log(Double(signOf: power, magnitudeOf: 1) * (x + 1 / power)) + log(abs(power))) / power)
    case .yeoJohnson:
      if x >= 0 { return abs(power) < epsilon ? exp(x) - 1 : pow(x * power + 1, 1 / power) - 1 }
      return abs(power - 2) > epsilon ? 1 - pow(-(2 - power) * x + 1, 1 / (2 - power)) : 1 - exp(-x)
    }
  }
}

extension InverseQuantileTransform: Runnable, Kernel {
  /// How near to the ends a place counts as one, `BOUNDS_THRESHOLD`.
  private static let threshold = 1e-7

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    let count = references.count
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for column in 0..<matrix.columns {
        let own = quantiles.elements[(column * count)..<((column + 1) * count)]
        matrix.elements[start + column] = number(at: matrix.elements[start + column], among: own)
      }
    }
    return .numbers(matrix)
  }

  private func number(at x: Double, among quantiles: ArraySlice<Double>) -> Double {
    guard !x.isNaN, let least = quantiles.first, let greatest = quantiles.last else { return x }
    let place = distribution == .normal ? Self.normalProbability(below: x) : x
    let (isLeast, isGreatest) =
      distribution == .normal
      ? (place - Self.threshold < 0, place + Self.threshold > 1) : (place == 0, place == 1)
    if isLeast { return least }
    if isGreatest { return greatest }
    return LineInterpolation.value(
      at: place, count: references.count, point: { references[$0] },
      value: { quantiles[quantiles.startIndex + $0] })
  }

  /// `scipy.special.ndtr`: by the error function in the middle, by its complement in the tails.
  private static func normalProbability(below number: Double) -> Double {
    let x = number * 0.5.squareRoot()
    guard abs(x) >= 1 else { return 0.5 + 0.5 * erf(x) }
    let tail = 0.5 * erfc(abs(x))
    return x > 0 ? 1 - tail : tail
  }
}

extension SingleInterpolation: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    SingleInterpolationKernel(
      points: points.map { Float($0) }, values: values.map { Float($0) }, outside: outside)
  }
}

/// The lines of a curve with their points in single precision.
private struct SingleInterpolationKernel: Kernel {
  let points: [Float]
  let values: [Float]
  let outside: Interpolation.Outside

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for row in matrix.elements.indices {
      let x = Float(matrix.elements[row])
      if x < points[0] || x > points[points.count - 1] {
        switch outside {
        case .clip: break
        case .missing:
          matrix.elements[row] = .nan
          continue
        case .refuse: throw Interpolation.outOfBounds(row: row, batch)
        }
      }
      matrix.elements[row] = Double(value(at: x))
    }
    return .numbers(matrix)
  }

  private func value(at number: Float) -> Float {
    guard !number.isNaN else { return number }
    let last = points.count - 1
    let x = min(max(number, points[0]), points[last])
    // The first point that is not below x, and not the first of all.
    var (low, high) = (-1, points.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if points[middle] < x { low = middle } else { high = middle }
    }
    high = min(max(high, 1), last)
    let slope = (values[high] - values[high - 1]) / (points[high] - points[high - 1])
    return slope * (x - points[high - 1]) + values[high - 1]
  }
}
