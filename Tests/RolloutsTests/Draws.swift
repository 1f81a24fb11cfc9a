import Domain
import Monitoring
import TestKit

@testable import Rollouts

/// What chance brings, the same from run to run.
struct Draws {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> UInt64 { generator.next() }

  /// From 0 to 1.
  mutating func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

  mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

  /// How many of `count` trials succeed: the distribution is walked outwards from its mode until the draw is used up.
  mutating func binomial(_ count: Int, _ share: Double) -> Int {
    guard count > 0, share > 0 else { return 0 }
    guard share < 1 else { return count }
    let mode = min(count, Int(Double(count + 1) * share))
    let (n, k) = (Double(count), Double(mode))
    let peak = exponential(
      logarithmOfGamma(n + 1) - logarithmOfGamma(k + 1) - logarithmOfGamma(n - k + 1)
        + k * naturalLogarithm(share) + (n - k) * naturalLogarithm(1 - share))
    let odds = share / (1 - share)
    var draw = uniform() - peak
    var (low, high) = (mode, mode)
    var (atLow, atHigh) = (peak, peak)
    while draw > 0, low > 0 || high < count {
      if high < count {
        atHigh *= Double(count - high) / Double(high + 1) * odds
        high += 1
        draw -= atHigh
        if draw <= 0 { return high }
      }
      if low > 0 {
        atLow *= Double(low) / Double(count - low + 1) / odds
        low -= 1
        draw -= atLow
        if draw <= 0 { return low }
      }
    }
    return mode
  }

  /// How many of `count` values fall into each cell of these shares.
  mutating func counts(_ count: Int, shares: [Double]) -> [Int] {
    var (left, rest) = (count, 1.0)
    return shares.indices.map { cell in
      guard left > 0, rest > 0 else { return 0 }
      let drawn = cell == shares.count - 1 ? left : binomial(left, min(1, shares[cell] / rest))
      left -= drawn
      rest -= shares[cell]
      return drawn
    }
  }
}

/// A version as a simulation has it.
struct Behaviour {
  var failing = 0.001
  var refusing = 0.01
  /// How many answers fall between which bounds of latency.
  var latency = Behaviour.shares(slowness: 1)
  var disagreeing = 0.01

  /// The shares of an exponential law of 2 ms on average, slowed down by a factor.
  static func shares(slowness: Double) -> [Double] {
    let kept = LatencyBounds.nanoseconds.map { 1 - exponential(-Double($0) / (2_000_000 * slowness)) } + [1]
    return kept.indices.map { kept[$0] - ($0 == 0 ? 0 : kept[$0 - 1]) }
  }

  /// What is seen of so many requests.
  func observation(_ requests: Int, compared: Int = 0, _ draws: inout Draws) -> Observation {
    let failed = draws.binomial(requests, failing)
    let refused = draws.binomial(requests - failed, refusing)
    let answered = requests - failed - refused
    return Observation(
      answered: answered, refused: refused, failed: failed,
      latency: LatencyCounts(buckets: draws.counts(answered, shares: latency)) ?? LatencyCounts(),
      compared: compared, disagreeing: draws.binomial(compared, disagreeing))
  }
}

extension VersionNumber {
  static func number(_ value: Int) -> VersionNumber { VersionNumber(value) ?? .first }
}

extension BasisPoints {
  static func points(_ value: Int) -> BasisPoints { BasisPoints(value) ?? .whole }
}

extension RolloutState {
  /// A roll-out of version 2 in the place of version 1.
  static func example(_ plan: RolloutPlan = .standard) throws -> RolloutState {
    let order = try RolloutOrder(
      deployment: ModelName(parsing: "iris"),
      before: [TrafficSplit.Arm(version: .first, share: .whole)], version: .number(2), plan: plan)
    return try after(.begin(order, at: Timestamp(milliseconds: 0)), nil)
  }
}
