import Domain
public import Encoding
import Monitoring

/// How good the predictions of a deployment were, and are likely to be, by version and day.
public struct FeedbackFigures: Sendable {
  /// The figures of a day: of labels that came, and where some are missing what is expected of them.
  struct Day: Sendable {
    let window: FeedbackWindow
    let figures: JSON
    /// Whether the predictions are gone, so that no label changes the figures any more.
    let isSettled: Bool
  }

  /// Of each version the figures over all its days that are not settled, the newest version first.
  var totals: [(version: VersionReference, figures: JSON)] = []
  /// The days in the order of time.
  var days: [Day] = []
  /// What versions are held against, and whether they are worse.
  var performance: [VersionReference: JSON] = [:]
  /// The versions that callers can be answered by.
  var answering: Set<VersionReference> = []
  /// What became of labels that no day counts.
  public var counts = FeedbackCounts()

  /// The figures as an object.
  public var json: JSON {
    let versions = Set(totals.map(\.version)).union(days.map(\.window.version)).union(performance.keys)
    return [
      "versions": .array(
        versions.sorted { $0.version > $1.version }.map { version in
          [
            "version": JSON(version.version.value), "served": .bool(answering.contains(version)),
            "total": totals.first { $0.version == version }?.figures ?? .null,
            "days": .array(days.filter { $0.window.version == version }.map(\.json)),
            "performance": performance[version] ?? .null,
          ]
        }),
      "labels": [
        "repeated": JSON(counts.repeated), "unknown": JSON(counts.unknown), "unlike": JSON(counts.unlike),
        "pending": JSON(counts.pending),
      ],
    ]
  }
}

extension FeedbackFigures.Day {
  var json: JSON {
    var members = figures.object ?? [:]
    members["settled"] = .bool(isSettled)
    return .object(members)
  }
}

extension Feedback {
  /// How many labelled rows a calibration is learned from at most: the newest.
  private static let calibrationLimit = 20_000

  /// What figures of a deployment are worked out of.
  private struct Reading: Sendable {
    /// A version with its watch, and its days in the order of time.
    struct Version: Sendable {
      let version: VersionReference
      let watch: PerformanceWatch
      var days: [(window: FeedbackWindow, kept: FeedbackRows)] = []
    }

    var counts = FeedbackCounts()
    var settled: [SettledFeedback] = []
    /// The newest first.
    var versions: [Version] = []
  }

  /// How good the predictions of a deployment were in days that end after a moment.
  func figures(of name: ModelName, after moment: Timestamp) async throws(Problem) -> FeedbackFigures {
    // One reader at a time has the rows of a deployment in memory; labels wait for what is read, and not for what is made of it.
    try await readers.perform { () async throws(Problem) in
      let reading = try await touching.perform { () async throws(Problem) in
        try await read(name, after: moment)
      }
      return await Self.figures(of: reading, after: moment)
    }
  }

  /// In a turn of `touching`: a day that becomes figures meanwhile would be in neither.
  private func read(_ name: ModelName, after moment: Timestamp) async throws(Problem) -> Reading {
    try await hideKept()
    var reading = Reading()
    reading.counts = try await store.counts(of: name)
    reading.settled = try await store.settled(of: name, after: moment)
    let windows = try await store.windows(of: name).map(\.window)
    for version in Set(windows.map(\.version)).sorted(by: { $0.version > $1.version }) {
      var read = Reading.Version(version: version, watch: try await performance(of: version).watch)
      for window in windows where window.version == version {
        read.days.append((window, try await store.rows(of: window)))
      }
      reading.versions.append(read)
    }
    return reading
  }

  /// Aside from the actor, which others ask for turns meanwhile.
  @concurrent
  private static func figures(of reading: Reading, after moment: Timestamp) async -> FeedbackFigures {
    var figures = FeedbackFigures()
    figures.counts = reading.counts
    figures.days = reading.settled.map {
      FeedbackFigures.Day(window: $0.window, figures: $0.figures, isSettled: true)
    }
    for read in reading.versions {
      let (version, watch) = (read.version, read.watch)
      var (whole, first, last): (FeedbackRows, Timestamp?, Timestamp?) = (FeedbackRows(), nil, nil)
      var held = HeldRows()
      let cutShort = reading.settled.count { $0.window.version == version && $0.figures["cutShort"] == true }
      if var summary = watch.summary.object, summary["metric"] != .null || cutShort > 0 {
        summary["cutShortDays"] = JSON(cutShort)
        figures.performance[version] = .object(summary)
      }
      for (window, kept) in read.days {
        if window.end > moment {
          let report = FeedbackReport(of: window, kept)
          var members = report.json.object ?? [:]
          if report.labelled < report.predictions {
            members["expected"] = held.expected(of: kept.rows).beside(watch.reference)
          }
          figures.days.append(
            FeedbackFigures.Day(window: window, figures: .object(members), isSettled: false))
          whole.take(kept)
          first = first ?? window.start
          last = window.end
        }
        held.take(kept.rows, until: window.end, limit: Self.calibrationLimit)
      }
      guard let first, let last else { continue }
      let total = FeedbackReport(
        from: first, until: last, whole.rows, unkept: whole.unkept, corrections: whole.corrections,
        late: whole.late)
      figures.totals.append((version, total.json))
    }
    figures.days.sort {
      ($0.window.start, $0.window.version.version) < ($1.window.start, $1.window.version.version)
    }
    return figures
  }
}

