import Domain
import Encoding
import Testing

@testable import Rollouts

@Suite struct JudgeTests {
  private let minutes: Int64 = 60_000

  private func latency(_ nanoseconds: Int, _ count: Int) -> LatencyCounts {
    var counts = LatencyCounts()
    counts.add(nanoseconds, times: count)
    return counts
  }

  /// A version that answers so many requests in 2 ms, and fails some more.
  private func seen(_ answered: Int, failed: Int = 0, slow: Int = 0, alarms: [DriftAlarm] = []) -> Observation
  {
    var counts = latency(2_000_000, answered - slow)
    counts.merge(latency(20_000_000, slow))
    return Observation(answered: answered, failed: failed, latency: counts, alarms: alarms)
  }

  private func judged(
    _ spans: [Span], by plan: RolloutPlan = .standard, after time: Int64 = 600_000,
    state: RolloutState? = nil
  ) throws -> Judgement {
    let state = try state ?? .example(plan)
    var evidence = StepEvidence(step: state.step, of: plan)
    for span in spans { evidence.take(span) }
    return Judge(plan).judgement(of: state, evidence, at: Timestamp(milliseconds: time))
  }

  private var good: [Span] {
    (0..<40).map { _ in Span(canary: seen(20), champion: seen(1_980, failed: 1)) }
  }

