public import Domain
import Monitoring

/// Says whether a version takes the next step: by the plan, the state, what was seen and the time that passed, and by nothing else.
public struct Judge: Sendable {
  /// The plan whose steps are judged.
  public let plan: RolloutPlan

  /// Judges by a plan.
  public init(_ plan: RolloutPlan) { self.plan = plan }

  private var criteria: Criteria { plan.criteria }

  /// What is to be done at a moment.
  ///
  /// An undoing comes before everything else, also while a person is waited for. To go on, a step has to have taken its
  /// least time, to have seen its requests, and every criterion has to say that the canary is not worse.
  public func judgement(of state: RolloutState, _ evidence: StepEvidence, at now: Timestamp) -> Judgement {
    guard !state.phase.isOver else {
      return Judgement(step: state.step, .wait, "the roll-out is over")
    }
    guard evidence.step == state.step, plan.steps.indices.contains(state.step) else {
      return Judgement(
        step: state.step, .wait,
        "what was seen is of step \(evidence.step + 1), and step \(state.step + 1) is under way")
    }
    let readings = readings(of: evidence)
    let alarms = evidence.seen.canary.alarms
    func judged(_ decision: Judgement.Decision, _ reason: String) -> Judgement {
      Judgement(step: state.step, decision, reason, readings: readings, alarms: alarms)
    }
    if let reason = undoing(readings, at: state.step) { return judged(.undo, reason) }
    if let alarm = alarms.first {
      let others = evidence.seen.champion.alarms.contains { $0.column == alarm.column }
      let reason = alarm.words + (others ? "; the champion's as well" : "")
      if criteria.drift == .undo { return judged(.undo, reason) }
      if criteria.drift == .hold { return judged(.holdForPerson, reason) }
    }
    if state.phase == .held { return judged(.holdForPerson, state.reason) }
    let passed = elapsed(since: state.since, now)
    let missing = missing(evidence, readings, passed, at: state.step)
    if missing.isEmpty {
      return goingOn(from: state.step, readings.map(\.words).joined(separator: "; "), judged)
    }
    guard passed >= max(criteria.longest, plan.steps[state.step].leastTime) else {
      return judged(.wait, missing.joined(separator: "; "))
    }
    let late =
      "the step took \(durationText(passed)) and may take no longer: " + missing.joined(separator: "; ")
    switch criteria.lateness {
    case .hold: return judged(.holdForPerson, late)
    case .undo: return judged(.undo, late)
    case .pass: return goingOn(from: state.step, late, judged)
    }
  }

  private func goingOn(
    from step: Int, _ reason: String, _ judged: (Judgement.Decision, String) -> Judgement
  ) -> Judgement {
    let reason = reason.isEmpty ? "nothing was asked but time and requests" : reason
    guard step + 1 < plan.steps.count, plan.steps[step + 1].needsApproval else {
      return judged(.goOn, reason)
    }
    return judged(
      .holdForPerson, "a person's yes is wanted before the step of \(plan.steps[step + 1].share); \(reason)")
  }

  /// How many milliseconds passed; none where the clock went back.
  private func elapsed(since: Timestamp, _ now: Timestamp) -> Int64 {
    let (passed, overflow) = now.milliseconds.subtractingReportingOverflow(since.milliseconds)
    return overflow ? (now > since ? .max : 0) : max(0, passed)
  }

  /// What a step has yet to see.
  private func missing(_ evidence: StepEvidence, _ readings: [Reading], _ passed: Int64, at step: Int)
    -> [String]
  {
    var missing: [String] = []
    let least = plan.steps[step].leastTime
    if passed < least { missing.append("\(durationText(passed)) of \(durationText(least)) passed") }
    let requests = evidence.seen.canary.requests
    if requests < criteria.minimumRequests {
      missing.append("\(requests.grouped) of \(criteria.minimumRequests.grouped) requests seen")
    }
    return missing + readings.filter { $0.finding == .open }.map(\.words)
  }

  // MARK: Evidence

