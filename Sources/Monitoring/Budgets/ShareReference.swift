/// What training says of how values fall into a few cells, and the bets against live values falling the same way.
///
/// Live values are not held against shares as if those were the truth: they are known from so many rows and no more.
/// Where cells lie between order statistics of m values of training, the live shares are spacings of order statistics,
/// whatever the values' own distribution: Dirichlet-distributed, with a parameter for each cell of how many values of
/// training are in it (Wilks, "Mathematical statistics", 1962, 8.7). So under "live values are like those of training"
/// the cells of live ones are a Pólya urn that begins with training's, and its probability of what came is exact at any
/// size of either. Cells of categories and of values that come again and again, which are not between order statistics,
/// begin with half a value more (Jeffreys' prior): then it is exact on average over the true shares.
///
/// What came divided by it, for any bet that sums to one, is an e-process: its expectation is at most 1 whenever one
/// looks (Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference", 2023).
public struct ShareReference: Sendable, Equatable {
  /// How many rows of training count at most: differences that two samples of this size have are never told.
  ///
  /// With millions of rows the least difference would be significant, and none of the kind matters to a model.
  public static let rowLimit = 4000.0

  /// The parameters of the urn, one a cell.
  public let weights: [Double]
  /// Their sum.
  let total: Double
  /// The share that training says each cell has.
  public let shares: [Double]
  /// The bets: of each the logarithms of its shares, one after the other.
  let logarithms: [Double]
  /// The logarithms of how much is put on each bet, and behind them on each urn of its own.
  let stakes: [Double]
  /// The bets that live shares are anywhere, about so far from training's as a sample of so many rows.
  let spreads: [Double]
  /// Whether the cells have an order.
  public let isOrdered: Bool
  /// For the urns at no live value: the sum of the logarithms of gamma at each parameter, less that of the total.
  private let baseline: Double
  private let spreadBaselines: [Double]

  /// Cells with so many values of training in each; `isOrdered` where they are intervals of a number, `isContinuous` where
  /// hardly any of its values comes twice.
  public init(counts: [Double], isOrdered: Bool, isContinuous: Bool = false) {
    var weights = counts.map { isContinuous ? max($0, 0.5) : $0 + 0.5 }
    // The spacing beyond the greatest value.
    if isContinuous, !weights.isEmpty { weights[weights.count - 1] += 1 }
    let sum = weights.reduce(0, +)
    if sum > Self.rowLimit { weights = weights.map { max($0 * Self.rowLimit / sum, 0.5) } }
    let total = weights.reduce(0, +)
    let shares = weights.map { $0 / total }
    let bets = isOrdered ? ShareBets.ordered(shares) : ShareBets.unordered(shares)
    self.weights = weights
    self.total = total
    self.shares = shares
    self.isOrdered = isOrdered
    logarithms = bets.tilts.flatMap { $0.shares.map { naturalLogarithm($0) } }
    spreads = bets.spreads.map(\.rows)
    stakes = (bets.tilts.map(\.stake) + bets.spreads.map(\.stake)).map { naturalLogarithm($0) }
    baseline = Self.baseline(weights)
    spreadBaselines = bets.spreads.map { spread in Self.baseline(shares.map { $0 * spread.rows }) }
  }

  private static func baseline(_ weights: [Double]) -> Double {
    weights.reduce(-logarithmOfGamma(weights.reduce(0, +))) { $0 + logarithmOfGamma($1) }
  }

  /// The logarithm of the probability of a sequence with these counts, by an urn of `scale · weights`.
  private func urn(
    _ counts: [Double], _ rows: Double, weights: [Double], scale: Double, sum: Double, baseline: Double
  )
    -> Double
  {
    var probability = -logarithmOfGamma(sum + rows) - baseline
    for cell in counts.indices { probability += logarithmOfGamma(weights[cell] * scale + counts[cell]) }
    return probability
  }

  /// The logarithm of the e-value of live counts, one a cell.
  public func evidence(_ counts: [Double]) -> Double {
    guard counts.count == weights.count, counts.count > 1 else { return 0 }
    let rows = counts.reduce(0, +)
    guard rows > 0 else { return 0 }
    var terms: [Double] = []
    terms.reserveCapacity(stakes.count)
    let tilts = stakes.count - spreads.count
    for bet in 0..<tilts {
      var term = stakes[bet]
      for cell in counts.indices { term += counts[cell] * logarithms[bet * counts.count + cell] }
      terms.append(term)
    }
    for (place, spread) in spreads.enumerated() {
      let urn = urn(
        counts, rows, weights: shares, scale: spread, sum: spread, baseline: spreadBaselines[place])
      terms.append(stakes[tilts + place] + urn)
    }
    let null = urn(counts, rows, weights: weights, scale: 1, sum: total, baseline: baseline)
    return logarithmOfSum(terms) - null
  }

  /// Half of the chi-squared statistic of the two samples: about what `evidence` can be at most.
  func roughEvidence(_ counts: [Double], rows: Double) -> Double {
    guard rows > 0 else { return 0 }
    var sum = 0.0
    for cell in counts.indices {
      let distance = counts[cell] - rows * shares[cell]
      sum += distance * distance / shares[cell]
    }
    return sum / rows * total / (total + rows) / 2
  }
}
