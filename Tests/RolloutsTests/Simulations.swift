import Domain
import Monitoring
import Testing

@testable import Rollouts

/// Whole roll-outs by chance, judged after each block of requests: the figures of `docs/rollouts.md`.
@Suite struct Simulations {
  /// What became of a roll-out.
  struct Outcome {
    var state: RolloutState
    /// How many requests the canary had in all, and at each step.
    var requests = 0
    var perStep: [Int] = []
  }

  /// Rolls out until it is over, or so many requests came to the canary.
  private func run(
    _ plan: RolloutPlan = .standard, canary: Behaviour, champion: Behaviour = Behaviour(), upTo limit: Int,
    block: Int = 20, _ draws: inout Draws
  ) throws -> Outcome {
    var outcome = Outcome(state: try .example(plan))
    let judge = Judge(plan)
    var evidence = StepEvidence(step: 0, of: plan)
    var atStep = 0
    var now: Int64 = 0
    while !outcome.state.phase.isOver, outcome.requests < limit {
      // A block of the canary's requests, and as many to the champion as the shares give.
      let share = outcome.state.share.value
      let beside = share == 0 ? block : block * (10_000 - share) / share
      now += 60_000
      evidence.take(
        Span(
          canary: canary.observation(
            block, compared: outcome.state.shadows.isEmpty ? 0 : block, &draws),
          champion: champion.observation(beside, &draws)))
      outcome.requests += block
      atStep += block
      let moment = Timestamp(milliseconds: now)
      let judgement = judge.judgement(of: outcome.state, evidence, at: moment)
      let before = outcome.state.step
      outcome.state = try .after(.judged(judgement, at: moment), outcome.state)
      if outcome.state.step != before || outcome.state.phase.isOver {
        outcome.perStep.append(atStep)
        atStep = 0
        evidence = evidence.next(of: plan, step: outcome.state.step)
      }
    }
    return outcome
  }

  private func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }

  @Test func `a canary as good as its champion is undone in one of a hundred roll-outs at most`() throws {
    var draws = Draws(seed: 1)
    var undone = 0
    var finished: [Int] = []
    var steps: [[Int]] = [[], [], [], []]
    for _ in 0..<400 {
      let outcome = try run(canary: Behaviour(), upTo: 20_000, &draws)
      if outcome.state.phase == .undone { undone += 1 }
      guard outcome.state.phase == .finished else { continue }
      finished.append(outcome.requests)
      for (step, requests) in outcome.perStep.enumerated() { steps[step].append(requests) }
    }
    #expect(undone <= 4)
    try #require(finished.count >= 390)
    print(
      "finished: \(finished.count) of 400, half of them with \(median(finished)) requests, 95 % with"
        + " \(finished.sorted()[finished.count * 95 / 100]); steps \(steps.map { median($0) })")
    #expect(median(finished) <= 2_000)
  }

  @Test func `a canary on the line itself is undone in one of a hundred roll-outs at most`() throws {
    var draws = Draws(seed: 5)
    var undone = 0
    for _ in 0..<200 {
      let canary = Behaviour(failing: 0.0015, refusing: 0.02)
      if try run(canary: canary, upTo: 3_000, &draws).state.phase == .undone { undone += 1 }
    }
    print("undone on the line: \(undone) of 200")
    // Two in expectation at most, and what chance adds to that with probability 0.1 %.
    #expect(undone <= 8)
  }

  @Test
  func
    `a canary that fails 2 % beside a champion's 0.1 % is undone within 600 requests in 95 % of roll-outs`()
    throws
  {
    #expect(try undone(.standard, Behaviour(failing: 0.02), within: 600) >= 0.95)
  }

  @Test func `where the champion has only nine times its requests it is undone within 600 in nine of ten`()
    throws
  {
    let plan = try RolloutPlan(
      steps: [1_000, 10_000].map { RolloutStep(share: .points($0), leastTime: 600_000) })
    #expect(try undone(plan, Behaviour(failing: 0.02), within: 600) >= 0.9)
  }

  @Test func `a canary that takes twice as long is undone within 600 requests in 95 % of roll-outs`() throws {
    #expect(
      try undone(.standard, Behaviour(latency: Behaviour.shares(slowness: 2)), within: 600) >= 0.95)
  }

  @Test func `a canary that disagrees in 20 % beside a bound of 5 % is undone within 300 comparisons`() throws
  {
    var criteria = Criteria.standard
    criteria.disagreement = Criteria.Lines(bound: 0.05)
    let plan = try RolloutPlan(
      steps: [0, 100, 10_000].map { RolloutStep(share: .points($0), leastTime: 600_000) }, criteria: criteria)
    #expect(try undone(plan, Behaviour(disagreeing: 0.2), within: 300) >= 0.95)
  }

  /// The share of 300 roll-outs that are undone within so many requests.
  private func undone(_ plan: RolloutPlan, _ canary: Behaviour, within limit: Int) throws -> Double {
    var draws = Draws(seed: 77)
    var requests: [Int] = []
    for _ in 0..<300 {
      let outcome = try run(plan, canary: canary, upTo: limit, &draws)
      if outcome.state.phase == .undone { requests.append(outcome.requests) }
    }
    print(
      "undone: \(requests.count) of 300, half of them within \(requests.isEmpty ? 0 : median(requests)) requests"
    )
    return Double(requests.count) / 300
  }
}
