/// Sums of squares and of products in the orders that NumPy and BLAS add them, so that they equal theirs to the
/// last bit.
package enum SumOfSquares {
  /// Σ x² as `numpy.einsum('i,i')` adds: two running sums, of the even places and of the odd, and in blocks of
  /// eight the last pair first.
  ///
  /// Source: `sum_of_products_contig_two` in NumPy's `einsum_sumprod.c.src`, for vectors of two doubles. That is NumPy
  /// from 1.20 on: before, the pairs of a block went forwards and what was left over was added one by one from the end.
  /// No model says which NumPy it will be asked with; under an older one, points that are equally near but for the last
  /// bit may change places.
  package static func einsum(_ x: Span<Double>) -> Double {
    var (even, odd) = (0.0, 0.0)
    var start = 0
    while x.count - start >= 8 {
      for pair in stride(from: start + 6, through: start, by: -2) {
        even += x[pair] * x[pair]
        odd += x[pair + 1] * x[pair + 1]
      }
      start += 8
    }
    while start < x.count {
      even += x[start] * x[start]
      if start + 1 < x.count { odd += x[start + 1] * x[start + 1] }
      start += 2
    }
    return even + odd
  }

  /// Σ x² one after the other, as BLAS adds fewer than 16.
  ///
  /// More it adds in an order that depends on the processor: there the last bit may differ.
  package static func blas(_ x: Span<Double>) -> Double {
    var sum = 0.0
    for index in 0..<x.count { sum += x[index] * x[index] }
    return sum
  }

  /// Σ x y with one rounding a term, as OpenBLAS multiplies matrices of up to some hundred columns.
  package static func product(_ x: Span<Double>, _ y: Span<Double>) -> Double {
    var sum = 0.0
    for index in 0..<x.count { sum.addProduct(x[index], y[index]) }
    return sum
  }

  /// Σ x y as the dot product of BLAS: one after the other, of which OpenBLAS takes the first multiple of 16 in
  /// 16 running sums.
  ///
  /// How those are joined depends on the processor: from 16 elements on the last bits may differ.
  package static func dot(_ x: Span<Double>, _ y: Span<Double>) -> Double {
    let whole = x.count - x.count % 16
    var sum = 0.0
    if whole > 0 {
      var lanes = SIMD16<Double>()
      for start in stride(from: 0, to: whole, by: 16) {
        for lane in 0..<16 { lanes[lane].addProduct(x[start + lane], y[start + lane]) }
      }
      let quarter =
        (lanes.lowHalf.lowHalf + lanes.lowHalf.highHalf) + (lanes.highHalf.lowHalf + lanes.highHalf.highHalf)
      sum = (quarter[0] + quarter[1]) + (quarter[2] + quarter[3])
    }
    for index in whole..<x.count { sum += x[index] * y[index] }
    return sum
  }
}
