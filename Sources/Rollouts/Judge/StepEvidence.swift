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
  }

  /// Which step of the plan.
  public let step: Int
  /// All that was seen at the step.
  public internal(set) var seen = Span()
  /// How long the champion's answers took before the step, as far as anybody knows.
  public let history: LatencyCounts
  /// The place of the bound beyond which answers count as slow, by percentile; −1 where the champion is slower than any bound.
  ///
  /// It is chosen from what came before, and stays for the step: a bound that followed what it judges would not hold.
  var bounds: [Criterion: Int] = [:]
  /// The tests of what is asked.
  var tests: [Criterion: Pair] = [:]

  /// Nothing seen of a step yet; `history` is how long the champion's answers took before, where that is known.
  public init(step: Int, of plan: RolloutPlan, history: LatencyCounts = LatencyCounts()) {
    self.step = step
    self.history = history
    for criterion in Criterion.allCases {
      guard let lines = plan.criteria.lines(of: criterion, alone: plan.isAlone(at: step)) else { continue }
      tests[criterion] = Pair(
        worse: RateTest(.worse, boundary: lines.undo, expected: criterion.expected),
        notWorse: RateTest(.notWorse, boundary: lines.pass, expected: criterion.expected))
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
    var latency = history
    latency.merge(seen.champion.latency)
    guard latency.total >= Self.enoughAnswers else { return }
    for criterion in tests.keys where bounds[criterion] == nil {
      guard let quantile = criterion.quantile else { continue }
      bounds[criterion] = latency.bound(keptBy: quantile) ?? -1
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

  /// What the next step begins with: how long the champion's answers took until now.
  public func next(of plan: RolloutPlan, step: Int) -> StepEvidence {
    var latency = history
    latency.merge(seen.champion.latency)
    return StepEvidence(step: step, of: plan, history: latency)
  }
}
