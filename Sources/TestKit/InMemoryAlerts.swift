public import Alerting
public import Domain
public import Lifecycle
import Synchronization

/// Alerts and who is told of them, in memory, with faults on request.
public final class InMemoryAlerts: AlertStore {
  private struct State {
    var alerts: [String: AlertRecord] = [:]
    var recorded: [String: Set<AlertNews>] = [:]
    var receivers: [String: ReceiverEndpoint] = [:]
    var deliveries: [String: [String: AlertDelivery]] = [:]
  }

  private let faults: FaultPlan
  // Alerts, and what was told of them, change together.
  private let state = Mutex(State())

  /// Keeps nothing yet; `faults` numbers the calls that save something.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// Those that stand, then those that are over, the newest first.
  public func alerts(over count: Int) -> [AlertRecord] {
    let all = state.withLock { Array($0.alerts.values) }
    let standing = all.filter(\.isStanding).sorted { ($1.began, $0.id) < ($0.began, $1.id) }
    let over = all.filter { !$0.isStanding }.sorted {
      ($1.ended ?? $1.began, $1.began, $0.id) < ($0.ended ?? $0.began, $0.began, $1.id)
    }
    return standing + over.prefix(count)
  }

  /// One of them.
  public func alert(_ id: String) -> AlertRecord? { state.withLock { $0.alerts[id] } }

  /// Keeps alerts as they are now but for who acknowledged them.
  public func save(_ alerts: [AlertRecord]) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        for alert in alerts {
          var kept = state.alerts[alert.id] ?? alert
          kept.seen = alert.seen
          kept.ended = alert.ended
          kept.figures = alert.figures
          state.alerts[alert.id] = kept
        }
      }
    }
  }

  /// Keeps who has taken an alert on, unless somebody has.
  public func acknowledge(_ id: String, _ acknowledgement: AlertRecord.Acknowledgement) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        guard state.alerts[id]?.acknowledgement == nil else { return }
        state.alerts[id]?.acknowledgement = acknowledgement
      }
    }
  }

  /// Beginnings, ends, and that somebody has one, without an entry in the ledger, the oldest first.
  public func unrecorded(_ count: Int) -> [(alert: AlertRecord, news: AlertNews)] {
    state.withLock { state in
      var waiting: [(alert: AlertRecord, news: AlertNews)] = []
      for alert in state.alerts.values.sorted(by: { ($0.began, $0.id) < ($1.began, $1.id) }) {
        let known = state.recorded[alert.id] ?? []
        if !known.contains(.began) { waiting.append((alert, .began)) }
        if alert.acknowledgement != nil, !known.contains(.acknowledged) {
          waiting.append((alert, .acknowledged))
        }
        if !alert.isStanding, !known.contains(.ended) { waiting.append((alert, .ended)) }
      }
      return Array(waiting.prefix(count))
    }
  }

  /// Says that what became of an alert has its entry.
  public func noteRecorded(_ id: String, _ news: AlertNews) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { _ = $0.recorded[id, default: []].insert(news) }
    }
  }

  /// Removes what ended before a moment, and what ended first of more than so many.
  public func prune(before moment: Timestamp, keeping count: Int) {
    let kept = Set(alerts(over: count).map(\.id))
    state.withLock { state in
      for alert in state.alerts.values
      where alert.ended.map({ $0 < moment || !kept.contains(alert.id) }) == true
        && state.recorded[alert.id]
          == (alert.acknowledgement == nil ? [.began, .ended] : [.began, .acknowledged, .ended])
      {
        state.alerts[alert.id] = nil
        state.recorded[alert.id] = nil
        for receiver in state.deliveries.keys { state.deliveries[receiver]?[alert.id] = nil }
      }
    }
  }

  /// Where receivers are told, by name.
  public func receivers() -> [ReceiverEndpoint] {
    state.withLock { $0.receivers.values.sorted { $0.name < $1.name } }
  }

  /// Adds one; throws `storage.conflict` where there is one of its name.
  public func put(_ endpoint: ReceiverEndpoint) throws(Problem) {
    let isNew = state.withLock { state in
      guard state.receivers[endpoint.name] == nil else { return false }
      state.receivers[endpoint.name] = endpoint
      return true
    }
    guard isNew else {
      throw Problem(.conflict, "storage.conflict", "expected a new receiver, found one of its name")
    }
  }

  /// Erases one and what it was told.
  public func removeReceiver(_ name: String) {
    state.withLock { state in
      state.receivers[name] = nil
      state.deliveries[name] = nil
    }
  }

  /// How far a receiver has been told, by alert.
  public func deliveries(to receiver: String) -> [AlertDelivery] {
    state.withLock { ($0.deliveries[receiver] ?? [:]).values.sorted { $0.alert < $1.alert } }
  }

  /// Saves how far a receiver has been told of an alert.
  public func save(_ delivery: AlertDelivery, at endpoint: ReceiverEndpoint) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        guard state.receivers[delivery.receiver] == endpoint, state.alerts[delivery.alert] != nil else {
          return
        }
        state.deliveries[delivery.receiver, default: [:]][delivery.alert] = delivery
      }
    }
  }
}
