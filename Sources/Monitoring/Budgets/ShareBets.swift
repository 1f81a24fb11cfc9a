/// What is bet on when live values are held against training's: each bet is one way in which shares move.
struct ShareBets {
  /// A bet on shares that are known.
  struct Tilt {
    let shares: [Double]
    let stake: Double
  }

  /// A bet on shares that are a sample of so many rows away from training's, in any direction.
  struct Spread {
    let rows: Double
    let stake: Double
  }

  var tilts: [Tilt] = []
  var spreads: [Spread] = []

  /// Bets on intervals: the values move up or down by a quarter, a half or a whole deviation, spread or gather, leave to
  /// one end; or anything.
  static func ordered(_ shares: [Double]) -> ShareBets {
    var bets = ShareBets()
    guard shares.count > 1 else { return bets }
    var below = 0.0
    var scores: [Double] = []
    for share in shares {
      let middle = below + share / 2
      // The logistic scores of ranks: nearly the best for normal values, and not far off for others.
      scores.append(naturalLogarithm(middle / max(1 - middle, 1e-12)))
      below += share
    }
    let place = standardised(scores, shares)
    let width = standardised(place.map { $0 * $0 }, shares)
    for distance in [-1, -0.5, -0.25, 0.25, 0.5, 1.0] {
      bets.tilt(shares, by: place, distance, stake: 0.5 / 6)
    }
    for distance in [-0.4, -0.2, 0.2, 0.4] { bets.tilt(shares, by: width, distance, stake: 0.2 / 4) }
    for end in [0, shares.count - 1] {
      for factor in [3.0, 10] { bets.raise(shares, end, by: factor, stake: 0.1 / 4) }
    }
    bets.spreads = [16, 128].map { Spread(rows: $0, stake: 0.1) }
    return bets
  }

  /// Bets on categories: the odds of one become half, double, four times or sixteen times what they were; or anything.
  static func unordered(_ shares: [Double]) -> ShareBets {
    var bets = ShareBets()
    guard shares.count > 1 else { return bets }
    let factors = [0.5, 2, 4, 16]
    for cell in shares.indices {
      for factor in factors {
        bets.raise(shares, cell, by: factor, stake: 0.6 / Double(factors.count * shares.count))
      }
    }
    bets.spreads = [8, 64].map { Spread(rows: $0, stake: 0.2) }
    return bets
  }

  /// Scores of mean 0 and variance 1 where values have these shares.
  private static func standardised(_ scores: [Double], _ shares: [Double]) -> [Double] {
    let mean = zip(scores, shares).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = zip(scores, shares).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 }
    let deviation = max(variance, 1e-12).squareRoot()
    return scores.map { ($0 - mean) / deviation }
  }

  private mutating func tilt(_ shares: [Double], by scores: [Double], _ distance: Double, stake: Double) {
    let tilted = zip(shares, scores).map { $0 * exponential(distance * $1) }
    let sum = tilted.reduce(0, +)
    tilts.append(Tilt(shares: tilted.map { $0 / sum }, stake: stake))
  }

  private mutating func raise(_ shares: [Double], _ cell: Int, by factor: Double, stake: Double) {
    var raised = shares
    raised[cell] *= factor
    let sum = raised.reduce(0, +)
    tilts.append(Tilt(shares: raised.map { $0 / sum }, stake: stake))
  }
}
