import Monitoring
import Testing

@testable import Rollouts

@Suite struct RateTestTests {
  /// The probability of a count.
  private func probability(_ part: Int, of whole: Int, _ share: Double) -> Double {
    let (n, k) = (Double(whole), Double(part))
    guard share > 0, share < 1 else { return share == 0 ? (part == 0 ? 1 : 0) : (part == whole ? 1 : 0) }
    return exponential(
      logarithmOfGamma(n + 1) - logarithmOfGamma(k + 1) - logarithmOfGamma(n - k + 1)
        + k * naturalLogarithm(share) + (n - k) * naturalLogarithm(1 - share))
  }

  /// What a block is worth in expectation beside what was there before it, worked out over all its outcomes.
  private func growth(of test: RateTest, _ canary: (Int, Double), _ champion: (Int, Double)) -> Double {
    var expectation = 0.0
    for part in 0...canary.0 {
      for other in 0...champion.0 {
        var next = test
        next.take(canary: Tally(part, of: canary.0), champion: Tally(other, of: champion.0))
        expectation +=
          exponential(next.evidence - test.evidence) * probability(part, of: canary.0, canary.1)
          * probability(other, of: champion.0, champion.1)
      }
    }
    return expectation
  }

  private static let lines = [(1.0, 0.0), (1, 0.0005), (1, 0.01), (1.5, 0.01), (2, 0.03), (0.5, 0.2)]
  private static let histories = [
    (Tally(), Tally()), (Tally(3, of: 40), Tally(1, of: 400)), (Tally(0, of: 900), Tally(90, of: 300)),
    (Tally(1_100, of: 1_500), Tally(200, of: 250)),
  ]

  @Test(arguments: RateTest.Claim.allCases, lines)
  func `no block is worth more than one in expectation where the claim does not hold`(
    claim: RateTest.Claim, line: (Double, Double)
  ) throws {
    let boundary = try #require(RateBoundary(ratio: line.0, margin: line.1))
    for history in Self.histories {
      var test = RateTest(claim, boundary: boundary)
      test.take(canary: history.0, champion: history.1)
      for champion in [0.0, 0.001, 0.02, 0.2, 0.5, 0.9, 1] {
        // On the line and on the side of it where the claim does not hold.
        let share = boundary.share(beside: champion)
        // Beside some champions no canary is above the line.
        let canaries =
          claim == .worse
          ? [min(share, 1), min(share, 1) / 2, 0] : share <= 1 ? [share, (share + 1) / 2, 1] : []
        for canary in canaries {
          for sizes in [(1, 1), (5, 2), (2, 9)] {
            let growth = growth(of: test, (sizes.0, canary), (sizes.1, champion))
            #expect(growth <= 1 + 1e-9, "\(canary) beside \(champion), blocks of \(sizes)")
          }
        }
      }
    }
  }

  @Test(arguments: RateTest.Claim.allCases)
  func `no request is worth more than one in expectation at a bound that no champion moves`(
    claim: RateTest.Claim
  ) throws {
    let boundary = try #require(RateBoundary(ratio: 0, margin: 0.05))
    for history in Self.histories {
      var test = RateTest(claim, boundary: boundary)
      test.take(canary: history.0, champion: Tally())
      for share in claim == .worse ? [0, 0.01, 0.05] : [0.05, 0.2, 1] {
        #expect(growth(of: test, (6, share), (0, 0)) <= 1 + 1e-9)
      }
    }
  }

