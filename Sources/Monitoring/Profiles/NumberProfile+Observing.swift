/// Which of 64 rows at most something is true of, the lowest bit for the first.
typealias RowSet = UInt64

/// What a block of rows showed beside its values.
struct BlockFindings {
  /// The rows with a value beyond a fence.
  var outliers: RowSet = 0
  /// The rows that break what training showed.
  var violations: RowSet = 0
}

extension NumberProfile {
  /// Takes the values of one column of a block of rows, of which there are 1 to 64; `spare` has room for as many.
  ///
  /// What nearly all blocks are, finite and within all bounds, takes no branch for any one value.
  mutating func observe(
    _ values: UnsafeBufferPointer<Double>, _ spare: UnsafeMutableBufferPointer<Double>,
    _ shape: ModelShape.Numbers,
    _ findings: inout BlockFindings
  ) {
    guard let summary = unsafe BlockSummary(values) else {
      return unsafe observeWithGaps(values, spare, shape, &findings)
    }
    unsafe observe(finite: values, summary, shape)
    if let range = shape.range, summary.least < range.lowerBound || summary.greatest > range.upperBound {
      let outside = unsafe Self.rows(of: values, outside: range)
      outOfRange += outside.nonzeroBitCount
      findings.violations |= outside
    }
    if let fence = shape.fence, summary.least < fence.lowerBound || summary.greatest > fence.upperBound {
      findings.outliers |= unsafe Self.rows(of: values, outside: fence)
    }
  }

  private mutating func observe(
    finite values: UnsafeBufferPointer<Double>, _ summary: BlockSummary, _ shape: ModelShape.Numbers
  ) {
    moments.merge(summary.moments)
    unsafe distinct.observe(values)
    unsafe bins.withUnsafeMutableBufferPointer { bins in
      unsafe shape.edges.withUnsafeBufferPointer { edges in
        unsafe quantiles.observe(values) { value in
          let bin = unsafe Self.bin(of: value, edges)
          unsafe bins[bin] &+= 1
        }
      }
    }
  }

  private mutating func observeWithGaps(
    _ values: UnsafeBufferPointer<Double>, _ spare: UnsafeMutableBufferPointer<Double>,
    _ shape: ModelShape.Numbers,
    _ findings: inout BlockFindings
  ) {
    var kept = 0
    for row in values.indices {
      let value = unsafe values[row]
      let bit: RowSet = 1 << RowSet(row)
      if value.isNaN {
        missing += 1
        if shape.isNeverMissing { findings.violations |= bit }
        continue
      }
      if let range = shape.range, !range.contains(value) {
        outOfRange += 1
        findings.violations |= bit
      }
      if let fence = shape.fence, !fence.contains(value) { findings.outliers |= bit }
      guard value.isFinite else {
        infinite += 1
        continue
      }
      unsafe spare[kept] = value
      kept += 1
    }
    let finite = unsafe UnsafeBufferPointer(rebasing: spare[..<kept])
    if let summary = unsafe BlockSummary(finite) { unsafe observe(finite: finite, summary, shape) }
  }

  private static func rows(of values: UnsafeBufferPointer<Double>, outside bounds: ClosedRange<Double>)
    -> RowSet
  {
    var rows: RowSet = 0
    for row in values.indices where unsafe !bounds.contains(values[row]) { rows |= 1 << RowSet(row) }
    return rows
  }

  /// How many of fifteen ascending edges are less than a value.
  @inline(__always)
  private static func bin(of value: Double, _ edges: UnsafeBufferPointer<Double>) -> Int {
    guard let edges = edges.baseAddress else { return 0 }
    var place = unsafe edges[7] < value ? 8 : 0
    place &+= unsafe edges[place &+ 3] < value ? 4 : 0
    place &+= unsafe edges[place &+ 1] < value ? 2 : 0
    place &+= unsafe edges[place] < value ? 1 : 0
    return place
  }
}

/// The moments of 1 to 64 values, by eight at a time.
private struct BlockSummary {
  let least: Double
  let greatest: Double
  let moments: Moments

  /// Nil where a value is not finite, and where there is none.
  init?(_ values: UnsafeBufferPointer<Double>) {
    guard let first = unsafe values.first, let base = unsafe UnsafeRawPointer(values.baseAddress) else {
      return nil
    }
    let whole = values.count & ~7
    var (low, high) = (SIMD8<Double>(repeating: first), SIMD8<Double>(repeating: first))
    var (sums, gaps) = (SIMD8<Double>(), SIMD8<Double>())
    for index in stride(from: 0, to: whole, by: 8) {
      let eight = unsafe base.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self)
      low = low.replacing(with: eight, where: eight .< low)
      high = high.replacing(with: eight, where: eight .> high)
      sums += eight
      // Zero for each finite number, and NaN for every other.
      gaps += eight * 0
    }
    var (least, greatest, sum, gap) = (low.min(), high.max(), sums.sum(), gaps.sum())
    for index in whole..<values.count {
      let value = unsafe values[index]
      least = value < least ? value : least
      greatest = value > greatest ? value : greatest
      sum += value
      gap += value * 0
    }
    guard gap == 0 else { return nil }
    self.least = least
    self.greatest = greatest
    let mean = min(max(sum / Double(values.count), least), greatest)
    guard sum.isFinite else {
      var moments = Moments()
      for index in values.indices { moments.observe(unsafe values[index]) }
      self.moments = moments
      return
    }
    var squares = SIMD8<Double>()
    for index in stride(from: 0, to: whole, by: 8) {
      let distances = unsafe base.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self) - mean
      squares += distances * distances
    }
    var square = squares.sum()
    for index in whole..<values.count {
      let distance = unsafe values[index] - mean
      square += distance * distance
    }
    moments = Moments(
      count: values.count, mean: mean, squaredDistances: square, least: least, greatest: greatest)
  }
}
