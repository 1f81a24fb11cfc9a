import Domain
import Encoding
import Testing

@testable import Rollouts

@Suite struct StateTests {
  private let person = Principal(kind: .person, name: "a")
  private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
  private func judged(_ decision: Judgement.Decision, _ step: Int, _ reason: String = "so") -> RolloutEvent {
    .judged(Judgement(step: step, decision, reason), at: moment(1))
  }

  @Test func `a roll-out goes up its steps to the end`() throws {
    var state = try RolloutState.example()
    var shares: [Int] = []
    while !state.phase.isOver {
      shares.append(state.share.value)
      #expect(state.shares[.first]?.value ?? 0 == 10_000 - state.share.value)
      state = try .after(judged(.goOn, state.step), state)
    }
    #expect(shares == [100, 1_000, 5_000, 10_000])
    #expect(state.phase == .finished)
    #expect(state.shares == [.number(2): .whole])
    #expect(state.journal.map(\.turn) == [.began, .wentOn, .wentOn, .wentOn, .finished])
  }

  @Test func `an undoing keeps what was seen`() throws {
    let state = try RolloutState.after(judged(.undo, 0, "failures: canary 14 of 1,204"), .example())
    #expect(state.phase == .undone)
    #expect(state.reason == "failures: canary 14 of 1,204")
    #expect(state.journal.last?.judgement?.reason == state.reason)
    #expect(state.shares == [.first: .whole])
  }

  @Test func `a step in the shadow answers nobody and is asked`() throws {
    var criteria = Criteria.standard
    criteria.disagreement = Criteria.Lines(bound: 0.05)
    let plan = try RolloutPlan(
      steps: [0, 10_000].map { RolloutStep(share: .points($0), leastTime: 0) }, criteria: criteria)
    let state = try RolloutState.example(plan)
    #expect(state.phase == .shadowing)
    #expect(state.shares == [.first: .whole])
    #expect(state.shadows == [.number(2)])
    let next = try RolloutState.after(judged(.goOn, 0), state)
    #expect(next.shadows.isEmpty)
    #expect(next.shares == [.number(2): .whole])
  }

  @Test func `versions before it keep their proportion`() throws {
    let before = [(1, 3_333), (2, 3_333), (3, 3_334)].map {
      TrafficSplit.Arm(version: .number($0.0), share: .points($0.1))
    }
    let order = try RolloutOrder(
      deployment: ModelName(parsing: "iris"), before: before, version: .number(4), plan: .standard)
    let state = try RolloutState.after(.begin(order, at: moment(0)), nil)
    #expect(state.arms.map(\.version.value) == [4, 1, 2, 3])
    #expect(state.arms.map(\.share.value) == [100, 3_300, 3_300, 3_300])
  }

  @Test func `a person's yes takes the next step, and is kept with the name`() throws {
    let held = try RolloutState.after(judged(.holdForPerson, 0), .example())
    #expect(held.phase == .held)
    #expect(held.shares[.number(2)]?.value == 100)
    let state = try RolloutState.after(.approved(step: 0, by: person, at: moment(7)), held)
    #expect(state.step == 1)
    #expect(state.phase == .stepping)
    #expect(state.since == moment(7))
    #expect(state.journal.last?.by == person)
  }

  @Test func `a reason of any length and in any characters can be kept`() throws {
    let reason = String(repeating: "\u{202E}\n😀", count: 5_000)
    var state = try RolloutState.after(judged(.holdForPerson, 0, reason), .example())
    #expect(try RolloutState(parsing: state.json.canonicalBytes) == state)
    state = try .after(.approved(step: 0, by: person, at: moment(2)), state)
    #expect(try RolloutState(parsing: state.json.canonicalBytes) == state)
    state = try .after(.undo(by: person, reason: reason, at: moment(2)), state)
    #expect(try RolloutState(parsing: state.json.canonicalBytes) == state)
  }