  @Test func `blocks whose shares move within the null are worth no more than those that stand still`() throws
  {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.01))
    var test = RateTest(.worse, boundary: boundary)
    test.take(canary: Tally(8, of: 40), champion: Tally(2, of: 180))
    // Half of the block's requests fail on both sides more often, as when something behind them is slow.
    var expectation = 0.0
    for outcome in 0..<256 {
      func failed(_ bit: Int) -> Int { outcome >> bit & 1 }
      let shares = [0.01, 0.01, 0.61, 0.61, 0.0, 0.0, 0.6, 0.6]
      let likelihood = shares.indices.reduce(1.0) {
        $0 * (failed($1) == 1 ? shares[$1] : 1 - shares[$1])
      }
      var next = test
      next.take(
        canary: Tally((0..<4).reduce(0) { $0 + failed($1) }, of: 4),
        champion: Tally((4..<8).reduce(0) { $0 + failed($1) }, of: 4))
      expectation += likelihood * exponential(next.evidence - test.evidence)
    }
    #expect(expectation <= 1 + 1e-9)
  }

  @Test(arguments: [(1.0, 0.0005, 0.01), (1.5, 0.01, 0.05), (0, 0.05, 0.5)])
  func `looking at every request finds what is not there in one of twenty runs at most`(
    line: (ratio: Double, margin: Double, champion: Double)
  ) throws {
    let boundary = try #require(RateBoundary(ratio: line.ratio, margin: line.margin))
    for claim in RateTest.Claim.allCases {
      var draws = Draws(seed: 4)
      var found = 0
      for _ in 0..<200 {
        // What is known of the champion is right, so that every request is bet on, and well.
        let known = Tally(Int(line.champion * 1_000), of: 1_000)
        var test = RateTest(claim, boundary: boundary, known: known)
        var largest = -Double.infinity
        for _ in 0..<150 {
          let failed = draws.uniform() < boundary.share(beside: line.champion)
          test.take(
            canary: Tally(failed ? 1 : 0, of: 1), champion: Tally(draws.binomial(3, line.champion), of: 3))
          largest = max(largest, test.evidence)
        }
        if largest >= naturalLogarithm(20) { found += 1 }
      }
      // One in twenty, and what chance adds to that in 200 runs with probability 0.1 %.
      #expect(found <= 20, "\(claim)")
    }
  }

  @Test func `a canary that goes bad after a long good time is found by a test that began anew`() throws {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.0005))
    var test = RateTest(.worse, boundary: boundary)
    var draws = Draws(seed: 9)
    for _ in 0..<500 {
      test.take(
        canary: Tally(draws.binomial(100, 0.001), of: 100),
        champion: Tally(draws.binomial(100, 0.001), of: 100))
    }
    #expect(test.evidence < 0)
    #expect(test.restarts.count == 6)
    var requests = 0
    while test.evidence < naturalLogarithm(500), requests < 10_000 {
      test.take(
        canary: Tally(draws.binomial(20, 0.05), of: 20), champion: Tally(draws.binomial(20, 0.001), of: 20))
      requests += 20
    }
    #expect(requests <= 1_500, "\(requests)")
  }

  @Test func `nothing is bet before a hundred requests of the champion are known`() throws {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.01))
    var test = RateTest(.notWorse, boundary: boundary)
    test.take(canary: Tally(0, of: 50), champion: Tally(0, of: 5_000))
    #expect(abs(test.evidence) < 1e-9)
    test.take(canary: Tally(0, of: 50), champion: Tally(0, of: 5_000))
    #expect(test.evidence > 0.2)
  }

  /// A test that knows a champion which fails one of a hundred.
  private func knowing(_ claim: RateTest.Claim = .worse) throws -> RateTest {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.0005))
    return RateTest(claim, boundary: boundary, known: Tally(10, of: 1_000))
  }

  @Test func `what comes to one of both alone waits for the other, and counts then`() throws {
    var test = try knowing()
    for _ in 0..<20 {
      let before = test.evidence
      test.take(canary: Tally(1, of: 1), champion: Tally())
      #expect(test.evidence == before)
      test.take(canary: Tally(), champion: Tally(0, of: 1))
      #expect(test.evidence > before)
    }
    #expect(test.evidence > naturalLogarithm(500))
    #expect(test.canary == Tally(20, of: 20) && test.waiting == RateTest.Block())
  }

  @Test func `where few requests come a canary that fails is found`() throws {
    var draws = Draws(seed: 12)
    var test = try knowing()
    var requests = 0
    while test.evidence < naturalLogarithm(500), requests < 2_000 {
      // A request a second, of which one in ten comes to the canary.
      if draws.below(10) == 0 {
        test.take(canary: Tally(draws.binomial(1, 0.3), of: 1), champion: Tally())
        requests += 1
      } else {
        test.take(canary: Tally(), champion: Tally(draws.binomial(1, 0.01), of: 1))
      }
    }
    #expect(requests <= 60, "\(requests)")
  }

  @Test(arguments: RateTest.Claim.allCases)
  func `a block that came in parts is worth no more than one in expectation`(claim: RateTest.Claim) throws {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.01))
    for share in [0.0, 0.02, 0.3] {
      let test = RateTest(claim, boundary: boundary, known: Tally(3, of: 150))
      var expectation = 0.0
      for part in 0...4 {
        for other in 0...3 {
          var next = test
          for place in 0..<4 { next.take(canary: Tally(place < part ? 1 : 0, of: 1), champion: Tally()) }
          next.take(canary: Tally(), champion: Tally(other, of: 3))
          expectation +=
            exponential(next.evidence - test.evidence)
            * probability(part, of: 4, boundary.share(beside: share)) * probability(other, of: 3, share)
        }
      }
      #expect(expectation <= 1 + 1e-9)
    }
  }

  @Test func `looking at few requests one by one finds what is not there in one of twenty runs at most`()
    throws
  {
    for claim in RateTest.Claim.allCases {
      var draws = Draws(seed: 8)
      var found = 0
      for _ in 0..<200 {
        var test = RateTest(
          claim, boundary: try #require(RateBoundary(ratio: 1, margin: 0.01)), known: Tally(20, of: 1_000))
        var largest = -Double.infinity
        for _ in 0..<400 {
          if draws.below(4) == 0 {
            test.take(canary: Tally(draws.binomial(1, 0.03), of: 1), champion: Tally())
          } else {
            test.take(canary: Tally(), champion: Tally(draws.binomial(1, 0.02), of: 1))
          }
          largest = max(largest, test.evidence)
        }
        if largest >= naturalLogarithm(20) { found += 1 }
      }
      #expect(found <= 20, "\(claim)")
    }
  }

  @Test func `what waits for long teaches what the champion is like`() throws {
    var test = try knowing()
    for _ in 0..<10 { test.take(canary: Tally(), champion: Tally(1, of: 100)) }
    #expect(test.waiting.champion.whole <= RateTest.waitingLimit)
    #expect(test.champion.whole + test.waiting.champion.whole == 1_000)
    #expect(test.all.champion == Tally(10, of: 1_000))
  }

  @Test func `a block without a champion says nothing of what is held against one`() throws {
    let boundary = try #require(RateBoundary(ratio: 1, margin: 0.01))
    var test = RateTest(.worse, boundary: boundary)
    test.take(canary: Tally(50, of: 50), champion: Tally())
    #expect(abs(test.evidence) < 1e-9)
  }
}
