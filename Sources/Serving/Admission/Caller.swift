import Domain

/// When a request came, by both clocks.
struct Arrival: Equatable, Sendable {
  /// Nanoseconds of the clock that only goes forward.
  var nanoseconds: Int
  /// By the clock on the wall.
  var time: Timestamp

  /// The days since 1970-01-01 in UTC; 0 before.
  var day: Int { max(0, Int(time.milliseconds / Self.dayMilliseconds)) }

  /// The seconds until the next day begins in UTC, rounded up.
  var secondsToNextDay: Int {
    let left = Self.dayMilliseconds - max(0, time.milliseconds) % Self.dayMilliseconds
    return Int((left + 999) / 1000)
  }

  private static let dayMilliseconds: Int64 = 86_400_000
}

/// Somebody who showed a credential that is known: who it is, and on what terms it may ask.
final class Caller: Sendable {
  /// What records know it by: the id of a key, or what stands for the subject of a token.
  let id: String
  let terms: KeyTerms
  let account: CallerAccount

  init(id: String, terms: KeyTerms, account: CallerAccount) {
    self.id = id
    self.terms = terms
    self.account = account
  }

  /// Counts one request, or throws why it may not be made now.
  ///
  /// A request that is refused takes nothing of the quota; one beyond the quota has taken its part of the rate.
  func admit(at arrival: Arrival) throws(Problem) {
    if let end = terms.expiresAt, arrival.time >= end {
      throw Problem(.unauthenticated, "key.expired", "expected a key in force, found one that has expired")
    }
    let limits = terms.limits
    if let rate = limits.rate,
      let wait = account.take(rate: rate, burst: limits.burst ?? rate, at: arrival.nanoseconds)
    {
      throw Problem(
        .tooMany, "key.rate-exceeded", "expected at most \(rate) requests a second, found more",
        retryAfter: (wait + 999_999_999) / 1_000_000_000)
    }
    if let daily = limits.daily, !account.count(on: arrival.day, limit: daily) {
      throw Problem(
        .tooMany, "key.quota-exceeded", "expected at most \(daily) requests a day, found more",
        retryAfter: arrival.secondsToNextDay)
    }
  }
}
