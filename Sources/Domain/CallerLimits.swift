public import Encoding

/// How much one caller may ask; a bound that is nil is none.
public struct CallerLimits: Hashable, Sendable {
  /// Requests a second in the long run.
  public let rate: Int?
  /// Requests at once after a pause; there is one exactly where there is a rate.
  public let burst: Int?
  /// Requests a day; a day begins at midnight in UTC.
  public let daily: Int?

  /// No bound at all.
  public static let none = CallerLimits()

  private init() {
    rate = nil
    burst = nil
    daily = nil
  }

  /// States bounds; without `burst` it is the requests of one second.
  ///
  /// Throws `limits.malformed` below 1, beyond 1,000,000 (rate and burst) or 1,000,000,000,000 (daily), and for a burst
  /// without a rate.
  public init(rate: Int?, burst: Int? = nil, daily: Int? = nil) throws(Problem) {
    try Self.check(rate, "requests a second", 1_000_000)
    try Self.check(burst, "requests at once", 1_000_000)
    try Self.check(daily, "requests a day", 1_000_000_000_000)
    guard rate != nil || burst == nil else {
      throw Problem(
        .badInput, "limits.malformed", "expected a rate beside a burst, found none",
        hint: "say how many requests a second there may be in the long run")
    }
    self.rate = rate
    self.burst = burst ?? rate
    self.daily = daily
  }

  private static func check(_ value: Int?, _ what: String, _ most: Int) throws(Problem) {
    guard let value, !(1...most).contains(value) else { return }
    throw Problem(.badInput, "limits.malformed", "expected 1 to \(most) \(what), found \(value)")
  }
}

extension CallerLimits {
  /// The bounds that there are, as an object; nil where there is none.
  public var json: JSON? {
    var members: [String: JSON] = [:]
    members["rate"] = rate.map { JSON($0) }
    members["burst"] = burst.map { JSON($0) }
    members["daily"] = daily.map { JSON($0) }
    return members.isEmpty ? nil : .object(members)
  }

  /// Reads what `json` writes; throws `limits.malformed`.
  public init(json: JSON?) throws(Problem) {
    let bounds = try WholeNumbers(json, of: ["rate", "burst", "daily"])
    try self.init(rate: bounds["rate"], burst: bounds["burst"], daily: bounds["daily"])
  }
}

/// What a key is bound to beside its deployment.
public struct KeyTerms: Hashable, Sendable {
  /// How much may be asked with it.
  public var limits: CallerLimits
  /// When it stops to open anything; nil where it does not of itself.
  public var expiresAt: Timestamp?

  /// Neither limits nor an end.
  public static let unbounded = KeyTerms()

  /// States what a key is bound to.
  public init(limits: CallerLimits = .none, expiresAt: Timestamp? = nil) {
    self.limits = limits
    self.expiresAt = expiresAt
  }

  /// Reads when a key is to expire: a moment in UTC, or the time from `now` on as `90d`, `12h` or `30m`.
  ///
  /// Throws `key.expiry` for anything else, and for what is past.
  public static func expiry(parsing text: String, from now: Timestamp) throws(Problem) -> Timestamp {
    guard let moment = moment(text, from: now) else {
      throw Problem(
        .badInput, "key.expiry",
        "expected a time such as '90d', '12h' or '30m' or a moment such as '2027-01-01T00:00:00Z', found"
          + " '\(text.excerpt(40))'")
    }
    // Behind the year 9999 there is no form that would be read again.
    guard moment.milliseconds < 253_402_300_800_000 else {
      throw Problem(.badInput, "key.expiry", "expected a moment before the year 10000, found \(moment)")
    }
    guard now < moment else {
      throw Problem(.badInput, "key.expiry", "expected a moment after \(now), found \(moment)")
    }
    return moment
  }

  /// Reads a moment in UTC, or the time from `now` on as `90d`, `12h` or `30m`, past or not; throws `time.malformed`.
  public static func moment(parsing text: String, from now: Timestamp) throws(Problem) -> Timestamp {
    if let moment = moment(text, from: now) { return moment }
    throw Problem(
      .badInput, "time.malformed",
      "expected a time such as '90d', '12h' or '30m' or a moment such as '2027-01-01T00:00:00Z', found"
        + " '\(text.excerpt(40))'")
  }

  private static func moment(_ text: String, from now: Timestamp) -> Timestamp? {
    let units: [Character: Int64] = ["d": 86_400_000, "h": 3_600_000, "m": 60_000]
    guard let unit = text.last.flatMap({ units[$0] }) else { return try? Timestamp(parsing: text) }
    // Few enough that nothing here overflows.
    let digits = text.utf8.dropLast()
    guard 1...8 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }),
      let count = Int64(text.dropLast())
    else { return nil }
    return Timestamp(milliseconds: now.milliseconds + count * unit)
  }
}
