/// Sorting of the few hundred finite numbers that a level of a sketch holds, without a branch that depends on them.
///
/// The library's sort takes three times as long for so few: it guesses wrong at every other comparison.
enum MergeSort {
  /// Sorts in ascending order.
  static func sort(_ values: UnsafeMutableBufferPointer<Double>) {
    let count = values.count
    guard count > 1, let base = values.baseAddress else { return }
    unsafe sortFours(base, count)
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { scratch in
      guard let other = scratch.baseAddress else { return }
      var (from, to) = unsafe (base, other)
      var width = 4
      while width < count {
        var start = 0
        while start < count {
          let middle = min(start + width, count)
          let end = min(start + 2 * width, count)
          unsafe merge(from + start, middle - start, from + middle, end - middle, into: to + start)
          start = end
        }
        unsafe swap(&from, &to)
        width *= 2
      }
      if unsafe from != base { unsafe base.update(from: from, count: count) }
    }
  }

  /// Merges two ascending runs; `target` overlaps neither.
  static func merge(
    _ left: UnsafePointer<Double>, _ leftCount: Int, _ right: UnsafePointer<Double>, _ rightCount: Int,
    into target: UnsafeMutablePointer<Double>
  ) {
    var (i, j, k) = (0, 0, 0)
    while i < leftCount, j < rightCount {
      let (x, y) = unsafe (left[i], right[j])
      let takesRight = y < x
      unsafe target[k] = takesRight ? y : x
      i &+= takesRight ? 0 : 1
      j &+= takesRight ? 1 : 0
      k &+= 1
    }
    if i < leftCount { unsafe (target + k).update(from: left + i, count: leftCount - i) }
    if j < rightCount { unsafe (target + k).update(from: right + j, count: rightCount - j) }
  }

  /// Sorts each four neighbours, and what is left at the end.
  private static func sortFours(_ base: UnsafeMutablePointer<Double>, _ count: Int) {
    var start = 0
    while start + 4 <= count {
      let four = unsafe base + start
      unsafe order(four, 0, 1)
      unsafe order(four, 2, 3)
      unsafe order(four, 0, 2)
      unsafe order(four, 1, 3)
      unsafe order(four, 1, 2)
      start += 4
    }
    for place in start..<count {
      var hole = place
      while hole > start, unsafe base[hole] < base[hole - 1] {
        unsafe order(base, hole - 1, hole)
        hole -= 1
      }
    }
  }

  @inline(__always)
  private static func order(_ values: UnsafeMutablePointer<Double>, _ low: Int, _ high: Int) {
    let (x, y) = unsafe (values[low], values[high])
    unsafe values[low] = y < x ? y : x
    unsafe values[high] = y < x ? x : y
  }
}
