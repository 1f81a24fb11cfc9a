/// How many false alerts a model may cause in a year, in expectation.
public struct AlertBudget: Sendable, Equatable {
  /// What counts as a year, in milliseconds: 365 days.
  public static let year: Int64 = 365 * 86_400_000

  /// The most false alerts a year, in expectation, over all that is watched of the model.
  public let falseAlertsPerYear: Double

  /// A budget; what is not between one in a million years and one a day becomes the nearest that is.
  public init(falseAlertsPerYear: Double = 0.01) {
    self.falseAlertsPerYear = falseAlertsPerYear.isNaN ? 0.01 : min(max(falseAlertsPerYear, 1e-6), 365)
  }

  /// The e-value at which one of so many streams is told of: so high that all of them together keep the budget.
  public func threshold(streams: Int) -> Double { Double(max(streams, 1)) / falseAlertsPerYear }

  /// Which of several e-values stand out together, so that in expectation the share of false ones among them is at most
  /// `share`: the e-BH procedure (Wang and Ramdas, "False discovery rate control with e-values", 2022), which holds
  /// however they depend on each other.
  ///
  /// Places in `logarithms`, the largest first.
  public static func standingOut(_ logarithms: [Double], share: Double) -> [Int] {
    let order = logarithms.indices.sorted { logarithms[$0] > logarithms[$1] }
    var found = 0
    for (rank, place) in order.enumerated() {
      let needed = naturalLogarithm(Double(logarithms.count) / (Double(rank + 1) * share))
      if logarithms[place] >= needed { found = rank + 1 }
    }
    return Array(order.prefix(found))
  }
}
