import Access
import Domain
import Encoding
import Monitoring

extension Feedback {
  /// Holds the days of a deployment whose labels are there against its first ones; in a turn of `touching`.
  ///
  /// A day is taken when it is over and no label of it came for a day: labels that come first are seldom like those that come
  /// last, so that half a day says what is not so.
  func judge(_ name: ModelName, _ windows: [FeedbackWindow], at now: Timestamp) async throws(Problem) {
    let labels = try await store.labels(of: name)
    for version in Set(windows.map(\.version)).sorted(by: { $0.version < $1.version }) {
      let days = windows.filter { $0.version == version }
      let before = try await performance(of: version)
      var known = before
      known.forget(except: Set(days.map(\.start)))
      for day in days where day.end <= now {
        guard known.isReady(day.start, labels: labels[day] ?? 0, at: now) else { continue }
        known.take(day.start, try await store.rows(of: day).rows, of: version, at: now)
      }
      if known != before { try await store.keep(known.kept(of: version), at: now) }
    }
  }

  /// Takes a day that is about to become figures, whatever labels it has: none will come.
  func judgeAtLast(_ window: FeedbackWindow, _ rows: [LabelledPrediction]) async throws(Problem) {
    var known = try await performance(of: window.version)
    guard !known.judged.contains(window.start), rows.contains(where: { $0.label != nil }) else { return }
    let now = time.now()
    known.take(window.start, rows, of: window.version, at: now)
    try await store.keep(known.kept(of: window.version), at: now)
  }

  /// How good a version is beside what it was.
  func performance(of version: VersionReference) async throws(Problem) -> VersionPerformance {
    try await store.performance(of: version).map(VersionPerformance.init(json:)) ?? VersionPerformance()
  }

  /// What the ledger has yet to be told of.
  func news() async throws(Problem) -> [(version: VersionReference, news: VersionPerformance.News)] {
    var found: [(version: VersionReference, news: VersionPerformance.News)] = []
    for version in try await store.versionsWithNews() {
      found += try await performance(of: version).news.map { (version, $0) }
    }
    return found
  }

  /// Says that the ledger has been told of something.
  func noteRecorded(_ id: String, of version: VersionReference) async throws(Problem) {
    try await touching.perform { () async throws(Problem) in
      var known = try await performance(of: version)
      known.news.removeAll { $0.id == id }
      try await store.keep(known.kept(of: version), at: time.now())
    }
  }
}

extension ServedState {
  /// The versions that callers can be answered by and that are worse than they were, with why.
  ///
  /// One that answers nobody any more is nobody's trouble, and no label comes that could end its alarm.
  func worse(by feedback: any PerformanceStore) async throws(Problem) -> [VersionReference: String] {
    let alarms = try await feedback.performanceAlarms()
    guard !alarms.isEmpty else { return [:] }
    let answering = try await current().answering
    return alarms.filter { answering.contains($0.key) }
  }
}

extension ControlPlane {
  /// Gives performance that fell, or is as it was again, its entries in the ledger, once each.
  ///
  /// What was found is kept before; a crash between entry and note finds the entry by its id.
  func notePerformance() async throws(Problem) {
    let found = try await feedback.news()
    guard let oldest = found.map(\.news.at).min() else { return }
    let known = try await ledger.alerts(since: oldest)
    let recorder = recorder(for: .platform)
    for (version, news) in found {
      if !known.contains(news.id) {
        try await recorder.note(.alert, of: version.description, details: news.entryDetails, changes: [])
      }
      try await feedback.noteRecorded(news.id, of: version)
    }
  }
}
