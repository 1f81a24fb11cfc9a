public import Domain
public import Encoding
public import Lifecycle
public import Monitoring

/// What is kept for labels in memory, with faults on request.
public actor InMemoryFeedback: FeedbackStore {
  private struct Kept {
    let made: MadePrediction
    let segment: SegmentName
    var said: KeptPrediction
    var key: GivenLabel.Name?
    var label: TruthLabel?
    var labelledAt: Timestamp?
    var corrections = 0
  }

  private struct Waiting {
    let name: ModelName
    var label: GivenLabel
    let since: Timestamp
  }

  private struct State {
    var taken: [SegmentName: Timestamp] = [:]
    var kept: [Kept] = []
    var unkept: [FeedbackWindow: Int] = [:]
    var waiting: [Waiting] = []
    var counts: [ModelName: FeedbackCounts] = [:]
    var settled: [FeedbackWindow: SettledFeedback] = [:]
    var performance: [VersionReference: (kept: KeptPerformance, at: Timestamp)] = [:]
  }

  private let faults: FaultPlan
  private var state = State()

  /// An empty store; `faults` numbers the writes.
  public init(faults: FaultPlan = FaultPlan()) { self.faults = faults }

  private func write<Result>(_ body: (inout State) -> Result) throws(Problem) -> Result {
    try faults.write { () throws(Problem) in body(&state) }
  }

  /// Whether what a segment says was taken.
  public func hasTaken(_ segment: SegmentName) -> Bool { state.taken[segment] != nil }

  /// Keeps what a segment says, and gives labels that waited to their predictions.
  public func take(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) throws(Problem) {
    guard state.taken[segment.segment] == nil else { return }
    try write { state in
      state.taken[segment.segment] = now
      var unkept = segment.unkept
      for made in segment.predictions where state.settled[made.window] == nil {
        let name = made.version.name
        guard state.kept.count(where: { $0.made.version.name == name }) < rowLimit else {
          unkept[made.window, default: 0] += 1
          continue
        }
        var key = made.key.map { GivenLabel.Name.key($0) }
        if state.kept.contains(where: {
          $0.key == key && key != nil && $0.made.version.name == name
            && !($0.segment == segment.segment && $0.made.line == made.line)
        }) {
          key = nil
        }
        state.kept.append(Kept(made: made, segment: segment.segment, said: made.said, key: key))
      }
      for (window, count) in unkept where state.settled[window] == nil {
        state.unkept[window, default: 0] += count
      }
      let waiting = state.waiting
      state.waiting = waiting.filter { one in
        Self.give(one.label, of: one.name, by: outputs, &state) == .pending
      }
    }
  }

  /// Takes labels of a deployment, and says of each what became of it.
  public func learn(
    _ labels: [GivenLabel], of name: ModelName, pendingLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) throws(Problem) -> [LabelTurn] {
    try write { state in
      labels.map { label in
        let turn = Self.give(label, of: name, by: outputs, &state)
        guard turn == .pending else { return turn }
        if let place = state.waiting.firstIndex(where: {
          $0.name == name && $0.label.name == label.name && $0.label.row == label.row
        }) {
          state.waiting[place].label = label
          return .pending
        }
        guard state.waiting.count(where: { $0.name == name }) < pendingLimit else {
          state.counts[name, default: FeedbackCounts()].unknown += 1
          return .unknown
        }
        state.waiting.append(Waiting(name: name, label: label, since: now))
        return .pending
      }
    }
  }

  private static func place(
    of label: GivenLabel.Name, row: Int, of name: ModelName, _ state: State
  ) -> Int? {
    state.kept.firstIndex { kept in
      guard kept.made.version.name == name, kept.made.row == row else { return false }
      switch label {
      case .receipt(let receipt):
        return kept.segment.description == receipt.segment && kept.made.line == receipt.index
      case .key: return kept.key == label
      }
    }
  }

  private static func give(
    _ label: GivenLabel, of name: ModelName, by outputs: [VersionReference: LabelledOutput],
    _ state: inout State
  ) -> LabelTurn {
    guard let place = place(of: label.name, row: label.row, of: name, state) else {
      if case .receipt(let receipt) = label.name,
        state.taken.keys.contains(where: { $0.description == receipt.segment })
      {
        state.counts[name, default: FeedbackCounts()].unknown += 1
        return .unknown
      }
      return .pending
    }
    guard let output = outputs[state.kept[place].made.version] else { return .pending }
    let truth = output.truth(label.label)
    let turn = LabelTurn(truth, for: state.kept[place].said, before: state.kept[place].label)
    switch turn {
    case .taken, .corrected:
      state.kept[place].label = truth
      state.kept[place].labelledAt = label.at
      if turn == .corrected { state.kept[place].corrections += 1 }
    case .repeated: state.counts[name, default: FeedbackCounts()].repeated += 1
    case .unlike: state.counts[name, default: FeedbackCounts()].unlike += 1
    case .pending, .unknown: break
    }
    return turn
  }

  /// The deployments that anything is kept of.
  public func names() -> [ModelName] {
    Set(state.kept.map(\.made.version.name) + state.unkept.keys.map(\.version.name)).sorted {
      $0.description < $1.description
    }
  }

  /// The days that predictions of a deployment are kept of, in the order of time.
  public func windows(of name: ModelName) -> [(window: FeedbackWindow, rows: Int)] {
    var rows: [FeedbackWindow: Int] = [:]
    for kept in state.kept where kept.made.version.name == name { rows[kept.made.window, default: 0] += 1 }
    for window in state.unkept.keys where window.version.name == name { rows[window, default: 0] += 0 }
    return rows.sorted { ($0.key.start, $0.key.version.version) < ($1.key.start, $1.key.version.version) }
      .map { (window: $0.key, rows: $0.value) }
  }

  /// What is kept of a day.
  public func rows(of window: FeedbackWindow) -> FeedbackRows {
    let kept = state.kept.filter { $0.made.window == window }
    return FeedbackRows(
      rows: kept.map { LabelledPrediction($0.said, $0.label) }, unkept: state.unkept[window] ?? 0,
      corrections: kept.reduce(0) { $0 + $1.corrections },
      late: kept.count { $0.labelledAt.map { $0 >= window.end } ?? false })
  }

  /// The days of a deployment that are settled and end after a moment, in the order of time.
  public func settled(of name: ModelName, after moment: Timestamp) -> [SettledFeedback] {
    state.settled.values.filter { $0.window.version.name == name && $0.window.end > moment }.sorted {
      ($0.window.start, $0.window.version.version) < ($1.window.start, $1.window.version.version)
    }
  }

  /// Puts figures in the place of a day's predictions.
  public func settle(_ day: SettledFeedback) throws(Problem) {
    try write { state in
      state.settled[day.window] = day
      state.kept.removeAll { $0.made.window == day.window }
      state.unkept[day.window] = nil
    }
  }

  /// What became of labels that no day counts.
  public func counts(of name: ModelName) -> FeedbackCounts {
    var counts = state.counts[name] ?? FeedbackCounts()
    counts.pending = state.waiting.count { $0.name == name }
    return counts
  }

  /// Takes what a deployment's model said out of what is kept.
  public func hide(_ name: ModelName, scoresAlone: Bool) throws(Problem) {
    try write { state in
      guard scoresAlone else {
        state.waiting.removeAll { $0.name == name }
        state.performance = state.performance.filter { $0.key.name != name }
        return state.kept.removeAll { $0.made.version.name == name }
      }
      for place in state.kept.indices where state.kept[place].made.version.name == name {
        switch state.kept[place].said {
        case .binary(let said, _): state.kept[place].said = .binary(said, probability: nil)
        case .classes(let said, _): state.kept[place].said = .classes(said, confidence: nil)
        case .number: break
        }
      }
    }
  }

  /// How many labels the days of a deployment have, and how many were put right.
  public func labels(of name: ModelName) -> [FeedbackWindow: Int] {
    var labels: [FeedbackWindow: Int] = [:]
    for kept in state.kept where kept.made.version.name == name {
      labels[kept.made.window, default: 0] += (kept.label == nil ? 0 : 1) + kept.corrections
    }
    return labels
  }

  /// How far the watch of a version has come.
  public func performance(of version: VersionReference) -> JSON? { state.performance[version]?.kept.state }

  /// Keeps how far a watch has come.
  public func keep(_ performance: KeptPerformance, at now: Timestamp) throws(Problem) {
    try write { state in state.performance[performance.version] = (performance, now) }
  }

  /// The sentences of the alarms that stand.
  public func performanceAlarms() -> [VersionReference: String] {
    state.performance.compactMapValues(\.kept.alarm)
  }

  /// The versions of which the ledger has yet to be told of anything.
  public func versionsWithNews() -> [VersionReference] {
    state.performance.filter(\.value.kept.hasNews).keys.sorted { $0.description < $1.description }
  }

  /// Forgets what has waited or was kept for long enough.
  public func prune(
    pendingBefore: Timestamp, settledBefore: Timestamp, segmentsBefore: Timestamp
  ) throws(Problem) {
    try write { state in
      for one in state.waiting where one.since < pendingBefore {
        state.counts[one.name, default: FeedbackCounts()].unknown += 1
      }
      state.waiting.removeAll { $0.since < pendingBefore }
      state.settled = state.settled.filter { $0.key.end >= settledBefore }
      state.performance = state.performance.filter { $0.value.at >= settledBefore }
      state.taken = state.taken.filter { segment, at in
        at >= segmentsBefore || state.kept.contains { $0.segment == segment }
      }
    }
  }
}
