import Domain
import Testing

@testable import Serving

struct CallerAccountTests {
  private static let second = 1_000_000_000

  @Test func `a full bucket gives its burst, then one an interval`() {
    let account = CallerAccount()
    let start = 5 * Self.second
    for _ in 0..<10 { #expect(account.take(rate: 4, burst: 10, at: start) == nil) }
    #expect(account.take(rate: 4, burst: 10, at: start) == Self.second / 4)
    #expect(account.take(rate: 4, burst: 10, at: start + Self.second / 4 - 1) == 1)
    #expect(account.take(rate: 4, burst: 10, at: start + Self.second / 4) == nil)
    #expect(account.take(rate: 4, burst: 10, at: start + Self.second / 4) == Self.second / 4)
  }

  @Test func `a bucket holds no more than its burst, however long nobody asks`() {
    let account = CallerAccount()
    for start in [0, 100 * Self.second, 1_000_000 * Self.second] {
      for _ in 0..<3 { #expect(account.take(rate: 1, burst: 3, at: start) == nil) }
      #expect(account.take(rate: 1, burst: 3, at: start) == Self.second)
    }
  }

  @Test(arguments: [1, 3, 7, 1000, 999_983, 1_000_000], [1, 2, 100])
  func `in any time no more is given than the rate and one burst`(rate: Int, burst: Int) {
    let account = CallerAccount()
    var generator = SplitMix(seed: UInt64(rate * 31 + burst))
    var (now, given) = (0, 0)
    for _ in 0..<5000 {
      now += Int(generator.next() % UInt64(2 * Self.second / rate + 1))
      if account.take(rate: rate, burst: burst, at: now) == nil { given += 1 }
      let most = burst + now / ((Self.second + rate - 1) / rate)
      guard given <= most else { return #expect(given <= most, "after \(now) ns") }
    }
    #expect(given > 1000)
  }

  @Test func `the wait that is told is enough, and no less would be`() throws {
    let account = CallerAccount()
    var generator = SplitMix(seed: 7)
    var now = 0
    for _ in 0..<1000 {
      now += Int(generator.next() % 200_000_000)
      guard let wait = account.take(rate: 3, burst: 2, at: now) else { continue }
      #expect(account.take(rate: 3, burst: 2, at: now + wait - 1) == 1)
      now += wait
      try #require(account.take(rate: 3, burst: 2, at: now) == nil)
    }
  }

  @Test func `a raised limit takes effect at once`() {
    let account = CallerAccount()
    for _ in 0..<1000 { _ = account.take(rate: 1, burst: 1000, at: 0) }
    #expect(account.take(rate: 1000, burst: 1, at: 0) == Self.second / 1000)
    #expect(account.take(rate: 1000, burst: 1, at: Self.second / 1000) == nil)
  }

  @Test func `threads that ask at once are given one burst together`() async {
    let account = CallerAccount()
    let given = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<500).count { _ in
            account.take(rate: 1, burst: 100, at: 0) == nil && account.count(on: 3, limit: 60)
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(given == 60)
    #expect(account.counted == DayCount(day: 3, count: 60))
  }

  @Test func `a day has its quota, and the next has it anew`() {
    let account = CallerAccount()
    for day in 100...102 {
      for _ in 0..<5 { #expect(account.count(on: day, limit: 5)) }
      #expect(!account.count(on: day, limit: 5))
      #expect(account.count(on: day, limit: 6))
    }
    // A clock that was put back.
    #expect(!account.count(on: 101, limit: 6))
  }

  @Test func `a count and its day are one word`() {
    for count in [
      DayCount(day: 0, count: 0), .init(day: 20_778, count: 12), .init(day: 1, count: DayCount.most),
    ] {
      #expect(DayCount(packed: count.packed) == count)
    }
  }
}

struct CallerTests {
  private static func caller(_ terms: KeyTerms) -> Caller {
    Caller(id: "k", terms: terms, account: CallerAccount())
  }

  private static func arrival(_ milliseconds: Int64) -> Arrival {
    Arrival(nanoseconds: Int(milliseconds) * 1_000_000, time: Timestamp(milliseconds: milliseconds))
  }

  private func refusal(_ caller: Caller, _ milliseconds: Int64) -> Problem? {
    do {
      try caller.admit(at: Self.arrival(milliseconds))
      return nil
    } catch { return error }
  }

  @Test func `without terms everything is admitted`() {
    let caller = Self.caller(.unbounded)
    for moment in 0..<1000 { #expect(refusal(caller, Int64(moment / 100)) == nil) }
  }

  @Test func `a key opens until the moment it expires`() {
    let caller = Self.caller(KeyTerms(expiresAt: Timestamp(milliseconds: 5000)))
    #expect(refusal(caller, 4999) == nil)
    #expect(refusal(caller, 5000)?.code == "key.expired")
    #expect(refusal(caller, 5000)?.httpStatus == 401)
  }

  @Test func `beyond the rate the caller is told when to come again, in whole seconds`() throws {
    let caller = Self.caller(KeyTerms(limits: try CallerLimits(rate: 1, burst: 1)))
    #expect(refusal(caller, 0) == nil)
    let problem = refusal(caller, 1)
    #expect(problem?.code == "key.rate-exceeded")
    #expect(problem?.httpStatus == 429)
    #expect(problem?.message == "expected at most 1 requests a second, found more")
    #expect(problem?.retryAfter == 1)
    #expect(refusal(caller, 999)?.retryAfter == 1)
    #expect(refusal(caller, 1000) == nil)
  }

  @Test func `beyond the quota the caller is sent to the next day`() throws {
    let caller = Self.caller(KeyTerms(limits: try CallerLimits(rate: nil, daily: 2)))
    let evening = Int64(86_400_000 * 20_000 - 90_500)
    #expect(refusal(caller, evening) == nil)
    #expect(refusal(caller, evening) == nil)
    let problem = refusal(caller, evening)
    #expect(problem?.code == "key.quota-exceeded")
    #expect(problem?.httpStatus == 429)
    #expect(problem?.retryAfter == 91)
    #expect(refusal(caller, evening + 90_500) == nil)
  }

  @Test func `what the rate refuses takes nothing of the quota`() throws {
    let caller = Self.caller(KeyTerms(limits: try CallerLimits(rate: 1, burst: 1, daily: 2)))
    #expect(refusal(caller, 0) == nil)
    for moment in 1..<900 { #expect(refusal(caller, Int64(moment))?.code == "key.rate-exceeded") }
    #expect(refusal(caller, 1000) == nil)
    #expect(refusal(caller, 2000)?.code == "key.quota-exceeded")
  }
}

/// Numbers that are the same in every run.
private struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