extension FeedbackRows {
  fileprivate mutating func take(_ other: FeedbackRows) {
    rows += other.rows
    unkept += other.unkept
    corrections += other.corrections
    late += other.late
  }
}

/// The labelled rows of earlier days of a version, from which it is learned what its probabilities mean.
struct HeldRows {
  private var probabilities: [Double] = []
  private var outcomes: [Bool] = []
  private var until: Timestamp?

  /// Takes in the rows of a day; of more than `limit` the newest stay.
  mutating func take(_ rows: [LabelledPrediction], until end: Timestamp, limit: Int) {
    for row in rows {
      guard case .binary(_, let said?) = row.prediction, case .classes(let truth)? = row.label else {
        continue
      }
      probabilities.append(said)
      outcomes.append(truth == 1)
      until = end
    }
    let over = probabilities.count - limit
    guard over > 0 else { return }
    probabilities.removeFirst(over)
    outcomes.removeFirst(over)
  }

  /// What is expected of the rows of a later day by their probabilities; or why nothing is.
  func expected(of rows: [LabelledPrediction]) -> JSON {
    var said: [Double] = []
    for case .binary(_, let probability?) in rows.map(\.prediction) { said.append(probability) }
    guard !said.isEmpty else {
      return ["missing": "nothing is expected without probabilities of two classes"]
    }
    guard let until, probabilities.count >= CalibrationMap.leastRows else {
      return [
        "missing": .string(
          "earlier days have \(probabilities.count) labelled rows, and"
            + " \(CalibrationMap.leastRows) are needed to learn what the probabilities mean")
      ]
    }
    guard let map = try? CalibrationMap(probabilities: probabilities, outcomes: outcomes),
      let expected = try? ExpectedPerformance(probabilities: said, calibration: map)
    else { return ["missing": "nothing is expected: the probabilities are none"] }
    return [
      "rows": JSON(expected.rows), "accuracy": .number(expected.accuracy),
      "from": .number(expected.accuracyInterval.lowerBound),
      "to": .number(expected.accuracyInterval.upperBound),
      "f1": expected.f1.map { .number($0) } ?? .null, "auc": expected.auc.map { .number($0) } ?? .null,
      "calibrationRows": JSON(map.rows), "calibratedUntil": .string(until.description),
      "assumes": .string(
        "what \(map.rows) labelled rows until \(until) say of its probabilities still holds; that the concept"
          + " has changed shows in labels alone"),
    ]
  }
}

extension JSON {
  /// What is expected, with a note where it is below all that the first labelled rows of a version likely were.
  ///
  /// A note and no alarm: an estimate rests on a calibration that a changed concept makes wrong without a sign, and that the inputs
  /// have changed is told by their own alarm.
  fileprivate func beside(_ reference: PerformanceReference?) -> JSON {
    guard var members = object, let most = members["to"]?.double, let reference,
      reference.metric == .accuracy, let was = reference.estimate, let least = was.interval?.lowerBound,
      most < least
    else { return self }
    members["below"] = .string(
      "less than the \(was.value.rounded(places: 3)) of its first \(reference.rows) labelled rows: an estimate, of which no"
        + " alarm is made")
    return .object(members)
  }
}

extension FeedbackReport {
  /// The figures as an object.
  var json: JSON {
    var metrics: [String: JSON] = [:]
    for estimate in estimates {
      metrics[estimate.metric.rawValue] = [
        "value": .number(estimate.value), "from": estimate.interval.map { .number($0.lowerBound) } ?? .null,
        "to": estimate.interval.map { .number($0.upperBound) } ?? .null,
      ]
    }
    return [
      "from": .string(start.description), "until": .string(end.description),
      "predictions": JSON(predictions), "unkept": JSON(unkept), "labelled": JSON(labelled),
      "late": JSON(late), "corrections": JSON(corrections), "cutShort": .bool(isCutShort),
      "metrics": .object(metrics), "selection": .string(selection),
    ]
  }
}