  /// A judgement as long as one can be.
  private func longest(_ decision: Judgement.Decision, _ step: Int) throws -> Judgement {
    let words = String(repeating: "😀", count: 1_000)
    let alarms = try (0..<DriftAlarm.limit).map {
      try DriftAlarm(column: "\($0) " + String(words.prefix(100)), statistic: 1, words: words)
    }
    let tally = Tally(.max - 1, of: .max)
    let readings = Criterion.allCases.map {
      Reading(
        criterion: $0, canary: tally, champion: tally, worse: -0.123456789, worseWanted: 0.1,
        notWorse: -0.123456789, notWorseWanted: 0.1, finding: .open, words: words)
    }
    return Judgement(
      step: step, decision, String(repeating: "😀\"", count: 2_000), readings: readings, alarms: alarms)
  }

  @Test func `whatever is said at every step of the longest plan, a state stays small enough to be kept`()
    throws
  {
    let plan = try RolloutPlan(
      steps: (1...RolloutPlan.stepLimit).map {
        RolloutStep(
          share: .points($0 == RolloutPlan.stepLimit ? 10_000 : $0), leastTime: RolloutPlan.longestLeastTime,
          needsApproval: $0 > 1)
      })
    var state = try RolloutState.example(plan)
    var turns = state.journal.map(\.turn)
    while !state.phase.isOver {
      let event: RolloutEvent =
        state.phase == .held
        ? .approved(step: state.step, by: person, at: moment(9))
        : .judged(try longest(.holdForPerson, state.step), at: moment(9))
      state = try .after(event, state)
      #expect(state.json.canonicalBytes.count <= RolloutState.turnLimit)
      #expect(try RolloutState(parsing: state.json.canonicalBytes) == state)
      if let last = state.journal.last { turns.append(last.turn) }
      // What happened stays, whatever is left out of why.
      #expect(state.journal.map(\.turn) == turns)
      #expect(state.journal.allSatisfy { ($0.by == nil) == ($0.turn == .began || $0.judgement != nil) })
    }
    #expect(state.journal.count == 1 + 2 * RolloutPlan.stepLimit)
  }

  @Test func `of a state that is too long the newest judgement keeps its numbers`() throws {
    let plan = try RolloutPlan(
      steps: [100, 1_000, 10_000].map { RolloutStep(share: .points($0), leastTime: 0) })
    var state = try RolloutState.example(plan)
    for step in 0..<2 {
      let long = try longest(.goOn, step)
      let judgement = Judgement(step: step, .goOn, "so", readings: long.readings)
      state = try .after(.judged(judgement, at: moment(9)), state)
    }
    #expect(state.journal.last?.judgement?.readings.count == Criterion.allCases.count)
    #expect(state.journal[1].judgement?.readings.isEmpty == true)
    #expect(state.journal[1].judgement?.decision == .goOn)
  }

  @Test func `a step that wants a yes is held for it though the judge would go on`() throws {
    let plan = try RolloutPlan(steps: [
      RolloutStep(share: .points(100), leastTime: 0),
      RolloutStep(share: .whole, leastTime: 0, needsApproval: true),
    ])
    let state = try RolloutState.after(judged(.goOn, 0), .example(plan))
    #expect(state.phase == .held)
    #expect(state.reason == "a person's yes is wanted before the step of 100 %")
  }

  @Test func `what cannot happen is a conflict with its name`() throws {
    let state = try RolloutState.example()
    let held = try RolloutState.after(judged(.holdForPerson, 0), state)
    let undone = try RolloutState.after(.undo(by: person, reason: "no", at: moment(2)), state)
    let order = try RolloutOrder(
      deployment: state.deployment, before: state.before, version: .number(3), plan: .standard)
    let cases: [(RolloutEvent, RolloutState?, String)] = [
      (judged(.goOn, 0), nil, "rollout.none"), (judged(.goOn, 0), undone, "rollout.over"),
      (judged(.goOn, 1), state, "rollout.stale"), (judged(.goOn, 0), held, "rollout.held"),
      (.approved(step: 0, by: person, at: moment(2)), state, "rollout.not-held"),
      (.approved(step: 1, by: person, at: moment(2)), held, "rollout.not-held"),
      (.finish(by: person, at: moment(2)), state, "rollout.steps-left"),
      (.begin(order, at: moment(2)), state, "rollout.under-way"),
    ]
    for (event, state, code) in cases {
      let problem = #expect(throws: Problem.self) { try RolloutState.after(event, state) }
      #expect(problem?.code == code)
      #expect(problem?.category == .conflict)
    }
  }

