import TestKit
import Testing

@testable import Monitoring

@Suite struct ShareReferenceTests {
  /// Where live values fall when training was so many uniform ones: the true shares of its bins, and its counts.
  private func training(_ rows: Int, _ draws: inout Draws) -> (shares: [Double], reference: ShareReference) {
    let values = (0..<rows).map { _ in draws.uniform() }
    let shape = NumberShape(training: values)
    var counts = [Double](repeating: 0, count: shape.edges.count + 1)
    for value in values { counts[shape.bin(of: value)] += 1 }
    let bounds = [0] + shape.edges + [1]
    let shares = zip(bounds.dropFirst(), bounds).map { $0 - $1 }
    return (shares, ShareReference(counts: counts, isOrdered: true, isContinuous: true))
  }

  @Test(arguments: [150, 400, 1_000])
  func `of tests that are looked at again and again few find what is not there`(
    rows: Int
  ) {
    var draws = Draws(seed: UInt64(rows))
    var (overTwenty, overHundred) = (0, 0)
    for _ in 0..<400 {
      let (shares, reference) = training(rows, &draws)
      var counts = [Double](repeating: 0, count: shares.count)
      var largest = -Double.infinity
      for _ in 0..<10 {
        for (cell, count) in draws.counts(60, shares: shares).enumerated() { counts[cell] += count }
        largest = max(largest, reference.evidence(counts))
      }
      if largest >= naturalLogarithm(20) { overTwenty += 1 }
      if largest >= naturalLogarithm(100) { overHundred += 1 }
    }
    // One in twenty and one in a hundred at most, and what chance adds to that in 400 trials.
    #expect(overTwenty <= 33)
    #expect(overHundred <= 10)
  }

  @Test(arguments: [0.001, 0.02, 0.3, 0.5, 0.9], [false, true])
  func `the expectation is at most about one whatever the share of a value that comes again and again is`(
    share: Double, isOrdered: Bool
  ) {
    // Exactly, over all counts of training and of live rows: 60 rows and 40, two cells.
    let (training, live) = (60, 40)
    func logarithm(_ count: Int, of rows: Int) -> Double {
      let (n, k) = (Double(rows), Double(count))
      return logarithmOfGamma(n + 1) - logarithmOfGamma(k + 1) - logarithmOfGamma(n - k + 1)
        + k * naturalLogarithm(share) + (n - k) * naturalLogarithm(1 - share)
    }
    var expectation = 0.0
    for known in 0...training {
      let reference = ShareReference(counts: [Double(known), Double(training - known)], isOrdered: isOrdered)
      for seen in 0...live {
        let evidence = reference.evidence([Double(seen), Double(live - seen)])
        expectation += exponential(evidence + logarithm(known, of: training) + logarithm(seen, of: live))
      }
    }
    #expect(expectation < 1.3)
  }

  @Test func `the bets sum to one`() {
    for isOrdered in [true, false] {
      let reference = ShareReference(counts: [10, 20, 30, 40], isOrdered: isOrdered)
      #expect(abs(reference.stakes.reduce(0) { $0 + exponential($1) } - 1) < 1e-12)
      var sum = 0.0
      // Every sequence of three values: what is bet on them together is all that is put in.
      for a in 0..<4 {
        for b in 0..<4 {
          for c in 0..<4 {
            var counts = [0.0, 0, 0, 0]
            for cell in [a, b, c] { counts[cell] += 1 }
            sum += exponential(reference.evidence(counts)) * urn(reference.weights, [a, b, c])
          }
        }
      }
      #expect(abs(sum - 1) < 1e-9)
    }
  }

  /// The probability of a sequence of cells, one draw after another.
  private func urn(_ weights: [Double], _ cells: [Int]) -> Double {
    var (weights, probability) = (weights, 1.0)
    for cell in cells {
      probability *= weights[cell] / weights.reduce(0, +)
      weights[cell] += 1
    }
    return probability
  }

  @Test func `a doubled category is evidence, and more of it the more there is`() {
    let reference = ShareReference(counts: [100, 900], isOrdered: false)
    let (few, many) = (reference.evidence([50, 200]), reference.evidence([400, 1_600]))
    #expect(few > 3)
    #expect(many > few + 10)
    #expect(reference.evidence([25, 225]) < 0)
  }

  @Test func `training of ten million rows counts as four thousand`() {
    let reference = ShareReference(counts: [5e6, 5e6], isOrdered: true, isContinuous: true)
    #expect(abs(reference.total - 4_001) < 2)
    // One per cent more is not told of, however many rows show it.
    #expect(reference.evidence([505_000, 495_000]) < 5)
  }

  @Test func `the logarithm of gamma is that of the factorials`() {
    var factorial = 1.0
    for number in 1...60 {
      factorial *= Double(number)
      #expect(
        abs(logarithmOfGamma(Double(number) + 1) / naturalLogarithm(max(factorial, 1.5)) - 1) < 1e-14
          || number == 1)
    }
    // √π, and Γ(1/3).
    #expect(abs(logarithmOfGamma(0.5) - 0.572_364_942_924_700_1) < 1e-14)
    #expect(abs(logarithmOfGamma(1.0 / 3) - 0.985_420_646_927_767_1) < 1e-14)
  }
}
