/// NumPy's order of adding up one contiguous axis, so that sums equal its own to the last bit.
///
/// Fewer than 8 elements are added in order. Up to 128 go to eight running sums, which are then joined
/// pairwise. More are split in halves, the first a multiple of 8. Source: `pairwise_sum` in NumPy's
/// `loops_utils.h.src`.
package enum PairwiseSum {
  private static let block = 128

  /// The sum of `elements`.
  package static func of(_ elements: Span<Double>) -> Double {
    sum(elements, from: 0, count: elements.count)
  }

  // The depth is the logarithm of the count.
  private static func sum(_ elements: Span<Double>, from start: Int, count: Int) -> Double {
    guard count >= 8 else {
      var total = 0.0
      for index in start..<(start + count) { total += elements[index] }
      return total
    }
    guard count <= block else {
      var half = count / 2
      half -= half % 8
      return sum(elements, from: start, count: half)
        + sum(elements, from: start + half, count: count - half)
    }
    var running = SIMD8<Double>()
    let whole = count - count % 8
    for lane in 0..<8 { running[lane] = elements[start + lane] }
    for index in stride(from: start + 8, to: start + whole, by: 8) {
      for lane in 0..<8 { running[lane] += elements[index + lane] }
    }
    var total =
      ((running[0] + running[1]) + (running[2] + running[3]))
      + ((running[4] + running[5]) + (running[6] + running[7]))
    for index in (start + whole)..<(start + count) { total += elements[index] }
    return total
  }
}
