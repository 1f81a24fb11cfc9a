/// A line between rates that are as they should be and rates that are not: the canary's share is `ratio` times the champion's
/// and `margin` more.
public struct RateBoundary: Hashable, Sendable {
  /// What the champion's share is multiplied with, from 0 to 100; 0 where no champion counts.
  public let ratio: Double
  /// What is added to that, from 0 to 1.
  public let margin: Double

  /// A line; nil where a number is out of range, or where both are nothing.
  public init?(ratio: Double, margin: Double) {
    guard 0...100 ~= ratio, 0...1 ~= margin, ratio > 0 || margin > 0 else { return nil }
    self.ratio = ratio
    self.margin = margin
  }

  init(unchecked ratio: Double, _ margin: Double) {
    self.ratio = ratio
    self.margin = margin
  }

  /// The canary's share on the line beside a champion's.
  func share(beside champion: Double) -> Double { ratio * champion + margin }

  /// The point of the line that is the least divergence from a pair of shares away, each weighted by its requests: what an
  /// alternative is divided by (`RateTest`).
  ///
  /// Along the line the divergence is convex, and between the points of the line that have either share of the pair its
  /// derivative changes sign: regula falsi in its Illinois form, which keeps both ends around the root.
  func nearest(to pair: RatePair, canary: Double, champion: Double) -> RatePair {
    guard ratio > 0 else {
      return RatePair(canary: RatePair.within(margin), champion: pair.champion)
    }
    let greatest = min(1, (1 - margin) / ratio)
    func slope(_ share: Double) -> Double {
      let own = self.share(beside: share)
      return canary * ratio * (own - pair.canary) / (own * (1 - own))
        + champion * (share - pair.champion) / (share * (1 - share))
    }
    // What is further out than this is no share of any finite sample.
    let (least, most) = (min(1e-9, greatest / 4), greatest - min(1e-9, greatest / 4))
    let ends = (pair.champion, (pair.canary - margin) / ratio)
    var low = min(max(min(ends.0, ends.1), least), most)
    var high = min(max(max(ends.0, ends.1), least), most)
    var (atLow, atHigh) = (slope(low), slope(high))
    guard atLow < 0, atHigh > 0 else {
      let share = atLow >= 0 ? low : high
      return RatePair(canary: self.share(beside: share), champion: share)
    }
    var root = low
    var side = 0
    for _ in 0..<60 {
      let next = (low * atHigh - high * atLow) / (atHigh - atLow)
      guard next > low, next < high else { break }
      let value = slope(next)
      let isSettled = abs(next - root) <= 1e-13 * next
      root = next
      if value == 0 || isSettled { break }
      if value < 0 {
        (low, atLow) = (next, value)
        if side == -1 { atHigh /= 2 }
        side = -1
      } else {
        (high, atHigh) = (next, value)
        if side == 1 { atLow /= 2 }
        side = 1
      }
    }
    return RatePair(canary: share(beside: root), champion: root)
  }
}

/// The shares of two versions.
struct RatePair: Hashable, Sendable {
  var canary: Double
  var champion: Double

  /// The share, or the nearest one that is neither nothing nor all.
  static func within(_ share: Double) -> Double { min(max(share, 1e-9), 1 - 1e-9) }
}

/// How many of how many.
public struct Tally: Hashable, Sendable {
  /// Those that are counted: the failed, the slow, the disagreeing.
  public private(set) var part: Int
  /// All that were asked.
  public private(set) var whole: Int

  /// Takes counts; what is below nothing becomes nothing, and a part that is more than the whole becomes the whole.
  public init(_ part: Int = 0, of whole: Int = 0) {
    self.whole = max(0, whole)
    self.part = min(max(0, part), self.whole)
  }

  /// The part's share; nothing of nothing is nothing.
  public var share: Double { whole == 0 ? 0 : Double(part) / Double(whole) }

  /// Adds another count.
  mutating func add(_ other: Tally) {
    whole = whole.saturating(other.whole)
    part = min(part.saturating(other.part), whole)
  }

  /// The share with so many requests more, of which `share` were counted.
  func smoothed(towards share: Double, by requests: Double) -> Double {
    RatePair.within((Double(part) + share * requests) / (Double(whole) + requests))
  }
}