  @Test func `a canary that fails is undone, with the numbers`() throws {
    let spans = (0..<40).map { block in
      Span(
        canary: seen(30, failed: block % 3 == 0 ? 1 : 0), champion: seen(270, failed: block % 13 == 0 ? 1 : 0)
      )
    }
    let judgement = try judged(spans)
    #expect(judgement.decision == .undo)
    #expect(
      judgement.reason
        == "failures: canary 14 of 1,214 (1.15 %), champion 4 of 10,804 (0.04 %); evidence 1.8e7 of 340 wanted: it"
        + " is worse than the champion's share and 0.05 % of all")
  }

  @Test func `a canary that is as good goes on, with the numbers`() throws {
    let judgement = try judged(good)
    #expect(judgement.decision == .goOn)
    #expect(judgement.readings.map(\.finding).allSatisfy { $0 == .notWorse })
    #expect(
      judgement.reason.hasPrefix(
        "failures: canary 0 of 800 (0.00 %), champion 40 of 79,240 (0.05 %); evidence"))
    #expect(judgement.reason.contains("it is no worse than the champion's share and 1.00 % of all"))
    #expect(judgement.reason.contains("latency beyond 2.5 ms, the champion's median"))
  }

  @Test func `a slow canary is undone for its latency`() throws {
    let spans = (0..<20).map { _ in Span(canary: seen(20, slow: 12), champion: seen(180, slow: 4)) }
    let judgement = try judged(spans, after: 1)
    #expect(judgement.decision == .undo)
    #expect(judgement.reason.contains("the champion's median: canary"))
    #expect(judgement.reason.contains("it is worse than 1.5 times the champion's share and 1.00 % of all"))
  }

  @Test func `nothing passes before its time and its requests`() throws {
    #expect(try judged(good, after: 599_999).reason == "9 min of 10 min passed")
    let few = try judged(Array(good.prefix(2)))
    #expect(few.decision == .wait)
    #expect(few.reason.hasPrefix("40 of 300 requests seen"))
    #expect(try judged([]).decision == .wait)
  }

  @Test(arguments: zip(Criteria.Lateness.allCases, [.holdForPerson, .undo, .goOn] as [Judgement.Decision]))
  func `a step that takes too long ends as the criteria say`(
    lateness: Criteria.Lateness, decision: Judgement.Decision
  ) throws {
    var criteria = Criteria.standard
    criteria.lateness = lateness
    let plan = try RolloutPlan(steps: RolloutPlan.standard.steps, criteria: criteria)
    let judgement = try judged(Array(good.prefix(1)), by: plan, after: criteria.longest)
    #expect(judgement.decision == decision)
    #expect(judgement.reason.hasPrefix("the step took 24 h and may take no longer: 20 of 300 requests seen"))
  }

  @Test(
    arguments: zip(Criteria.DriftAnswer.allCases, [.goOn, .holdForPerson, .undo] as [Judgement.Decision]))
  func `an alarm of drift does what the criteria say`(
    answer: Criteria.DriftAnswer, decision: Judgement.Decision
  )
    throws
  {
    var criteria = Criteria.standard
    criteria.drift = answer
    let plan = try RolloutPlan(steps: RolloutPlan.standard.steps, criteria: criteria)
    let alarm = try DriftAlarm(
      column: "amount", statistic: 0.5, words: "feature 'amount': KS 0.50 against training")
    var spans = good
    spans[3].canary.merge(Observation(answered: 0, alarms: [alarm]))
    spans[3].champion.merge(Observation(answered: 0, alarms: [alarm]))
    let judgement = try judged(spans, by: plan)
    #expect(judgement.decision == decision)
    #expect(judgement.alarms == [alarm])
    guard answer != .tell else { return }
    #expect(judgement.reason == "feature 'amount': KS 0.50 against training; the champion's as well")
  }

  @Test func `a person's yes is waited for where the next step wants one`() throws {
    let plan = try RolloutPlan(steps: [
      RolloutStep(share: .points(100), leastTime: 0),
      RolloutStep(share: .whole, leastTime: 0, needsApproval: true),
    ])
    let judgement = try judged(good, by: plan)
    #expect(judgement.decision == .holdForPerson)
    #expect(
      judgement.reason.hasPrefix(
        "a person's yes is wanted before the step of 100 %; failures: canary 0 of 800"))
  }

  @Test func `what is held is undone all the same when it turns bad`() throws {
    var state = try RolloutState.example()
    state = try .after(
      .judged(Judgement(step: 0, .holdForPerson, "look"), at: Timestamp(milliseconds: 5)), state)
    #expect(try judged(good, state: state).reason == "look")
    let bad = (0..<20).map { _ in Span(canary: seen(20, failed: 3), champion: seen(180)) }
    #expect(try judged(bad, state: state).decision == .undo)
  }

  @Test func `what was seen of another step decides nothing`() throws {
    let evidence = StepEvidence(step: 1, of: .standard)
    let judgement = Judge(.standard).judgement(of: try .example(), evidence, at: Timestamp(milliseconds: 0))
    #expect(judgement.decision == .wait)
    #expect(judgement.reason == "what was seen is of step 2, and step 1 is under way")
  }

  @Test func `a version that nothing runs beside is held against a bound`() throws {
    let plan = try RolloutPlan(steps: [RolloutStep(share: .whole, leastTime: 0)])
    let bad = (0..<20).map { _ in Span(canary: seen(20, failed: 4)) }
    let judgement = try judged(bad, by: plan)
    #expect(judgement.decision == .undo)
    #expect(judgement.reason.hasPrefix("failures: canary 80 of 480 (16.67 %); evidence"))
    #expect(try judged(good, by: plan).decision == .goOn)
  }

  @Test func `a champion slower than whatever is counted leaves latency unjudged`() throws {
    let spans = (0..<40).map { _ in
      Span(
        canary: seen(20), champion: Observation(answered: 180, latency: latency(20_000_000_000, 180)))
    }
    let judgement = try judged(spans)
    #expect(judgement.readings.count { $0.finding == .notJudged } == 3)
    #expect(judgement.decision == .goOn)
  }

  @Test func `what was seen reads as it was written, and goes on to the same`() throws {
    var evidence = StepEvidence(step: 0, of: .standard)
    for span in good { evidence.take(span) }
    var again = try StepEvidence(parsing: evidence.json.canonicalBytes, of: .standard)
    #expect(again == evidence)
    evidence.take(good[0])
    again.take(good[0])
    #expect(again == evidence)
    #expect(again.json.canonicalBytes.count < 16_384)
  }

  @Test func `what waits for the other version is told, and reads as it was written`() throws {
    var evidence = StepEvidence(step: 0, of: .standard)
    for span in good { evidence.take(span) }
    evidence.take(Span(canary: seen(3)))
    #expect(evidence.tests[.failures]?.worse.waiting.canary.whole == 3)
    #expect(try StepEvidence(parsing: evidence.json.canonicalBytes, of: .standard) == evidence)
    let judgement = Judge(.standard).judgement(
      of: try .example(), evidence, at: Timestamp(milliseconds: 1))
    #expect(judgement.readings.first?.canary.whole == 803)
  }

  @Test func `a judgement reads as it was written`() throws {
    let judgement = try judged(good)
    #expect(try Judgement(parsing: judgement.json.canonicalBytes) == judgement)
  }

  @Test func `a step begins with what is known of the champion, and with no evidence`() throws {
    var evidence = StepEvidence(step: 0, of: .standard)
    for span in good { evidence.take(span) }
    let next = evidence.next(of: .standard, step: 1)
    #expect(next.seen == Span())
    #expect(next.history == evidence.seen.champion)
    #expect(next.bounds == evidence.bounds)
    #expect(Judge(.standard).readings(of: next).allSatisfy { abs($0.worse) < 1e-9 && $0.finding == .open })
  }

  @Test(arguments: ["[1,-1980]", "[2,1]", "[-1,1]", "[1]", "[1,\"2\"]", "[1,2,3]", "7"])
  func `counts that are no part of a whole are refused`(tally: String) throws {
    let text = StepEvidence(step: 0, of: .standard).json.canonicalText
    let empty = #""canary":[0,0]"#
    let range = try #require(text.firstRange(of: empty))
    let altered = text.replacing(empty, with: #""canary":"# + tally, subrange: range)
    let problem = #expect(throws: Problem.self) {
      try StepEvidence(parsing: Array(altered.utf8), of: .standard)
    }
    #expect(problem?.code == "evidence.malformed")
    #expect(problem?.position == "/canary")
  }

  @Test func `evidence of other criteria is refused`() throws {
    var criteria = Criteria.standard
    criteria.refusals = nil
    let plan = try RolloutPlan(steps: RolloutPlan.standard.steps, criteria: criteria)
    let json = StepEvidence(step: 0, of: .standard).json
    let problem = #expect(throws: Problem.self) { try StepEvidence(json: json, of: plan) }
    #expect(problem?.code == "evidence.malformed")
  }
}
