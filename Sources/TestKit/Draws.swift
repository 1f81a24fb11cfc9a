/// Values of live traffic that repeat from run to run.
package struct Draws {
  private var generator: SeededGenerator

  /// Values of this seed.
  package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// From 0 to 1.
  package mutating func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

  /// Nearly normal, of mean 0 and variance 1: the sum of twelve uniform numbers less 6.
  package mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += Double(generator.next() >> 11) * 0x1p-53 }
    return sum
  }

  /// How many of `rows` values fall into each cell of these shares.
  package mutating func counts(_ rows: Int, shares: [Double]) -> [Double] {
    var counts = [Double](repeating: 0, count: shares.count)
    for _ in 0..<rows {
      var (rest, cell) = (uniform(), 0)
      while cell < shares.count - 1, rest >= shares[cell] {
        rest -= shares[cell]
        cell += 1
      }
      counts[cell] += 1
    }
    return counts
  }
}
