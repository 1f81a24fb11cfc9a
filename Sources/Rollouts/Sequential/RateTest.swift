import Monitoring

/// Whether a canary's share of something bad lies on one side of a line beside its champion's, at every moment at which one
/// looks.
///
/// Requests come in blocks: of a block's `n` requests to the canary and `m` to the champion so many were bad. For a pair of shares
/// (a, c) that was chosen before the block was seen, and the pair (a°, c°) of the null hypothesis that is nearest to it by
/// n·KL(a, a°) + m·KL(c, c°), the likelihood of the block under the first divided by that under the second has an expectation of at
/// most 1 under every pair of the null hypothesis: this is the e-variable of Turner, Ly and Grünwald ("Generic e-variables for
/// exact sequential k-sample tests that allow for optional stopping", 2024) for a convex null (Turner and Grünwald, "Exact
/// anytime-valid confidence intervals for contingency tables and beyond", 2023). In short: one request to the canary multiplies it
/// by 1 + u in expectation, one to the champion by 1 + v; that (a°, c°) is nearest says n·u + m·v ≤ 0; and the mean of numbers is
/// no less than their geometric mean, so (1 + u)ⁿ(1 + v)ᵐ ≤ 1. As u and v are linear in the shares, a block whose shares move is as good
/// as one of their means.
///
/// Where few requests come, a span has some of one version alone, of which nothing can be said: they wait for the other's, and all
/// are one block. How many came ends a block, never how many of them were bad and never that somebody looked, so that what is bet
/// on a block is chosen before any of it was seen.
///
/// Products over blocks are e-processes, and so are their means: there is one for each bet on how far beyond the line the
/// canary is, and those that begin anew later on, for a canary that is well at first. By Ville's inequality the mean
/// reaches 1 / α with probability α at most, however often one looks.
struct RateTest: Hashable, Sendable {
  /// What the test is after.
  enum Claim: String, Sendable, CaseIterable {
    /// That the canary's share is above the line.
    case worse
    /// That it is below.
    case notWorse = "not-worse"
  }

  /// What came to both versions.
  struct Block: Hashable, Sendable {
    var canary = Tally()
    var champion = Tally()
  }

  /// What each bet puts the odds of the line at, and behind these the share that was seen up to now.
  static let tilts: [Claim: [Double]] = [
    .worse: [2, 5, 15], .notWorse: [0.7, 0.4, 0.15],
  ]
  /// How many requests to the champion have to be known before anything is bet: a block of many requests to it, bet on with a
  /// share that is far off, would cost more than all that is won later.
  static let enoughKnown = 100
  /// How many requests to the canary come before the test begins anew for the first time; twice as many for the next.
  static let firstRestart = 1000
  /// How often it begins anew: 2³¹ requests come before the last one.
  static let restartLimit = 21
  /// The part of the wager that is on a canary that is bad from the first.
  static let firstStake = 0.85
  /// How many requests to the champion wait at most for one to the canary: more beside it say little more, and what they say
  /// of the champion is wanted for the next bet.
  static let waitingLimit = 200

  let boundary: RateBoundary
  let claim: Claim
  /// What is known of the champion from before the test.
  let known: Tally
  /// What came to the canary.
  private(set) var canary = Tally()
  /// What came to the champion.
  private(set) var champion = Tally()
  /// What came to one of both since the last block, and waits for the other: no bet is on it yet, and none was chosen by it.
  private(set) var waiting = Block()
  /// The logarithm of what became of each bet since the first block.
  private(set) var gains: [Double]
  /// What they were when the test began anew.
  private(set) var restarts: [[Double]] = []

  init(_ claim: Claim, boundary: RateBoundary, known: Tally = Tally()) {
    self.claim = claim
    self.boundary = boundary
    self.known = known
    gains = [Double](repeating: 0, count: Self.betCount(claim))
  }

  /// Takes a test up again; what was kept of it has been held against `betCount` and `restartLimit`.
  init(
    _ claim: Claim, boundary: RateBoundary, known: Tally, canary: Tally, champion: Tally,
    waiting: Block, gains: [Double], restarts: [[Double]]
  ) {
    self.init(claim, boundary: boundary, known: known)
    self.canary = canary
    self.champion = champion
    self.waiting = waiting
    self.gains = gains
    self.restarts = restarts
  }

  /// How many bets there are.
  static func betCount(_ claim: Claim) -> Int { (tilts[claim]?.count ?? 0) + 1 }

