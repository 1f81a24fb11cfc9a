public import Domain

extension RolloutState {
  /// What becomes of a state by an event: another state, or a problem of category `conflict`; never anything else.
  ///
  /// Nothing but the event and the state counts, so that whoever has them comes to the same. A moment before the state's own
  /// counts as that, for clocks go back.
  public static func after(_ event: RolloutEvent, _ state: RolloutState?) throws(Problem) -> RolloutState {
    if case .begin(let order, let moment) = event {
      guard state?.phase.isOver ?? true else {
        throw conflict(
          "rollout.under-way", "no roll-out under way", "one to version \(order.version)",
          state, hint: "undo it, or have it superseded")
      }
      return begun(order, at: moment)
    }
    guard var state else {
      throw Problem(.conflict, "rollout.none", "expected a roll-out under way, found none", hint: "begin one")
    }
    guard !state.phase.isOver else {
      throw conflict("rollout.over", "a roll-out under way", "one that is \(state.phase.rawValue)", state)
    }
    switch event {
    case .begin: break
    case .judged(let judgement, let moment): try state.take(judgement, at: moment)
    case .held(let reason, let moment):
      if state.phase != .held { state.turn(.held, at: moment, reason.asReason) }
    case .approved(let step, let principal, let moment): try state.approve(step, principal, moment)
    case .undo(let principal, let reason, let moment):
      let line = reason.asReason
      state.turn(.undone, at: moment, line.isEmpty ? "somebody wanted it" : line, by: principal)
    case .finish(let principal, let moment): try state.finish(principal, moment)
    case .superseded(let version, let moment):
      state.turn(.undone, at: moment, "version \(version) is to come in its place")
    }
    return state
  }

  private static func begun(_ order: RolloutOrder, at moment: Timestamp) -> RolloutState {
    let share = order.plan.steps[0].share
    let reason = share == .none ? "beside what answers" : "at \(share) of all callers"
    return RolloutState(
      deployment: order.deployment, before: order.before, version: order.version, plan: order.plan,
      began: moment, phase: share == .none ? .shadowing : .stepping, step: 0, since: moment,
      reason: reason,
      journal: [
        RolloutEntry(turn: .began, step: 0, at: moment, by: nil, reason: reason, judgement: nil)
      ])
  }

  // MARK: Events

  private mutating func take(_ judgement: Judgement, at moment: Timestamp) throws(Problem) {
    guard judgement.step == step else {
      throw Self.conflict(
        "rollout.stale", "a judgement of step \(step + 1)", "one of step \(judgement.step + 1)", self,
        hint: "judge the step that is under way")
    }
    switch judgement.decision {
    case .wait: break
    case .undo: turn(.undone, at: moment, judgement.reason, judgement: judgement)
    case .holdForPerson:
      if phase != .held { turn(.held, at: moment, judgement.reason, judgement: judgement) }
    case .goOn:
      guard phase != .held else {
        throw Self.conflict(
          "rollout.held", "a person's yes", "a judgement to go on", self, hint: "approve the step")
      }
      guard !wantsYes else {
        turn(
          .held, at: moment, "a person's yes is wanted before the step of \(plan.steps[step + 1].share)",
          judgement: judgement)
        return
      }
      turn(isLast ? .finished : .wentOn, at: moment, judgement.reason, judgement: judgement)
    }
  }

  private mutating func approve(_ approved: Int, _ principal: Principal, _ moment: Timestamp) throws(Problem)
  {
    guard phase == .held, approved == step else {
      throw Self.conflict(
        "rollout.not-held", "step \(approved + 1) to wait for a person's yes",
        phase == .held ? "step \(step + 1) to" : "that none does", self, hint: "look at what it waits for")
    }
    let reason = "approved: \(self.reason)".asReason
    turn(isLast ? .finished : .approved, at: moment, reason, by: principal)
  }

  private mutating func finish(_ principal: Principal, _ moment: Timestamp) throws(Problem) {
    guard isLast else {
      throw Self.conflict(
        "rollout.steps-left", "the last of \(plan.steps.count) steps", "step \(step + 1)", self,
        hint: "wait until it answers everybody, or roll the version out at once")
    }
    turn(.finished, at: moment, "somebody wanted it to be over", by: principal)
  }

  // MARK: Turns

  private var isLast: Bool { step + 1 >= plan.steps.count }

  private var wantsYes: Bool { !isLast && plan.steps[step + 1].needsApproval }

  private mutating func turn(
    _ turn: RolloutEntry.Turn, at moment: Timestamp, _ reason: String, by principal: Principal? = nil,
    judgement: Judgement? = nil
  ) {
    let moment = max(moment, since)
    journal.append(
      RolloutEntry(turn: turn, step: step, at: moment, by: principal, reason: reason, judgement: judgement))
    self.reason = reason
    switch turn {
    case .began: break
    case .held: phase = .held
    case .finished, .undone:
      phase = turn == .finished ? .finished : .undone
      since = moment
    case .wentOn, .approved:
      step += 1
      phase = .stepping
      since = moment
    }
    fit()
  }

  private static func conflict(
    _ code: String, _ expected: String, _ found: String, _ state: RolloutState?, hint: String? = nil
  ) -> Problem {
    Problem(
      .conflict, code, "expected \(expected), found \(found)",
      subject: state.map { "\($0.deployment)@\($0.version)" }, hint: hint)
  }
}
