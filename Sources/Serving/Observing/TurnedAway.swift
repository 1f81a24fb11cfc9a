import Domain
import NIOConcurrencyHelpers

/// Callers of deployments who came to no version: without a key in force, too often, or held back.
///
/// Only of deployments that are served: a name that a caller makes up is nowhere counted.
final class TurnedAway: Sendable {
  private let state = NIOLockedValueBox<[ModelName: CauseCounts]>([:])

  var counts: [ModelName: CauseCounts] { state.withLockedValue { $0 } }

  /// Counts a request for a prediction that was refused or failed; the deployment that it names is served.
  func count(_ record: AccessRecord) {
    guard RequestMetrics.isPrediction(record.request), record.status >= 400, record.status != 499,
      let name = record.deployment
    else { return }
    state.withLockedValue { counts in
      // Those of deployments that are gone make room, with all others: what is read of counts are their differences.
      if counts[name] == nil, counts.count >= PlaneCounts.turnedAwayLimit { counts = [:] }
      counts[name, default: CauseCounts()].add(record.code, of: record.key)
    }
  }
}
