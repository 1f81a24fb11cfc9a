/// What was seen at one step of a roll-out, and what it says: kept beside the state, and taken up again after a crash.
///
/// It is worth as much as the spans that it was given, each once: a span that is lost costs time alone, one that is given twice
/// counts as more than it is.
public struct StepEvidence: Hashable, Sendable {
  /// How many answers of the champion say where its percentiles are.
  static let enoughAnswers = 100

  /// One criterion's two tests.
  struct Pair: Hashable, Sendable {
    var worse: RateTest
    var notWorse: RateTest

    init(_ lines: Criteria.Lines, known: Tally?) {
      worse = RateTest(.worse, boundary: lines.undo, known: known ?? Tally())
      notWorse = RateTest(.notWorse, boundary: lines.pass, known: known ?? Tally())
    }
  }

  /// Which step of the plan.
  public let step: Int
  /// All that was seen at the step.
  public internal(set) var seen = Span()
  /// What is known of the champion from before the step.
  public let history: Observation
  /// The place of the bound beyond which answers count as slow, by percentile; −1 where the champion is slower than any bound.
  ///
  /// It is chosen from what came before, and stays for the step: a bound that followed what it judges would not hold.
  var bounds: [Criterion: Int] = [:]
  /// The tests of what is asked.
  var tests: [Criterion: Pair] = [:]

  /// Nothing seen of a step yet; `history` is what is known of the champion from before, where anything is.
  public init(step: Int, of plan: RolloutPlan, history: Observation = Observation()) {
    self.step = step
    self.history = history
    for criterion in Criterion.allCases {
      guard let lines = plan.criteria.lines(of: criterion, at: plan.share(at: step)) else { continue }
      tests[criterion] = Pair(lines, known: tallies(criterion, Span(champion: history))?.champion)
    }
    chooseBounds()
  }

  /// Takes what was seen in one span, which no other span has.
  public mutating func take(_ span: Span) {
    for criterion in tests.keys {
      guard let tallies = tallies(criterion, span) else { continue }
      tests[criterion]?.worse.take(canary: tallies.canary, champion: tallies.champion)
      tests[criterion]?.notWorse.take(canary: tallies.canary, champion: tallies.champion)
    }
    seen.merge(span)
    chooseBounds()
  }

  private mutating func chooseBounds() {
    var latency = history.latency
    latency.merge(seen.champion.latency)
    guard latency.total >= Self.enoughAnswers else { return }
    for (criterion, pair) in tests where bounds[criterion] == nil {
      guard let quantile = criterion.quantile else { continue }
      let bound = latency.bound(keptBy: quantile) ?? -1
      bounds[criterion] = bound
      // The test begins here, and knows what the bound was chosen by.
      let known = bound < 0 ? Tally() : Tally(latency.beyond(bound), of: latency.total)
      let lines = Criteria.Lines(undo: pair.worse.boundary, pass: pair.notWorse.boundary)
      tests[criterion] = Pair(lines, known: known)
    }
  }

  /// What a span has of a criterion; nil where that cannot be said yet.
  private func tallies(_ criterion: Criterion, _ span: Span) -> (canary: Tally, champion: Tally)? {
    let (canary, champion) = (span.canary, span.champion)
    switch criterion {
    case .failures:
      return (Tally(canary.failed, of: canary.requests), Tally(champion.failed, of: champion.requests))
    case .refusals:
      return (Tally(canary.refused, of: canary.requests), Tally(champion.refused, of: champion.requests))
    case .disagreement: return (Tally(canary.disagreeing, of: canary.compared), Tally())
    case .median, .percentile95, .percentile99:
      guard let bound = bounds[criterion], bound >= 0 else { return nil }
      return (
        Tally(canary.latency.beyond(bound), of: canary.latency.total),
        Tally(champion.latency.beyond(bound), of: champion.latency.total)
      )
    }
  }

  /// What the next step begins with: what is known of the champion until now.
  public func next(of plan: RolloutPlan, step: Int) -> StepEvidence {
    var known = history
    known.merge(seen.champion)
    return StepEvidence(step: step, of: plan, history: known)
  }
}