  @Test func `an order that does not add up is refused`() throws {
    let name = try ModelName(parsing: "iris")
    let all = [TrafficSplit.Arm(version: .first, share: .whole)]
    let half = [TrafficSplit.Arm(version: .first, share: .points(5_000))]
    for (before, version) in [(half, 2), ([], 2), (all, 1), (half + half, 2)] {
      let problem = #expect(throws: Problem.self) {
        try RolloutOrder(deployment: name, before: before, version: .number(version), plan: .standard)
      }
      #expect(problem?.code == "rollout.order")
    }
  }

  /// A plan by chance.
  private func plan(_ draws: inout Draws) throws -> RolloutPlan {
    var criteria = Criteria.standard
    criteria.disagreement = draws.below(2) == 0 ? nil : Criteria.Lines(bound: 0.05)
    var shares = Set((0..<draws.below(5)).map { _ in 1 + draws.below(9_999) })
    if criteria.disagreement != nil, draws.below(2) == 0 { shares.insert(0) }
    let steps = (shares.sorted() + [10_000]).enumerated().map { place, share in
      RolloutStep(
        share: .points(share), leastTime: Int64(draws.below(1_000)),
        needsApproval: place > 0 && draws.below(4) == 0)
    }
    return try RolloutPlan(steps: steps, criteria: criteria)
  }

  private func event(_ state: RolloutState, _ draws: inout Draws) throws -> RolloutEvent {
    let moment = moment(Int64(draws.below(1_000)))
    let step = draws.below(8) == 0 ? draws.below(6) : state.step
    switch draws.below(16) {
    case 0: return .undo(by: person, reason: draws.below(2) == 0 ? "" : "a\nb", at: moment)
    case 1: return .superseded(by: .number(9), at: moment)
    case 2: return .finish(by: person, at: moment)
    case 3...5: return .approved(step: step, by: person, at: moment)
    case 6:
      let order = try RolloutOrder(
        deployment: state.deployment, before: [TrafficSplit.Arm(version: .number(7), share: .whole)],
        version: .number(8), plan: plan(&draws))
      return .begin(order, at: moment)
    default:
      let decision = Judgement.Decision.allCases[[0, 0, 0, 1, 3, 3, 2][draws.below(7)]]
      return .judged(Judgement(step: step, decision, "because"), at: moment)
    }
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `whatever happens in whatever order, a state stays one`(seed: UInt64) throws {
    var draws = Draws(seed: seed)
    var ends: Set<RolloutState.Phase> = []
    for _ in 0..<60 {
      let cut = 1 + draws.below(9_999)
      let before = [
        TrafficSplit.Arm(version: .number(3), share: .points(cut)),
        TrafficSplit.Arm(version: .number(5), share: .points(10_000 - cut)),
      ]
      let order = try RolloutOrder(
        deployment: ModelName(parsing: "iris"), before: before, version: .number(4), plan: plan(&draws))
      var state = try RolloutState.after(.begin(order, at: moment(3)), nil)
      for _ in 0..<40 {
        let event = try event(state, &draws)
        let next: RolloutState
        do throws(Problem) { next = try RolloutState.after(event, state) } catch {
          #expect(error.category == .conflict)
          continue
        }
        if case .begin = event {
          #expect(state.phase.isOver)
          break
        }
        #expect(!state.phase.isOver)
        #expect(next.step - state.step == 0 || next.step - state.step == 1)
        #expect(next.since >= state.since && next.journal.count <= RolloutEntry.limit)
        #expect(next.journal.starts(with: state.journal))
        #expect(next.arms.reduce(0) { $0 + $1.share.value } == 10_000)
        _ = try next.split(salt: TrafficSplit.Salt(1, 2))
        if next.phase == .undone { #expect(next.arms == before) }
        if next.phase == .finished { #expect(next.shares == [.number(4): .whole]) }
        #expect(try RolloutState(parsing: next.json.canonicalBytes) == next)
        state = next
      }
      ends.insert(state.phase)
    }
    #expect(ends.isSuperset(of: [.finished, .undone]))
  }
}
