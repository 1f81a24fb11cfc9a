/// Sorting of the few hundred finite numbers that a level of a sketch holds, without a branch that depends on them.
///
/// The library's sort takes three times as long for so few: it guesses wrong at every other comparison.
enum MergeSort {
  /// Sorts in ascending order.
  static func sort(_ values: UnsafeMutableBufferPointer<Double>) {
    let count = values.count
    guard count > 1, let base = values.baseAddress else { return }
    unsafe sortEights(base, count)
    // Not withUnsafeTemporaryAllocation: beyond a kilobyte, optimised, Swift 6.3.1 takes a register that its closure
    // has changed for an error thrown.
    let scratch = UnsafeMutablePointer<Double>.allocate(capacity: count)
    defer { unsafe scratch.deallocate() }
    var (from, to) = unsafe (base, scratch)
    var width = 8
    while width < count {
      var start = 0
      while start + 2 * width <= count {
        unsafe mergeEqual(from + start, width, into: to + start)
        start += 2 * width
      }
      let middle = min(start + width, count)
      unsafe merge(from + start, middle - start, from + middle, count - middle, into: to + start)
      unsafe swap(&from, &to)
      width *= 2
    }
    if unsafe from != base { unsafe base.update(from: from, count: count) }
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

  /// Merges two neighbouring runs of `width` from both ends at once: neither half can run out before the middle, and
  /// the processor works at both while each waits for its comparison.
  private static func mergeEqual(
    _ runs: UnsafePointer<Double>, _ width: Int, into target: UnsafeMutablePointer<Double>
  ) {
    var (i, j) = (0, width)
    var (m, n) = (width - 1, 2 * width - 1)
    for step in 0..<width {
      let (x, y) = unsafe (runs[i], runs[j])
      let takesRight = y < x
      unsafe target[step] = takesRight ? y : x
      i &+= takesRight ? 0 : 1
      j &+= takesRight ? 1 : 0
      let (u, v) = unsafe (runs[m], runs[n])
      let takesLeft = v < u
      unsafe target[2 &* width &- 1 &- step] = takesLeft ? u : v
      m &-= takesLeft ? 1 : 0
      n &-= takesLeft ? 0 : 1
    }
  }

  /// Makes runs of eight: of 64 values at a time eight by eight at once, by the network of 19 comparisons (Knuth, "The
  /// art of computer programming", volume 3, 5.3.4); of what is left at the end one by one.
  private static func sortEights(_ base: UnsafeMutablePointer<Double>, _ count: Int) {
    var start = 0
    while start + 64 <= count {
      unsafe sortColumns(base + start)
      start += 64
    }
    while start < count {
      let end = min(start + 8, count)
      for place in start..<end {
        var hole = place
        let value = unsafe base[place]
        while hole > start, unsafe value < base[hole - 1] {
          unsafe base[hole] = base[hole - 1]
          hole -= 1
        }
        unsafe base[hole] = value
      }
      start = end
    }
  }

  /// Sorts 64 values as eight columns, and writes each column as a run.
  private static func sortColumns(_ base: UnsafeMutablePointer<Double>) {
    let raw = UnsafeRawPointer(base)
    var a = unsafe raw.loadUnaligned(fromByteOffset: 0, as: SIMD8<Double>.self)
    var b = unsafe raw.loadUnaligned(fromByteOffset: 64, as: SIMD8<Double>.self)
    var c = unsafe raw.loadUnaligned(fromByteOffset: 128, as: SIMD8<Double>.self)
    var d = unsafe raw.loadUnaligned(fromByteOffset: 192, as: SIMD8<Double>.self)
    var e = unsafe raw.loadUnaligned(fromByteOffset: 256, as: SIMD8<Double>.self)
    var f = unsafe raw.loadUnaligned(fromByteOffset: 320, as: SIMD8<Double>.self)
    var g = unsafe raw.loadUnaligned(fromByteOffset: 384, as: SIMD8<Double>.self)
    var h = unsafe raw.loadUnaligned(fromByteOffset: 448, as: SIMD8<Double>.self)
    order(&a, &c)
    order(&b, &d)
    order(&e, &g)
    order(&f, &h)
    order(&a, &e)
    order(&b, &f)
    order(&c, &g)
    order(&d, &h)
    order(&a, &b)
    order(&c, &d)
    order(&e, &f)
    order(&g, &h)
    order(&c, &e)
    order(&d, &f)
    order(&b, &e)
    order(&d, &g)
    order(&b, &c)
    order(&d, &e)
    order(&f, &g)
    for column in 0..<8 {
      let run = unsafe base + 8 &* column
      unsafe run[0] = a[column]
      unsafe run[1] = b[column]
      unsafe run[2] = c[column]
      unsafe run[3] = d[column]
      unsafe run[4] = e[column]
      unsafe run[5] = f[column]
      unsafe run[6] = g[column]
      unsafe run[7] = h[column]
    }
  }

  @inline(__always)
  private static func order(_ low: inout SIMD8<Double>, _ high: inout SIMD8<Double>) {
    let isReversed = high .< low
    let least = low.replacing(with: high, where: isReversed)
    high.replace(with: low, where: isReversed)
    low = least
  }
}
