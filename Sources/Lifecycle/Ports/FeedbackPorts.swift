public import Domain
public import Encoding
public import Monitoring

/// A day, in UTC, in which a version predicted: what is said of predictions and their labels is said of these.
public struct FeedbackWindow: Hashable, Sendable {
  /// How long one is, in milliseconds.
  public static let length: Int64 = 86_400_000

  /// Which version.
  public let version: VersionReference
  /// When the day begins.
  public let start: Timestamp

  /// The day of a moment.
  public init(_ version: VersionReference, of moment: Timestamp) {
    self.version = version
    let (days, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: Self.length)
    start = Timestamp(milliseconds: (rest < 0 ? days - 1 : days) * Self.length)
  }

  /// When the day ends.
  public var end: Timestamp { Timestamp(milliseconds: start.milliseconds + Self.length) }
}

/// One row that was predicted for, as its access record has it.
public struct MadePrediction: Sendable, Equatable {
  /// What answered.
  public let version: VersionReference
  /// When it was asked.
  public let at: Timestamp
  /// The place of the record in its segment.
  public let line: Int
  /// The row of the request.
  public let row: Int
  /// The digest of the key that came along; nil where none did.
  public let key: Digest?
  /// What it said.
  public let said: KeptPrediction

  /// States a prediction.
  public init(
    version: VersionReference, at: Timestamp, line: Int, row: Int, key: Digest?, said: KeptPrediction
  ) {
    self.version = version
    self.at = at
    self.line = line
    self.row = row
    self.key = key
    self.said = said
  }

  /// The day that it counts in.
  public var window: FeedbackWindow { FeedbackWindow(version, of: at) }
}

/// What the records of a segment say that models said.
public struct SegmentPredictions: Sendable, Equatable {
  /// The most predictions of a segment that are kept; more are counted.
  static let limit = 250_000

  /// Which segment.
  public let segment: SegmentName
  /// The predictions, in the order of its lines.
  public var predictions: [MadePrediction] = []
  /// How many more there were in a day of which nothing is kept.
  public var unkept: [FeedbackWindow: Int] = [:]

  /// Begins with none.
  public init(segment: SegmentName) { self.segment = segment }

  /// Takes in what a record says; what does not read says nothing.
  mutating func take(_ record: AccessRecord, line: Int) {
    guard record.status == 200, let name = record.deployment,
      let number = record.version.flatMap({ VersionNumber($0) }),
      let said = record.said.flatMap({ SaidRows(parsing: $0) })
    else { return }
    let version = VersionReference(name: name, version: number)
    var left = min(said.leftOut, 1 << 30)
    for (row, prediction) in said.rows.enumerated() {
      guard let prediction, predictions.count < Self.limit else {
        left += 1
        continue
      }
      predictions.append(
        MadePrediction(
          version: version, at: record.time, line: line, row: row, key: record.feedbackKey, said: prediction))
    }
    guard left > 0 else { return }
    let window = FeedbackWindow(version, of: record.time)
    unkept[window] = min((unkept[window] ?? 0) + left, 1 << 40)
  }
}

/// A label on its way to its prediction.
public struct GivenLabel: Sendable, Equatable {
  /// What finds the prediction.
  public enum Name: Hashable, Sendable {
    /// The place of its record.
    case receipt(Receipt)
    /// The digest of the key that came along.
    case key(Digest)
  }

  /// What finds the prediction.
  public let name: Name
  /// The row of the request.
  public let row: Int
  /// What was true.
  public let label: JSON
  /// When that was known.
  public let at: Timestamp

  /// States a label.
  public init(_ name: Name, row: Int, label: JSON, at: Timestamp) {
    self.name = name
    self.row = row
    self.label = label
    self.at = at
  }
}

/// What is kept of a day.
public struct FeedbackRows: Sendable, Equatable {
  /// The predictions, in the order in which they were kept.
  public var rows: [LabelledPrediction]
  /// How many more there were.
  public var unkept: Int
  /// How many labels were put right by a later one.
  public var corrections: Int
  /// How many labels came after the day had ended.
  public var late: Int

  /// States what is kept.
  public init(rows: [LabelledPrediction] = [], unkept: Int = 0, corrections: Int = 0, late: Int = 0) {
    self.rows = rows
    self.unkept = unkept
    self.corrections = corrections
    self.late = late
  }
}

