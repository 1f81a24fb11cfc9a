/// Pearson's chi-squared test of counts in cells.
public struct ChiSquared: Sendable, Equatable {
  /// The sum of squared differences, each divided by what was expected.
  public let statistic: Double
  /// How many cells may differ freely.
  public let degreesOfFreedom: Int
  /// How likely a statistic as large is where there is no difference; an approximation that wants about five expected in each cell.
  public let pValue: Double

  /// Compares counts with what is expected of them, as `scipy.stats.chisquare` does.
  ///
  /// Nil where both do not have as many cells, there are fewer than two, or nothing is expected in one.
  public init?(observed: [Double], expected: [Double]) {
    guard observed.count == expected.count, observed.count > 1, expected.allSatisfy({ $0 > 0 }) else {
      return nil
    }
    let statistic = zip(observed, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 }
    self.init(statistic: statistic, degreesOfFreedom: observed.count - 1)
  }

  /// Compares the counts of two samples, as `scipy.stats.chi2_contingency` does without Yates' correction; cells that are
  /// empty in both count for nothing.
  ///
  /// Nil where both do not have as many cells, fewer than two are not empty, or one sample is empty.
  public init?(_ left: [Double], _ right: [Double]) {
    guard left.count == right.count else { return nil }
    let cells = zip(left, right).filter { $0 + $1 > 0 }
    let (leftSum, rightSum) = (left.reduce(0, +), right.reduce(0, +))
    guard cells.count > 1, leftSum > 0, rightSum > 0 else { return nil }
    var statistic = 0.0
    for (x, y) in cells {
      let share = (x + y) / (leftSum + rightSum)
      let (expectedX, expectedY) = (share * leftSum, share * rightSum)
      statistic +=
        (x - expectedX) * (x - expectedX) / expectedX + (y - expectedY) * (y - expectedY) / expectedY
    }
    self.init(statistic: statistic, degreesOfFreedom: cells.count - 1)
  }

  private init(statistic: Double, degreesOfFreedom: Int) {
    self.statistic = statistic
    self.degreesOfFreedom = degreesOfFreedom
    pValue = IncompleteGamma.upper(Double(degreesOfFreedom) / 2, statistic / 2)
  }
}

/// The regularised incomplete gamma function.
enum IncompleteGamma {
  /// Q(a, x) = Γ(a, x) / Γ(a): by its series below a + 1, and by Lentz's continued fraction above (Press and others,
  /// "Numerical recipes", 6.2).
  static func upper(_ shape: Double, _ bound: Double) -> Double {
    guard bound > 0, shape > 0 else { return 1 }
    guard bound.isFinite else { return 0 }
    let factor = exponential(shape * naturalLogarithm(bound) - bound - logarithmOfGamma(shape))
    // Both converge within a few times the root of the shape.
    let limit = 1_000 + Int(min(shape, 1e9).squareRoot()) * 20
    if bound < shape + 1 {
      var (term, sum, divisor) = (1 / shape, 1 / shape, shape)
      for _ in 0..<limit {
        divisor += 1
        term *= bound / divisor
        sum += term
        if term < sum * 1e-17 { break }
      }
      return max(0, 1 - factor * sum)
    }
    let least = 1e-300
    var b = bound + 1 - shape
    var (c, d) = (1 / least, 1 / b)
    var fraction = d
    for place in 1..<limit {
      let a = -Double(place) * (Double(place) - shape)
      b += 2
      d = a * d + b
      if abs(d) < least { d = least }
      c = b + a / c
      if abs(c) < least { c = least }
      d = 1 / d
      let change = d * c
      fraction *= change
      if abs(change - 1) < 1e-16 { break }
    }
    return min(1, factor * fraction)
  }
}
