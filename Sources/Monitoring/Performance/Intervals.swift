/// Where a number likely is, by formulas: 95 of 100 cases.
enum Interval {
  private static let deviations = 1.959_963_984_540_054

  /// A share of so many (Wilson, "Probable inference, the law of succession, and statistical inference", 1927).
  static func share(_ part: Double, of whole: Double) -> ClosedRange<Double>? {
    guard whole > 0 else { return nil }
    let (share, square) = (part / whole, deviations * deviations)
    let middle = (share + square / (2 * whole)) / (1 + square / whole)
    let reach =
      deviations / (1 + square / whole)
      * (share * (1 - share) / whole + square / (4 * whole * whole)).squareRoot()
    return max(0, middle - reach)...min(1, middle + reach)
  }

  /// F1, which is 2j / (1 + j) of the share j of right ones among all that were said or were of the class: it grows with j,
  /// and so do the ends.
  static func f1(hits: Double, misses: Double) -> ClosedRange<Double>? {
    share(hits, of: hits + misses).map { j in
      2 * j.lowerBound / (1 + j.lowerBound)...2 * j.upperBound / (1 + j.upperBound)
    }
  }

  /// A mean, by the standard error of its terms; from two terms on.
  static func mean(_ moments: Moments) -> ClosedRange<Double>? {
    guard let mean = moments.count > 1 ? moments.mean : nil, let deviation = moments.standardDeviation else {
      return nil
    }
    let reach = deviations * deviation / Double(moments.count).squareRoot()
    guard reach.isFinite, mean.isFinite else { return nil }
    return mean - reach...mean + reach
  }

  /// An area under the ROC curve (Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982).
  static func area(_ area: Double, positives: Double, negatives: Double) -> ClosedRange<Double>? {
    guard positives > 0, negatives > 0 else { return nil }
    let (one, two) = (area / (2 - area), 2 * area * area / (1 + area))
    let variance =
      (area * (1 - area) + (positives - 1) * (one - area * area) + (negatives - 1) * (two - area * area))
      / (positives * negatives)
    let reach = deviations * max(0, variance).squareRoot()
    return max(0, area - reach)...min(1, area + reach)
  }
}
