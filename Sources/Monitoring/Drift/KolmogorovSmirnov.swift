/// Whether two samples are of one distribution: the Kolmogorov–Smirnov test, as `scipy.stats.ks_2samp` has it (two-sided).
public struct KolmogorovSmirnov: Sendable, Equatable {
  /// The largest difference between the shares of both up to any bound.
  public let statistic: Double
  /// How likely a difference as large is where both are of one distribution.
  public let pValue: Double

  /// The longest samples for which the probability is exact, as in SciPy.
  static let exactLength = 10_000
  /// The most steps of counting for it, which SciPy has no bound for.
  public static let exactSteps = 1 << 24

  /// Compares two samples; weights are counts of values, so that the sums of both are their lengths.
  ///
  /// Exact (Hodges, "The significance probability of the Smirnov two-sample test", 1958) where both samples have at most
  /// 10,000 values and the product of their lengths is at most 2^24. Beyond, the one-sample distribution for
  /// n·m / (n + m) values, rounded.
  ///
  /// Nil where one has no value. Whoever compares many at once may have fewer steps counted: `exactSteps`.
  public init?(_ left: WeightedValues, _ right: WeightedValues, exactSteps: Int = Self.exactSteps) {
    guard left.total > 0, right.total > 0 else { return nil }
    var (largest, i, j) = (0.0, 0, 0)
    while i < left.values.count || j < right.values.count {
      let x = i < left.values.count ? left.values[i] : .infinity
      let y = j < right.values.count ? right.values[j] : .infinity
      if x <= y { i += 1 }
      if y <= x { j += 1 }
      let (below, beside) = (i > 0 ? left.cumulative[i - 1] : 0, j > 0 ? right.cumulative[j - 1] : 0)
      largest = max(largest, abs(below / left.total - beside / right.total))
    }
    statistic = largest
    let limit = Double(Self.exactLength)
    if left.total <= limit, right.total <= limit, left.total * right.total <= Double(exactSteps) {
      pValue = Self.exact(Int(left.total.rounded()), Int(right.total.rounded()), largest)
    } else {
      let effective = left.total * right.total / (left.total + right.total)
      pValue = KolmogorovDistribution.survival(
        of: largest, values: Int(min(effective.rounded(.toNearestOrEven), 1e15)))
    }
  }

  /// The share of all ways in which both samples may lie among each other that somewhere have the statistic or more.
  ///
  /// Of the ways through i values of one and j of the other, it is the mean over the last step of those without it, and
  /// 1 where the statistic is met: nothing cancels, so that small probabilities have all their digits.
  private static func exact(_ left: Int, _ right: Int, _ statistic: Double) -> Double {
    guard left > 0, right > 0 else { return 1 }
    let divisor = greatestCommonDivisor(left, right)
    let (leftStep, rightStep) = (right / divisor, left / divisor)
    let bound = Int((statistic * Double(leftStep) * Double(left)).rounded())
    guard bound > 0 else { return 1 }
    var met = [Double](repeating: 0, count: right + 1)
    for i in 0...left {
      for j in 0...right {
        if abs(i * leftStep - j * rightStep) >= bound {
          met[j] = 1
        } else if i + j > 0 {
          let before = j > 0 ? met[j - 1] : 0
          met[j] = (Double(i) * met[j] + Double(j) * before) / Double(i + j)
        }
      }
    }
    return min(1, met[right])
  }

  private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }
}
