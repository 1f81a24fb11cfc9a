import Testing

@testable import Domain

@Suite struct SplitTests {
  private let salt = TrafficSplit.Salt(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)

  private func split(_ arms: [(Int, Int)], _ salt: TrafficSplit.Salt? = nil) throws -> TrafficSplit {
    try TrafficSplit(
      arms.map { arm in
        TrafficSplit.Arm(version: try version(arm.0), share: try BasisPoints(parsing: arm.1))
      }, salt: salt ?? self.salt)
  }

  private func version(_ number: Int) throws -> VersionNumber { try #require(VersionNumber(number)) }

  private func key(_ number: Int) -> [UInt8] { Array("caller-\(number)".utf8) }

  @Test func `callers come out evenly by the shares`() throws {
    let shares = [(4, 100), (3, 900), (1, 4_000), (2, 5_000)]
    let split = try split(shares)
    var counts: [VersionNumber: Int] = [:]
    for number in 0..<100_000 { counts[split.version(for: key(number)), default: 0] += 1 }
    var statistic = 0.0
    for (number, share) in shares {
      let expected = Double(share) * 10
      let gap = Double(counts[try version(number)] ?? 0) - expected
      statistic += gap * gap / expected
    }
    // Chi-squared of three degrees of freedom: 16.27 is beyond 99.9 %.
    #expect(statistic < 16.27)
  }

  @Test func `whoever came to a version stays there while its share grows`() throws {
    var moved = 0
    for number in 0..<20_000 {
      var wasNew = false
      for share in [0, 1, 100, 1_000, 5_000, 9_999, 10_000] {
        let isNew = try split([(2, share), (1, 10_000 - share)]).version(for: key(number)) == version(2)
        #expect(isNew || !wasNew)
        if isNew != wasNew { moved += 1 }
        wasNew = isNew
      }
      #expect(wasNew)
    }
    #expect(moved == 20_000)
  }

  @Test func `nobody moves between the others while a third grows`() throws {
    let new = try version(3)
    for number in 0..<20_000 {
      let before = try split([(1, 6_000), (2, 4_000)]).version(for: key(number))
      for share in [1_000, 5_000] {
        let now = try split([
          (3, share), (1, 6_000 * (10_000 - share) / 10_000), (2, 4_000 * (10_000 - share) / 10_000),
        ]).version(for: key(number))
        #expect(now == new || now == before)
      }
    }
  }

  @Test func `what one deployment chooses says nothing of what another does`() throws {
    let (first, second) = (
      try split([(2, 1_000), (1, 9_000)]), try split([(2, 1_000), (1, 9_000)], TrafficSplit.Salt(1, 2))
    )
    let new = try version(2)
    var both = 0
    for number in 0..<100_000
    where first.version(for: key(number)) == new && second.version(for: key(number)) == new { both += 1 }
    // 1,000 in expectation; five standard deviations are 157.
    #expect(abs(both - 1_000) < 157)
  }

  @Test func `a version without a share answers nobody`() throws {
    let split = try split([(3, 0), (1, 10_000), (2, 0)])
    for number in 0..<1_000 { #expect(split.version(for: key(number)) == .first) }
  }

  @Test(arguments: [[(1, 9_999)], [(1, 5_000), (1, 5_000)], [(1, 6_000), (2, 6_000)], []])
  func `shares that are not the whole are refused`(arms: [(Int, Int)]) throws {
    let problem = #expect(throws: Problem.self) { try split(arms) }
    #expect(problem?.code == "split.malformed")
  }

  @Test(arguments: [(100, "1 %"), (1_250, "12.5 %"), (5, "0.05 %"), (0, "0 %"), (10_000, "100 %")])
  func `a share is told in percent`(points: Int, text: String) throws {
    #expect(try BasisPoints(parsing: points).description == text)
  }

  @Test func `a share beyond all is refused`() {
    #expect(BasisPoints(10_001) == nil)
    #expect(BasisPoints(-1) == nil)
  }

  @Test func `bounds of latency are told in units for people`() {
    #expect(
      [0, 4, 6, 7, 15, 18].map { LatencyBounds.text($0) } == [
        "10 µs", "250 µs", "1 ms", "2.5 ms", "1 s", "10 s",
      ])
    #expect(LatencyBounds.text(19) == nil)
  }
}
