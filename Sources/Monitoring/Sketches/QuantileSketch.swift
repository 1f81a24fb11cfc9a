/// Ranks and quantiles of any number of values in bounded memory: the sketch of Karnin, Lang and Liberty ("Optimal
/// quantile approximation in streams", 2016).
///
/// Values stand on levels; one of level i counts for 2^(`samplingExponent` + i) of those that came. When all places are taken, a level
/// is sorted and every second value of it moves up. Up to `capacity` values are all kept, and every answer is exact.
/// Where a level would have room for hardly any, the paper's sampler takes its place: of 2^`samplingExponent` values
/// one is kept and no other is looked at, so that a value costs the less the more there have been.
///
/// Which half moves up, and which value is kept, is decided by a counter and not by chance (`CounterDraws`): the same
/// values in the same order give the same sketch. Whoever knows the counter could choose values that make the error
/// larger than `rankError` says; the bound is that of draws that are independent of the values.
public struct QuantileSketch: Sendable, Equatable {
  /// How many values a sketch keeps where nothing else is said: 8 KiB.
  public static let standardCapacity = 1024
  /// What capacities there are.
  public static let capacities = 64...16384
  /// How many levels are kept above the sampler.
  ///
  /// More make the sampler begin later (at about 2^levels · capacity / 3 values); fewer make its own error show.
  static let levelLimit = 6
  /// How many values a sketch may have seen to be read or merged: a million a second for nine years.
  public static let countLimit = 1 << 48
  /// The largest exponent that is read: one of 2^34 stands for more values than the limit above.
  static let exponentLimit = 34

  /// How many values are kept at most.
  public let capacity: Int
  /// How many values came.
  public internal(set) var count = 0
  /// Of how many values one reaches the lowest level, as a power of two.
  public internal(set) var samplingExponent = 0
  /// The kept values: those of the highest level first, each level but the lowest ascending.
  var items: [Double] = []
  /// How many values each level has, the lowest first.
  var sizes = SIMD8<Int32>()
  /// How many levels there are.
  var levels = 1
  /// One of the `pendingWeight` values that came since the sampler last let one through, each as likely as any other.
  var candidate = 0.0
  /// How many values the candidate is of.
  var pendingWeight = 0
  /// The value that takes the candidate's place next, counted from 1 since the sampler last let one through.
  var nextReplacement = 1
  var draws = CounterDraws()
  /// The sum over all decisions so far of the largest variance that each may have given a rank.
  public internal(set) var rankVariance = 0.0

  /// A sketch of nothing; a capacity out of bounds becomes the nearest that is allowed.
  public init(capacity: Int = Self.standardCapacity) {
    self.capacity = min(max(capacity, Self.capacities.lowerBound), Self.capacities.upperBound)
  }

  /// Whether nothing was thrown away, so that every answer is exact.
  public var isExact: Bool { levels == 1 && samplingExponent == 0 }

  /// How many values the sampler takes together.
  var block: Int { 1 << samplingExponent }

  /// Takes one value; what is not finite is not a value.
  public mutating func observe(_ value: Double) {
    guard value.isFinite else { return }
    unsafe withUnsafePointer(to: value) {
      unsafe observe(UnsafeBufferPointer(start: $0, count: 1)) { _ in }
    }
  }

  /// Takes finite values, and hands out those that are looked at: all of them before the sampler begins, one of each
  /// block afterwards.
  @inline(__always)
  mutating func observe(_ values: UnsafeBufferPointer<Double>, _ taken: (Double) -> Void) {
    var index = 0
    count += values.count
    while index < values.count, samplingExponent == 0 {
      if items.count >= capacity {
        makeRoom()
        continue
      }
      let end = min(values.count, index + capacity - items.count)
      provideRoom(for: end - index)
      unsafe items.append(contentsOf: UnsafeBufferPointer(rebasing: values[index..<end]))
      sizes[0] &+= Int32(truncatingIfNeeded: end - index)
      for place in index..<end { unsafe taken(values[place]) }
      index = end
    }
    while index < values.count {
      let steps = min(block - pendingWeight, values.count - index)
      let last = pendingWeight + steps
      while nextReplacement <= last {
        candidate = unsafe values[index + nextReplacement - pendingWeight - 1]
        planReplacement(after: nextReplacement)
      }
      index += steps
      pendingWeight = last
      if last == block { taken(emit()) }
    }
  }

  /// Has memory for so many values more: twice as much as before, and never more than the capacity asks for.
  @inline(__always)
  private mutating func provideRoom(for more: Int) {
    guard items.count + more > items.capacity else { return }
    items.reserveCapacity(min(capacity, max(2 * items.capacity, items.count + more)))
  }

  /// Decides which value replaces the candidate after the one of number `seen`: a value of number j does with
  /// probability 1/j, so that none does up to j with probability seen/j (Vitter, "Random sampling with a reservoir",
  /// 1985).
  mutating func planReplacement(after seen: Int) {
    guard seen > 0 else {
      nextReplacement = 1
      return
    }
    let place = (Double(seen) / draws.nextShare(candidate)).rounded(.down)
    nextReplacement = place >= Double(block) ? block + 1 : Int(place) + 1
  }

  /// Lets the candidate through to the lowest level.
  private mutating func emit() -> Double {
    let value = candidate
    let weight = block
    rankVariance += Double(weight) * Double(weight) / 4
    (candidate, pendingWeight, nextReplacement) = (0, 0, 1)
    take(value, weight: weight)
    return value
  }

  /// Puts a value that stands for a whole block on the lowest level.
  ///
  /// Making room may make the blocks larger: then it stands for a part of one, and goes into the sampler again.
  mutating func take(_ value: Double, weight: Int) {
    while items.count >= capacity { makeRoom() }
    guard weight == block else { return sample(value, weight: weight) }
    items.append(value)
    sizes[0] &+= 1
  }
}
