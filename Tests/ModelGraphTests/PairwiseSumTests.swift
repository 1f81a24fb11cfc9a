import ModelGraph
import Testing

@Suite struct PairwiseSumTests {
  @Test func `fewer than eight elements are added in order`() {
    #expect(PairwiseSum.of([1e16, 1, -1e16].span) == 0)
  }

  @Test func `from eight on eight sums run side by side`() {
    // In order this is 1: the first 1 is lost in 1e16. Here the ones meet in the second running sum.
    let elements: [Double] = [1e16, 1, 0, 0, 0, 0, 0, 0, -1e16, 1, 0, 0, 0, 0, 0, 0]
    #expect(PairwiseSum.of(elements.span) == 2)
  }

  @Test func `halves beyond 128 elements are split at a multiple of eight`() {
    let elements = (0..<1003).map { Double($0) }
    #expect(PairwiseSum.of(elements.span) == 502_503)
  }

  @Test func `nothing sums up to 0`() {
    let nothing: [Double] = []
    #expect(PairwiseSum.of(nothing.span) == 0)
  }
}
