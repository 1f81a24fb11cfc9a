/// What a canary is held against its champion by.
public enum Criterion: String, Sendable, CaseIterable, Comparable {
  /// The share of requests that failed.
  case failures
  /// The share of requests that the model refused.
  case refusals
  /// The share of answers that took longer than half of the champion's do.
  case median
  /// The share of answers that took longer than 95 % of the champion's do.
  case percentile95 = "percentile-95"
  /// The share of answers that took longer than 99 % of the champion's do.
  case percentile99 = "percentile-99"
  /// The share of requests that both were asked and answered differently.
  case disagreement

  /// Its part of the wager against the canary: what is asked shares it in this proportion.
  var stake: Double {
    switch self {
    case .failures: 0.5
    case .refusals: 0.1
    case .median, .percentile95: 0.1
    case .percentile99: 0.05
    case .disagreement: 0.2
    }
  }

  /// The share of the champion's answers that keep the bound which latencies are counted beyond.
  var quantile: Double? {
    switch self {
    case .median: 0.5
    case .percentile95: 0.95
    case .percentile99: 0.99
    case .failures, .refusals, .disagreement: nil
    }
  }

  /// The order in which they are told.
  public static func < (left: Criterion, right: Criterion) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}
