/// A bet that something happens more often than it may: evidence that grows where it does, and in the mean never where it
/// does not.
///
/// With `tolerated` as the most that chance may give it at any one time, whatever happened before, the product of the
/// factors is at most 1 in the mean, and so it reaches e^h with a probability of at most e^−h, ever (Ville, 1939). Starting
/// anew at each moment, as `sum` does (Page, "Continuous inspection schemes", 1954), makes that at most e^−h for each
/// start, and the mean time until a false alarm at least e^h (Shin, Ramdas and Rinaldo, "E-detectors", 2024).
struct RareEventBet: Sendable, Equatable {
  /// The most that it may happen among honest rows, as a share.
  let tolerated: Double
  /// The logarithms of the factors where it happens, and where it does not.
  let hit: Float
  let miss: Float

  /// Bets on a share that is `reach` of the way from what is tolerated to all; nil where too much is tolerated to tell.
  init?(tolerated: Double, reach: Double) {
    guard tolerated > 0, tolerated <= 0.75 else { return nil }
    let wanted = tolerated + (1 - tolerated) * reach
    self.tolerated = tolerated
    hit = Float(naturalLogarithm(wanted / tolerated))
    miss = Float(naturalLogarithm((1 - wanted) / (1 - tolerated)))
  }

  /// What is tolerated where training had a share over so many draws: twice it, three standard errors and three draws
  /// more, and never less than `floor`.
  static func tolerated(share: Double, draws: Int, floor: Double) -> Double {
    let draws = Double(max(draws, 1))
    return max(floor, 2 * share + 3 * (share / draws).squareRoot() + 3 / draws)
  }
}
