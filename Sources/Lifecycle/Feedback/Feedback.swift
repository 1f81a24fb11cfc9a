import Domain
import Encoding
import Monitoring
import Provenance

/// Keeps what models said until people say what was true.
///
/// What a segment of access records says is kept in one step with the name of the segment, between the step that records the
/// segment in the ledger and the step that moves its file. A crash before it has the file read again, one after it finds the
/// name: no prediction is lost, and none counts twice. Labels are taken in one step after the ledger knows that they came; a
/// crash between the two leaves an act that was cut off, and whoever sent them sends them again.
actor Feedback {
  /// How long after its end a day waits for labels, in days, before figures stand in the place of its predictions.
  static let retention: Int64 = 90
  /// How long figures are kept, in days.
  static let settledRetention: Int64 = 400
  /// How long a label waits for its prediction, in days.
  static let pendingRetention: Int64 = 7
  /// How many rows of a deployment are kept at most.
  static let rowLimit = 250_000
  /// How many of its labels wait at most.
  static let pendingLimit = 100_000
  private static let day: Int64 = 86_400_000

  let registry: any RegistryReader
  let store: any FeedbackStore
  private let records: any RecordReader
  private let said: BundleFacts
  let time: any TimeSource
  private let rowLimit: Int
  /// By which masks what is kept was gone through.
  private var hidden: [ModelName: [String]] = [:]
  private var tidiedAt: Timestamp?
  /// Who touches what is kept: a day is read and then made figures, a mask is read and then gone by, and an actor alone would let
  /// a label come between.
  let touching = Turns()
  /// Who works out figures.
  let readers = Turns()
  /// Since when nothing can be kept; nil where the last was.
  private var failingSince: Timestamp?

  init(
    registry: any RegistryReader, store: any FeedbackStore, records: any RecordReader, said: BundleFacts,
    time: any TimeSource, rowLimit: Int = Feedback.rowLimit
  ) {
    self.registry = registry
    self.store = store
    self.records = records
    self.said = said
    self.time = time
    self.rowLimit = rowLimit
  }

  // MARK: Predictions

  /// Whether nothing could be kept for a minute: who collects records does not wait any longer then.
  var hasFailedForLong: Bool {
    failingSince.map { time.now().milliseconds - $0.milliseconds >= 60_000 } ?? false
  }

  /// Keeps what the records of a segment say; nothing where it was taken.
  func take(_ found: SegmentPredictions) async throws(Problem) {
    guard !found.predictions.isEmpty || !found.unkept.isEmpty else { return }
    do throws(Problem) {
      try await touching.perform { () async throws(Problem) in try await keep(found) }
      failingSince = nil
    } catch {
      failingSince = failingSince ?? time.now()
      throw error
    }
  }

  private func keep(_ found: SegmentPredictions) async throws(Problem) {
    guard try await !store.hasTaken(found.segment) else { return }
    let now = time.now()
    let masks = try await masks()
    var kept = found
    // A clock that was wrong makes days that never come, or that are over.
    let times =
      Timestamp(
        milliseconds: now.milliseconds - Self.retention * Self.day)...Timestamp(
        milliseconds: now.milliseconds + Self.day)
    kept.predictions = found.predictions.compactMap { made in
      times.contains(made.at) ? Self.masked(made, masks[made.version.name] ?? []) : nil
    }
    kept.unkept = kept.unkept.filter { times.contains($0.key.start) }
    for (name, made) in Dictionary(grouping: kept.predictions, by: \.version.name) {
      try await makeRoom(for: made, of: name)
    }
    let outputs = await outputs(of: Set(kept.predictions.map(\.version)))
    try await store.take(kept, rowLimit: rowLimit, at: now, by: outputs)
  }

  /// A prediction as it may be kept; nil where its deployment has masked what its model says.
  private static func masked(_ made: MadePrediction, _ mask: [String]) -> MadePrediction? {
    guard !mask.contains(PredictionMasks.predict) else { return nil }
    guard mask.contains(PredictionMasks.probabilities) else { return made }
    let said: KeptPrediction
    switch made.said {
    case .binary(let place, _): said = .binary(place, probability: nil)
    case .classes(let place, _): said = .classes(place, confidence: nil)
    case .number: said = made.said
    }
    return MadePrediction(
      version: made.version, at: made.at, line: made.line, row: made.row, key: made.key, said: said)
  }

  /// Settles the oldest days of a deployment as long as those that come have no room, and are later.
  private func makeRoom(for made: [MadePrediction], of name: ModelName) async throws(Problem) {
    guard let newest = made.map(\.window.start).max() else { return }
    var present = try await store.windows(of: name)
    while let first = present.first, first.window.start < newest,
      present.reduce(made.count, { $0 + $1.rows }) > rowLimit
    {
      try await settle(first.window, isCutShort: true)
      present.removeFirst()
    }
  }

  private func settle(_ window: FeedbackWindow, isCutShort: Bool) async throws(Problem) {
    let kept = try await store.rows(of: window)
    // First: a crash after it finds the day taken, and makes figures of it. Of a day for which there is no more room the first labels are
    // here alone, which are seldom like the last.
    if !isCutShort { try await judgeAtLast(window, kept.rows) }
    let report = FeedbackReport(of: window, kept, isCutShort: isCutShort)
    try await store.settle(SettledFeedback(window: window, figures: report.json))
  }

  // MARK: Labels

  /// The digest of labels as they were sent, with the salt of the records; nil where nothing ever served.
  ///
  /// Labels are few words out of few: whoever could guess them would find them in the ledger by a plain digest.
  func digest(ofSent bytes: [UInt8]) async throws(Problem) -> Digest? {
    guard let salt = try await records.salt() else { return nil }
    var hasher = DigestHasher()
    hasher.update(salt)
    hasher.update(bytes)
    return hasher.digest
  }

  /// Takes labels of one deployment, and says of each what became of it.
  func learn(_ labels: [SentLabel], of name: ModelName) async throws(Problem) -> [LabelTurn] {
    try await touching.perform { () async throws(Problem) in try await take(labels, of: name) }
  }

  private func take(_ labels: [SentLabel], of name: ModelName) async throws(Problem) -> [LabelTurn] {
    let now = time.now()
    let salt = try await records.salt()
    try await hideKept()
    // A label says what is masked, so that none is kept, not even to wait.
    guard try await masks()[name]?.contains(PredictionMasks.predict) != true else {
      return labels.map { _ in .unknown }
    }
    var given: [GivenLabel] = []
    for sent in labels {
      let found: GivenLabel.Name
      switch sent.name {
      case .receipt(let receipt): found = .receipt(receipt)
      // Where nothing ever served there is no salt, and no prediction that a key could find.
      case .key(let key): found = .key(FeedbackKey.digest(key, of: name, salt: salt ?? []))
      }
      given.append(GivenLabel(found, row: sent.row, label: sent.label, at: min(sent.at ?? now, now)))
    }
    let versions = Set(try await store.windows(of: name).map(\.window.version))
    return try await store.learn(
      given, of: name, pendingLimit: Self.pendingLimit, at: now, by: await outputs(of: versions))
  }

  /// What labels mean to versions; of those whose bundle does not read nothing is known.
  private func outputs(of versions: Set<VersionReference>) async -> [VersionReference: LabelledOutput] {
    var outputs: [VersionReference: LabelledOutput] = [:]
    for version in versions {
      let known = try? await registry.versions(of: version.name).first { $0.reference == version }
      guard let bundle = known?.bundle else { continue }
      outputs[version] = await said(of: bundle)?.facts.output
    }
    return outputs
  }

  // MARK: What is kept

  /// What the deployments have masked.
  private func masks() async throws(Problem) -> [ModelName: [String]] {
    var masks: [ModelName: [String]] = [:]
    for settings in try await registry.settings() where !settings.policy.records.masked.isEmpty {
      masks[settings.deployment] = settings.policy.records.masked
    }
    return masks
  }

  /// Takes what was masked since out of what is kept.
  func hide() async throws(Problem) {
    try await touching.perform { () async throws(Problem) in try await hideKept() }
  }

  /// To be called in a turn of `touching`.
  func hideKept() async throws(Problem) {
    let masks = try await masks()
    for (name, mask) in masks where hidden[name] != mask {
      if mask.contains(PredictionMasks.predict) {
        try await store.hide(name, scoresAlone: false)
      } else if mask.contains(PredictionMasks.probabilities) {
        try await store.hide(name, scoresAlone: true)
      }
      hidden[name] = mask
    }
    hidden = hidden.filter { masks[$0.key] != nil }
  }

  /// Once an hour: days that were waited for long enough become figures, and what is older goes.
  func tidy() async throws(Problem) {
    try await touching.perform { () async throws(Problem) in try await settleAll() }
  }

  private func settleAll() async throws(Problem) {
    let now = time.now()
    try await hideKept()
    if let tidiedAt, abs(now.milliseconds - tidiedAt.milliseconds) < 3_600_000 { return }
    func ago(_ days: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds - days * Self.day) }
    for name in try await store.names() {
      let windows = try await store.windows(of: name).map(\.window)
      try await judge(name, windows, at: now)
      for window in windows where window.end <= ago(Self.retention) {
        try await settle(window, isCutShort: false)
      }
    }
    try await store.prune(
      pendingBefore: ago(Self.pendingRetention), settledBefore: ago(Self.settledRetention),
      segmentsBefore: ago(Self.retention + 1))
    tidiedAt = now
  }
}

extension FeedbackReport {
  /// How good the predictions of a day were.
  init(of window: FeedbackWindow, _ kept: FeedbackRows, isCutShort: Bool = false) {
    self.init(
      from: window.start, until: window.end, kept.rows, unkept: kept.unkept, corrections: kept.corrections,
      late: kept.late, isCutShort: isCutShort)
  }
}