  /// What each criterion came to, in their order.
  func readings(of evidence: StepEvidence) -> [Reading] {
    let stakes = evidence.tests.keys.reduce(0) { $0 + $1.stake }
    let budget = criteria.falseUndos * plan.stake(of: evidence.step)
    return evidence.tests.keys.sorted().compactMap { criterion in
      guard let pair = evidence.tests[criterion] else { return nil }
      let worseWanted = -naturalLogarithm(budget * criterion.stake / stakes)
      let notWorseWanted = -naturalLogarithm(criteria.falsePasses)
      let (worse, notWorse) = (pair.worse.evidence, pair.notWorse.evidence)
      let finding: Reading.Finding =
        evidence.bounds[criterion] == -1
        ? .notJudged : worse >= worseWanted ? .worse : notWorse >= notWorseWanted ? .notWorse : .open
      return Reading(
        criterion: criterion, canary: pair.worse.all.canary, champion: pair.worse.all.champion, worse: worse,
        worseWanted: worseWanted, notWorse: notWorse, notWorseWanted: notWorseWanted, finding: finding,
        words: words(
          criterion, pair, bound: evidence.bounds[criterion], finding, (worse, worseWanted),
          (notWorse, notWorseWanted)))
    }
  }

  /// Why the canary is to go back; nil where it is not.
  ///
  /// The mean of e-values is one, however they depend on each other: each criterion's counts by its part of the wager.
  private func undoing(_ readings: [Reading], at step: Int) -> String? {
    guard let strongest = readings.max(by: { $0.worse - $0.worseWanted < $1.worse - $1.worseWanted }) else {
      return nil
    }
    // Each divided by what it had to reach on its own: together they have to reach one.
    guard logarithmOfSum(readings.map { $0.worse - $0.worseWanted }) >= 0 else { return nil }
    let worse = readings.filter { $0.finding == .worse }
    guard worse.isEmpty else { return worse.map(\.words).joined(separator: "; ") }
    return "the criteria together say that it is worse, most of all \(strongest.words)"
  }

  private func words(
    _ criterion: Criterion, _ pair: StepEvidence.Pair, bound: Int?, _ finding: Reading.Finding,
    _ worse: (Double, Double), _ notWorse: (Double, Double)
  ) -> String {
    let subject: String
    switch criterion {
    case .failures, .refusals, .disagreement: subject = criterion.rawValue
    case .median, .percentile95, .percentile99:
      let name =
        criterion == .median ? "median" : criterion == .percentile95 ? "95th percentile" : "99th percentile"
      guard let bound else { return "latency beyond the champion's \(name): too few answers of it yet" }
      guard let text = LatencyBounds.text(bound) else {
        return "latency beyond the champion's \(name): not judged, as that is slower than is counted"
      }
      subject = "latency beyond \(text), the champion's \(name)"
    }
    let counts =
      "\(subject): canary \(pair.worse.all.canary.words)"
      + (pair.worse.boundary.ratio > 0 ? ", champion \(pair.worse.all.champion.words)" : "")
    switch finding {
    case .worse:
      return counts
        + "; evidence \(evidenceText(worse.0)) of \(evidenceText(worse.1)) wanted: it is worse than"
        + " \(pair.worse.boundary.words)"
    case .notWorse:
      return counts
        + "; evidence \(evidenceText(notWorse.0)) of \(evidenceText(notWorse.1)) wanted: it is no worse than"
        + " \(pair.notWorse.boundary.words)"
    case .open, .notJudged:
      return counts
        + "; evidence against it \(evidenceText(worse.0)) of \(evidenceText(worse.1)) wanted, for it"
        + " \(evidenceText(notWorse.0)) of \(evidenceText(notWorse.1))"
    }
  }
}

/// A time for people: `90 s`, `12 min`, `26 h`.
func durationText(_ milliseconds: Int64) -> String {
  let seconds = milliseconds / 1000
  if seconds < 120 { return "\(seconds) s" }
  return seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
}
