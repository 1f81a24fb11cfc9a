import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.expm1
  import func Glibc.log
  import func Glibc.log1p
  import func Glibc.pow
#elseif canImport(Musl)
  import func Musl.expm1
  import func Musl.log
  import func Musl.log1p
  import func Musl.pow
#else
  import func Darwin.expm1
  import func Darwin.log
  import func Darwin.log1p
  import func Darwin.pow
#endif
import ModelGraph

extension PowerTransform: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for column in 0..<matrix.columns {
        let x = matrix.elements[start + column]
        if method == .boxCox, x <= 0 {
          let row = start / matrix.columns + batch.firstRow
          throw Problem(
            .badInput, "predict.not-positive",
            "expected numbers above 0 for \(batch.origin), found another in row \(row), column \(column)",
            position: "row \(row), column \(column)", hint: "rows and columns count from 0")
        }
        matrix.elements[start + column] = transform(x, powers[column])
      }
    }
    return .numbers(matrix)
  }

  private func transform(_ x: Double, _ power: Double) -> Double {
    let epsilon = Double.ulpOfOne
    switch method {
    case .boxCox: return abs(power) < 1e-19 ? log(x) : expm1(power * log(x)) / power
    case .yeoJohnson:
      if x >= 0 { return abs(power) < epsilon ? log1p(x) : (pow(x + 1, power) - 1) / power }
      return abs(power - 2) > epsilon ? -(pow(-x + 1, 2 - power) - 1) / (2 - power) : -log1p(-x)
    case .yeoJohnsonStable:
      if x >= 0 { return abs(power) < epsilon ? log1p(x) : expm1(power * log1p(x)) / power }
      return abs(power - 2) > epsilon ? -expm1((2 - power) * log1p(-x)) / (2 - power) : -log1p(-x)
    }
  }
}

extension QuantileTransform: Runnable, Kernel {
  /// How near to the ends a number counts as one, `BOUNDS_THRESHOLD`.
  private static let threshold = 1e-7

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    let count = references.count
    let lowest = NormalQuantile.of(Self.threshold - Double.ulpOfOne)
    let highest = NormalQuantile.of(1 - (Self.threshold - Double.ulpOfOne))
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for column in 0..<matrix.columns {
        let own = quantiles.elements[(column * count)..<((column + 1) * count)]
        let place = place(of: matrix.elements[start + column], among: own)
        guard distribution == .normal, !place.isNaN else {
          matrix.elements[start + column] = place
          continue
        }
        matrix.elements[start + column] = min(max(NormalQuantile.of(place), lowest), highest)
      }
    }
    return .numbers(matrix)
  }

  private func place(of x: Double, among quantiles: ArraySlice<Double>) -> Double {
    guard !x.isNaN, let least = quantiles.first, let greatest = quantiles.last else { return x }
    let (isLeast, isGreatest) =
      distribution == .normal
      ? (x - Self.threshold < least, x + Self.threshold > greatest) : (x == least, x == greatest)
    // A constant column is both; the lower end is written last.
    if isLeast { return 0 }
    if isGreatest { return 1 }
    return 0.5 * (ascending(x, quantiles) - descending(-x, quantiles))
  }

  /// `numpy.interp(x, quantiles, references)`.
  private func ascending(_ x: Double, _ quantiles: ArraySlice<Double>) -> Double {
    LineInterpolation.value(
      at: x, count: references.count, point: { quantiles[quantiles.startIndex + $0] },
      value: { references[$0] })
  }

  /// `numpy.interp(x, -quantiles[::-1], -references[::-1])`.
  private func descending(_ x: Double, _ quantiles: ArraySlice<Double>) -> Double {
    let last = references.count - 1
    return LineInterpolation.value(
      at: x, count: references.count, point: { -quantiles[quantiles.startIndex + last - $0] },
      value: { -references[last - $0] })
  }
}

/// `numpy.interp` for one number.
enum LineInterpolation {
  static func value(
    at x: Double, count: Int, point: (Int) -> Double, value: (Int) -> Double
  ) -> Double {
    if x > point(count - 1) { return value(count - 1) }
    if x < point(0) { return value(0) }
    // The last point that is not above x.
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if point(middle) <= x { low = middle } else { high = middle }
    }
    if low == count - 1 || point(low) == x { return value(low) }
    let slope = (value(low + 1) - value(low)) / (point(low + 1) - point(low))
    let result = slope * (x - point(low)) + value(low)
    guard result.isNaN else { return result }
    // Two points at infinity and the like: seen from the other side.
    let other = slope * (x - point(low + 1)) + value(low + 1)
    return other.isNaN && value(low) == value(low + 1) ? value(low) : other
  }
}