/// A day whose predictions are gone, and what was said of them.
public struct SettledFeedback: Sendable, Equatable {
  /// Which day.
  public let window: FeedbackWindow
  /// The figures as they were then.
  public let figures: JSON

  /// States the figures of a day.
  public init(window: FeedbackWindow, figures: JSON) {
    self.window = window
    self.figures = figures
  }
}

/// What became of labels that no day counts.
public struct FeedbackCounts: Sendable, Equatable {
  /// How many said what was said before.
  public var repeated = 0
  /// How many were for nothing that is kept, those that waited in vain among them.
  public var unknown = 0
  /// How many were no truth that the model could have predicted.
  public var unlike = 0
  /// How many wait for their prediction.
  public var pending = 0

  /// None.
  public init() {}
}

/// What is kept of predictions until their labels come, and of labels until their predictions do.
///
/// Every change is one step: durable when it returns, and where it throws made whole or not at all.
public protocol FeedbackStore: PerformanceStore {
  /// Whether what a segment says was taken.
  func hasTaken(_ segment: SegmentName) async throws(Problem) -> Bool
  /// Keeps what a segment says and that it was taken, and gives labels that waited to their predictions; nothing where it was
  /// taken before.
  ///
  /// Of a deployment that has `rowLimit` rows what comes is counted and not kept, and of a day that is settled neither. Of two
  /// predictions under one key the first has it. `outputs` says what labels mean to a version; those of others go on waiting.
  func take(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem)
  /// Takes labels of a deployment, and says of each what became of it. Beyond `pendingLimit` none waits: it is unknown.
  func learn(
    _ labels: [GivenLabel], of name: ModelName, pendingLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem) -> [LabelTurn]
  /// The deployments that anything is kept of.
  func names() async throws(Problem) -> [ModelName]
  /// The days that predictions of a deployment are kept of, with how many, in the order of time.
  func windows(of name: ModelName) async throws(Problem) -> [(window: FeedbackWindow, rows: Int)]
  /// What is kept of a day.
  func rows(of window: FeedbackWindow) async throws(Problem) -> FeedbackRows
  /// The days of a deployment that are settled and end after a moment, in the order of time.
  func settled(of name: ModelName, after moment: Timestamp) async throws(Problem) -> [SettledFeedback]
  /// Puts figures in the place of a day's predictions.
  func settle(_ day: SettledFeedback) async throws(Problem)
  /// What became of labels that no day counts.
  func counts(of name: ModelName) async throws(Problem) -> FeedbackCounts
  /// Takes what a deployment's model said out of what is kept, with the labels for it, those that wait and how good it was beside
  /// what it had been, or its scores alone.
  func hide(_ name: ModelName, scoresAlone: Bool) async throws(Problem)
  /// Forgets labels that have waited since before a moment, counting them as unknown, figures of days that ended before another,
  /// and that segments were taken before it of which no prediction is kept.
  func prune(pendingBefore: Timestamp, settledBefore: Timestamp, segmentsBefore: Timestamp)
    async throws(Problem)
}

/// Nothing is kept for labels.
public struct NoFeedback: FeedbackStore {
  /// Makes the store that keeps nothing.
  public init() {}

  /// Everything: there is nothing to take.
  public func hasTaken(_ segment: SegmentName) -> Bool { true }
  /// Nothing is kept.
  public func take(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) {}
  /// No label finds anything.
  public func learn(
    _ labels: [GivenLabel], of name: ModelName, pendingLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) -> [LabelTurn] { labels.map { _ in .unknown } }
  /// None.
  public func names() -> [ModelName] { [] }
  /// None.
  public func windows(of name: ModelName) -> [(window: FeedbackWindow, rows: Int)] { [] }
  /// None.
  public func rows(of window: FeedbackWindow) -> FeedbackRows { FeedbackRows() }
  /// None.
  public func settled(of name: ModelName, after moment: Timestamp) -> [SettledFeedback] { [] }
  /// Nothing is kept.
  public func settle(_ day: SettledFeedback) {}
  /// None.
  public func counts(of name: ModelName) -> FeedbackCounts { FeedbackCounts() }
  /// There is nothing to hide.
  public func hide(_ name: ModelName, scoresAlone: Bool) {}
  /// There is nothing to forget.
  public func prune(pendingBefore: Timestamp, settledBefore: Timestamp, segmentsBefore: Timestamp) {}
}
