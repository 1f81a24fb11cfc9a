import Alerting
import Domain
import Encoding
import Gates

extension Alerts {
  /// Gives what became of alerts its entries in the ledger, each once; to be called in a turn of `recording`.
  func record() async throws(Problem) {
    for (alert, news) in try await store.unrecorded(Self.entryLimit) {
      // What a crash cut off is still the act of whoever did it.
      let principal = news == .acknowledged ? alert.acknowledgement?.by : nil
      let recorder = Recorder(
        registry: registry, time: time, principal: principal ?? .platform,
        trace: Hexadecimal.encode(entropy.bytes(8)))
      try await record(news, of: alert, by: recorder)
    }
  }

  /// Has somebody take an alert on, unless somebody has; the alert as it is then.
  ///
  /// It is kept first: where the ledger cannot be written to it is in force all the same, and has its entry with the next look, as
  /// after a crash. Throws `alert.unknown`.
  func acknowledge(_ id: String, at moment: Timestamp, by recorder: Recorder) async throws(Problem)
    -> AlertRecord
  {
    try await recording.perform { () async throws(Problem) in
      guard let present = try await store.alert(id) else { throw .unknownAlert(id) }
      if present.acknowledgement != nil { return present }
      try await store.acknowledge(id, .init(by: recorder.principal, at: moment))
      guard let alert = try await store.alert(id) else { throw .unknownAlert(id) }
      try await record(.acknowledged, of: alert, by: recorder)
      return alert
    }
  }

  private func record(_ news: AlertNews, of alert: AlertRecord, by recorder: Recorder) async throws(Problem) {
    if try await !isRecorded(news, of: alert) {
      try await recorder.note(
        news.act, of: alert.source.subject, details: alert.entryDetails(news), changes: [])
    }
    try await store.noteRecorded(alert.id, news)
  }

  /// Whether it came as far as the ledger before, and no further.
  private func isRecorded(_ news: AlertNews, of alert: AlertRecord) async throws(Problem) -> Bool {
    let moment: Timestamp? =
      switch news {
      case .began: alert.began
      case .acknowledged: alert.acknowledgement?.at
      case .ended: alert.ended
      }
    // A clock may have been put back a little since.
    let filter = LedgerFilter(
      act: news.act, since: (moment ?? alert.began).advanced(by: .seconds(-86_400)))
    var position = 0
    while true {
      let page = try await registry.entries(matching: filter, from: position, count: 1000)
      for placed in page {
        guard let entry = (try? JSON(parsing: placed.bytes)).flatMap(LedgerEntry.init(json:)) else {
          continue
        }
        if entry.phase == .done, entry.details["alert"] == .string(alert.id) { return true }
      }
      guard let last = page.last, page.count == 1000 else { return false }
      position = last.position + 1
    }
  }
}

extension AlertNews {
  /// What the ledger calls it.
  fileprivate var act: Act {
    switch self {
    case .began: .beginAlert
    case .acknowledged: .acknowledgeAlert
    case .ended: .endAlert
    }
  }
}

extension AlertRecord {
  /// What the ledger has of what became of it.
  fileprivate func entryDetails(_ news: AlertNews) -> [String: JSON] {
    var details: [String: JSON] = ["alert": .string(id), "rule": .string(source.rule.rawValue)]
    details["deployment"] = source.deployment.map { .string($0.description) }
    guard news != .acknowledged else { return details }
    details["severity"] = .string(severity.rawValue)
    details["figures"] = .string(figures.excerpt(300))
    details["began"] = .integer(began.milliseconds)
    if news == .ended { details["ended"] = ended.map { .integer($0.milliseconds) } }
    return details
  }
}

extension Problem {
  /// No alert has this id.
  static func unknownAlert(_ id: String) -> Problem {
    Problem(
      .notFound, "alert.unknown", "expected the id of an alert, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse alerts'")
  }
}
