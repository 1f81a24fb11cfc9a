import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct MomentsTests {
  private func moments(_ values: some Sequence<Double>) -> Moments {
    var moments = Moments()
    for value in values { moments.observe(value) }
    return moments
  }

  @Test func `mean and variance are those of all values`() {
    let moments = moments([2, 4, 4, 4, 5, 5, 7, 9])
    #expect(moments.mean == 5)
    #expect(abs(moments.squaredDistances - 32) < 1e-12)
    #expect((moments.least, moments.greatest) == (2, 9))
    #expect(moments.count == 8)
  }

  @Test func `values far from zero lose no variance`() throws {
    let moments = moments((0..<1000).map { 1e9 + Double($0 % 2) })
    #expect(abs(try #require(moments.variance) - 1000.0 / 999 * 0.25) < 1e-6)
  }

  @Test func `parts merge to the whole`() throws {
    var generator = SeededGenerator(seed: 1)
    let values = (0..<999).map { _ in Double.random(in: -3...8, using: &generator) }
    var merged = moments(values.prefix(10))
    merged.merge(moments(values[10..<600]))
    merged.merge(Moments())
    merged.merge(moments(values[600...]))
    let whole = moments(values)
    #expect(merged.count == whole.count)
    #expect(abs(merged.mean - whole.mean) < 1e-13)
    #expect(abs(merged.squaredDistances - whole.squaredDistances) < 1e-9)
  }

  @Test func `a single value has no variance`() {
    #expect(moments([3]).variance == nil)
  }

  @Test func `the mean of the largest numbers is a number`() {
    let moments = moments([Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude, 1])
    #expect(moments.mean.isFinite)
  }
}

@Suite struct DistinctCountTests {
  @Test func `few values are counted exactly however often they come`() {
    var count = DistinctCount()
    for round in 0..<1000 { count.observe(Double(round % 64)) }
    #expect(count.isExact)
    #expect(count.value == 64)
  }

  @Test func `the two zeros are one value`() {
    var count = DistinctCount()
    count.observe(0.0)
    count.observe(-0.0)
    #expect(count.value == 1)
  }

  @Test(arguments: [65, 300, 2_000, 100_000]) func `many are estimated within three standard errors`(
    distinct: Int
  ) {
    for seed in 0..<4 {
      var count = DistinctCount()
      for value in 0..<distinct { count.observe(Double(value * 31 + seed) / 7) }
      #expect(abs(count.value / Double(distinct) - 1) < 3 * DistinctCount.standardError, "\(seed)")
    }
  }

  @Test func `merging is seeing both`() {
    var (left, right, both) = (DistinctCount(), DistinctCount(), DistinctCount())
    for value in 0..<500 {
      if value < 300 { left.observe(Double(value)) }
      if value >= 200 { right.observe(Double(value)) }
      both.observe(Double(value))
    }
    left.merge(right)
    #expect(left == both)
    var few = DistinctCount()
    few.observe(1)
    few.merge(both)
    #expect(few == both)
  }
}

@Suite struct CategoryCountsTests {
  @Test func `known categories are counted by number and others by name`() {
    var counts = CategoryCounts(known: 2)
    for _ in 0..<3 { counts.observe(known: 1) }
    counts.observe(unknown: "blue")
    counts.observe(unknown: "red")
    counts.observe(unknown: "red")
    #expect(counts.known == [0, 3])
    #expect(counts.unknown == 3)
    #expect(counts.newcomers.map(\.label) == ["red", "blue"])
    #expect(counts.newcomers.map(\.count) == [2, 1])
    #expect(counts.count == 6)
  }

  @Test func `a frequent newcomer is found among thousands of rare ones`() throws {
    var counts = CategoryCounts(known: 0)
    for round in 0..<8_000 { counts.observe(unknown: round % 10 == 0 ? "often" : "rare \(round)") }
    let first = try #require(counts.newcomers.first)
    #expect(first.label == "often")
    #expect(first.count >= 800)
    #expect(first.count - first.excess <= 800)
    #expect(counts.newcomers.count == CategoryCounts.newcomerLimit)
  }

  @Test func `after merging counts are never too low and off by no more than said`() throws {
    var (left, right) = (CategoryCounts(known: 1), CategoryCounts(known: 1))
    for round in 0..<3_000 {
      left.observe(unknown: round % 4 == 0 ? "often" : "left \(round % 211)")
      right.observe(unknown: round % 5 == 0 ? "often" : "right \(round % 97)")
    }
    left.merge(right)
    let often = try #require(left.newcomers.first)
    #expect(often.label == "often")
    #expect(often.count >= 1_350)
    #expect(often.count - often.excess <= 1_350)
    #expect(left.unknown == 6_000)
  }

  @Test func `a long name is kept up to a whole character`() {
    var counts = CategoryCounts(known: 0)
    counts.observe(unknown: "a" + String(repeating: "\u{e9}", count: 100))
    #expect(counts.newcomers.first?.label == "a" + String(repeating: "\u{e9}", count: 31))
  }
}
