import Domain

/// Draws rows anew, with replacement, to say how far numbers would vary (Efron, "Bootstrap methods: another look at the
/// jackknife", 1979).
struct Bootstrap {
  /// How many elements all draws of one slice may look at together.
  static let workLimit = 1 << 29

  let seed: UInt64
  let confidence: Double
  let resamples: Int

  /// The weights of one draw after another: how often each row was drawn.
  ///
  /// Every slice has a stream of its own, and everything that is said of a slice is said of the same draws. So few are
  /// made that their work is within the limit.
  func draw(rows: Int, width: Int, stream: String, _ body: ([Int]) -> Void) -> Int {
    let count = min(resamples, Self.workLimit / max(1, rows * width))
    var numbers = SplitMix64(seed: seed, stream: stream)
    var weights = [Int](repeating: 0, count: rows)
    for _ in 0..<count {
      for row in weights.indices { weights[row] = 0 }
      for _ in 0..<rows { weights[numbers.below(rows)] += 1 }
      body(weights)
    }
    return count
  }

  /// The middle share of the numbers: percentiles, interpolated between neighbours as NumPy does by default.
  ///
  /// Nil where fewer than half of the draws, or fewer than twenty, gave a number.
  func interval(of numbers: [Double], drawn: Int) -> ClosedRange<Double>? {
    guard numbers.count >= 20, numbers.count * 2 >= drawn else { return nil }
    let sorted = numbers.sorted()
    func percentile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let lower = Int(place.rounded(.down))
      let upper = min(lower + 1, sorted.count - 1)
      return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }
    let low = percentile((1 - confidence) / 2)
    return low...max(low, percentile(1 - (1 - confidence) / 2))
  }
}