  /// Takes what came to both in one span of time: a block, where it has some of each with what waits.
  mutating func take(canary block: Tally, champion other: Tally) {
    guard boundary.ratio > 0 else {
      // Nobody is waited for at a bound that no champion moves.
      if block.whole > 0 { bet(on: Block(canary: block, champion: other)) }
      return close(Block(canary: block, champion: other))
    }
    // What comes before that only teaches.
    guard champion.whole.saturating(known.whole) >= Self.enoughKnown else {
      return close(Block(canary: block, champion: other))
    }
    if waiting.champion.whole.saturating(other.whole) > Self.waitingLimit {
      champion.add(waiting.champion)
      waiting.champion = Tally()
    }
    waiting.canary.add(block)
    waiting.champion.add(other)
    guard waiting.canary.whole > 0, waiting.champion.whole > 0 else { return }
    bet(on: waiting)
    close(waiting)
    waiting = Block()
  }

  private mutating func bet(on block: Block) {
    restartWhereDue()
    for (bet, pair) in bets.enumerated() {
      guard let pair else { continue }
      gains[bet] = min(max(gains[bet] + gain(of: pair, block.canary, block.champion), -1e6), 1e6)
    }
  }

  private mutating func close(_ block: Block) {
    canary.add(block.canary)
    champion.add(block.champion)
  }

  /// All that came, what waits among it.
  var all: Block {
    var all = Block(canary: canary, champion: champion)
    all.canary.add(waiting.canary)
    all.champion.add(waiting.champion)
    return all
  }

  private mutating func restartWhereDue() {
    guard claim == .worse, restarts.count < Self.restartLimit,
      canary.whole >= Self.firstRestart << restarts.count
    else { return }
    restarts.append(gains)
  }

  /// The pairs that the next block is bet on, from what came before it alone; nil where a bet has nothing to say.
  private var bets: [RatePair?] {
    var past = known
    past.add(champion)
    let other = boundary.ratio == 0 ? 0.5 : past.smoothed(towards: 0.5, by: 1)
    let line = boundary.share(beside: other)
    let seen = RatePair(canary: canary.smoothed(towards: min(line, 1), by: 2), champion: other)
    var pairs: [RatePair?] = (Self.tilts[claim] ?? []).map { tilt in
      // Above all that there is nothing is worse; below it, what is as good as the champion.
      guard line < 1 else { return claim == .worse ? nil : RatePair(canary: other, champion: other) }
      let odds = line / (1 - line) * tilt
      return RatePair(canary: RatePair.within(odds / (1 + odds)), champion: other)
    }
    pairs.append(seen)
    return pairs.map { pair in
      guard let pair else { return nil }
      return (claim == .worse) == (pair.canary > line) && pair.canary != line ? pair : nil
    }
  }

  /// The logarithm of a block's e-variable.
  private func gain(of pair: RatePair, _ block: Tally, _ other: Tally) -> Double {
    let null = boundary.nearest(to: pair, canary: Double(block.whole), champion: Double(other.whole))
    var gain = Self.logarithm(of: block, pair.canary, over: null.canary)
    if boundary.ratio > 0 { gain += Self.logarithm(of: other, pair.champion, over: null.champion) }
    return gain
  }

  private static func logarithm(of tally: Tally, _ share: Double, over null: Double) -> Double {
    let (part, rest) = (Double(tally.part), Double(tally.whole - tally.part))
    return (part > 0 ? part * naturalLogarithm(share / null) : 0)
      + (rest > 0 ? rest * (naturalLogarithm(onePlus: -share) - naturalLogarithm(onePlus: -null)) : 0)
  }

  /// The logarithm of the e-value.
  var evidence: Double {
    let stake = -naturalLogarithm(Double(gains.count))
    var terms = gains.map { $0 + stake }
    guard claim == .worse else { return logarithmOfSum(terms) }
    terms = terms.map { $0 + naturalLogarithm(Self.firstStake) }
    var unused = 1 - Self.firstStake
    for (place, start) in restarts.enumerated() {
      // 1/2, 1/6, 1/12 …: what they sum to is 1.
      let part = (1 - Self.firstStake) / Double((place + 1) * (place + 2))
      unused -= part
      for bet in gains.indices {
        terms.append(gains[bet] - start[bet] + stake + naturalLogarithm(part))
      }
    }
    // What was not yet wagered is still there.
    terms.append(naturalLogarithm(max(unused, 1e-12)))
    return logarithmOfSum(terms)
  }
}
