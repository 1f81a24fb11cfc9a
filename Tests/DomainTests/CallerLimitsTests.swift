import Domain
import Encoding
import Testing

struct CallerLimitsTests {
  private static let now = Timestamp(milliseconds: 1_700_000_000_000)

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? Problem)?.message }
  }

  @Test func `without a burst there may be as many at once as in a second`() throws {
    #expect(try CallerLimits(rate: 50).burst == 50)
    #expect(try CallerLimits(rate: 50, burst: 7).burst == 7)
    #expect(CallerLimits.none.burst == nil)
  }

  @Test func `limits read back from their JSON`() throws {
    for limits in [
      CallerLimits.none, try .init(rate: 1), try .init(rate: 3, burst: 9), try .init(rate: nil, daily: 10),
      try .init(rate: 1_000_000, burst: 1, daily: 1_000_000_000_000),
    ] {
      #expect(try CallerLimits(json: limits.json) == limits)
    }
    #expect(CallerLimits.none.json == nil)
    #expect(try CallerLimits(json: ["rate": 2, "daily": nil]).daily == nil)
  }

  static let refusals: [(JSON, String)] = [
    (1, "expected limits in an object, found a number"),
    (["rate": 0], "expected 1 to 1000000 requests a second, found 0"),
    (["rate": 1_000_001], "expected 1 to 1000000 requests a second, found 1000001"),
    (["rate": 1, "burst": -1], "expected 1 to 1000000 requests at once, found -1"),
    (["burst": 2], "expected a rate beside a burst, found none"),
    (["daily": 0], "expected 1 to 1000000000000 requests a day, found 0"),
    (["daily": 1.5], "expected a whole number as 'daily', found a number"),
    (["weekly": 1], "expected the limits 'rate', 'burst', 'daily' alone, found 'weekly'"),
  ]

  @Test(arguments: refusals)
  func `limits that are none are refused`(json: JSON, message expected: String) {
    #expect(message { _ = try CallerLimits(json: json) } == expected)
  }

  @Test func `limits of a deployment read back from their JSON`() throws {
    for limits in [
      DeploymentLimits.none, try .init(concurrency: 1), try .init(concurrency: 8, queue: 0, deadline: 250),
      try .init(concurrency: nil, deadline: 1),
    ] {
      #expect(try DeploymentLimits(json: limits.json) == limits)
      let policy = DeploymentPolicy(
        limits: limits, defences: DefencePolicy(disclosure: .labels, callers: .tell))
      #expect(try DeploymentPolicy(json: policy.json) == policy)
    }
    #expect(try DeploymentLimits(concurrency: 1).queue == 16)
  }

  static let deploymentRefusals: [(JSON, String)] = [
    (["concurrency": 0], "expected 1 to 100000 predictions at one time, found 0"),
    (["queue": 3], "expected a concurrency beside a queue, found none"),
    (["concurrency": 1, "queue": -1], "expected 0 to 100000 predictions that wait, found -1"),
    (["deadline": 3_600_001], "expected 1 to 3600000 milliseconds, found 3600001"),
    (["speed": 1], "expected the limits 'concurrency', 'queue', 'deadline' alone, found 'speed'"),
  ]

  @Test(arguments: deploymentRefusals)
  func `limits of a deployment that are none are refused`(json: JSON, message expected: String) {
    #expect(message { _ = try DeploymentLimits(json: json) } == expected)
  }

  @Test func `a key expires after a time or at a moment`() throws {
    let day: Int64 = 86_400_000
    for (text, milliseconds) in [("90d", 90 * day), ("12h", day / 2), ("30m", day / 48)] {
      let moment = try KeyTerms.expiry(parsing: text, from: Self.now)
      #expect(moment.milliseconds - Self.now.milliseconds == milliseconds)
    }
    let moment = try KeyTerms.expiry(parsing: "2027-01-01T00:00:00Z", from: Self.now)
    #expect(moment.description == "2027-01-01T00:00:00.000Z")
  }

  @Test(arguments: [
    "", "d", "-1d", "1.5h", "1w", "99999999999999999999d", "tomorrow", "2020-01-01T00:00:00Z", "0d",
    "99999999d",
  ])
  func `an end that is none, or past, is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try KeyTerms.expiry(parsing: text, from: Self.now) }
    #expect(problem?.code == "key.expiry")
    #expect(problem?.category == .badInput)
  }
}
