import Domain
import Encoding
import Monitoring
import Testing

@testable import Rollouts

@Suite struct ObservationTests {
  private func some() throws -> Observation {
    var latency = LatencyCounts()
    latency.add(2_000_000, times: 90)
    latency.add(20_000_000_000, times: 10)
    return Observation(
      answered: 100, refused: 4, failed: 2, latency: latency, compared: 50, disagreeing: 3,
      alarms: [try DriftAlarm(column: "amount", statistic: 0.4, words: "feature 'amount': KS 0.4")])
  }

  @Test func `an observation reads as it was written`() throws {
    let observation = try some()
    #expect(try Observation(parsing: observation.json.canonicalBytes) == observation)
    #expect(Observation().json.canonicalText == "{}")
    #expect(try Observation(json: [:]) == Observation())
  }

  @Test func `observations of two processes add up`() throws {
    var sum = try some()
    sum.merge(Observation(answered: 1, failed: 2, compared: 3))
    #expect(sum.requests == 109)
    #expect(sum.compared == 53)
    #expect(sum.latency.total == 100)
    #expect(sum.alarms.count == 1)
  }

  @Test func `what came since a reading is the difference`() throws {
    let earlier = try some()
    var later = earlier
    later.merge(Observation(answered: 5, refused: 1, compared: 2, disagreeing: 1))
    let since = later.difference(since: earlier)
    #expect(since == Observation(answered: 5, refused: 1, compared: 2, disagreeing: 1))
  }

  @Test(arguments: [
    Observation(answered: 99, refused: 40, failed: 9), Observation(answered: 500, refused: 4, failed: 1),
  ])
  func `of a process that was replaced everything came since`(later: Observation) throws {
    // Each has one counter that went down; the second one's latencies did.
    #expect(later.difference(since: try some()) == later)
  }

  @Test func `counts beyond all numbers stay at the greatest`() {
    var observation = Observation(answered: .max, failed: .max, compared: .max)
    observation.merge(observation)
    #expect(observation.requests == .max)
    #expect(observation.difference(since: Observation()).answered == .max)
  }

  @Test(arguments: [
    (
      #"{"answered":-1}"#,
      "expected a whole number from 0 to 9223372036854775807 as 'answered' of a observation"
    ),
    (#"{"compared":1,"disagreeing":2}"#, "expected a whole number from 0 to 1 as 'disagreeing'"),
    (#"{"latency":[1,2]}"#, "expected 20 counts as 'latency'"),
    (#"{"answerd":1}"#, "found 'answerd'"), ("[]", "as an object, found an array"),
    ("{", "expected"), (#"{"alarms":[{"column":"","statistic":1,"words":"w"}]}"#, "expected a column"),
  ])
  func `what is no observation is refused with what is wrong`(text: String, message: String) {
    let problem = #expect(throws: Problem.self) { try Observation(parsing: Array(text.utf8)) }
    #expect(problem?.code == "observation.malformed")
    #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
  }

  @Test func `a document that is too long is not read`() {
    let bytes = [UInt8](repeating: 0x20, count: Observation.sizeLimit + 1)
    let problem = #expect(throws: Problem.self) { try Observation(parsing: bytes) }
    #expect(problem?.category == .tooLarge)
  }

  @Test func `the bound that a share keeps is found, and how many are beyond it`() throws {
    let latency = try some().latency
    #expect(latency.bound(keptBy: 0.9).flatMap { LatencyBounds.text($0) } == "2.5 ms")
    #expect(latency.bound(keptBy: 0.95) == nil)
    #expect(latency.beyond(7) == 10)
    #expect(LatencyCounts().bound(keptBy: 0.5) == nil)
  }

  @Test func `an alert becomes an alarm whatever its column is called`() throws {
    let name = String(repeating: "\u{1b}é", count: 200)
    let alarm = try DriftAlarm(column: name.excerpt(40), statistic: 1, words: name.excerpt(400))
    #expect(try DriftAlarm(json: alarm.json) == alarm)
  }
}
