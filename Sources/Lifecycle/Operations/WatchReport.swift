public import Domain
public import Encoding
public import Monitoring

/// What was seen of one version over a span of time.
public struct WatchReport: Sendable {
  /// What it is held against.
  public enum Yardstick: String, Sendable {
    /// What its training data looked like.
    case training
    /// What came first, since nobody said what training looked like.
    case firstRows = "first-rows"
    /// Nothing: there was nothing before.
    case nothing
  }

  /// Which version.
  public let version: VersionReference
  /// The windows of the span, as one.
  public var seen: WatchedWindow
  /// How many they were.
  public var windows: Int
  /// What the columns are held against.
  public var yardstick: Yardstick
  /// How far each column is from that, in the order of the columns; empty where it is held against nothing.
  public var drift: [ColumnDrift]
  /// Whether the version answers now.
  public var isServed = true
  /// Why it is not held against training although it was said what that looked like; nil where it is, or nobody said.
  public var referenceProblem: Problem?
  /// Of which columns an alert stands, and what about them.
  public var standing: [(column: String, aspect: String)]
  /// What was found of callers in the span, the newest first.
  public var callers: [MonitoringAlert] = []

  /// The share of rows that were looked at, of those that were answered.
  public var seenShare: Double {
    let (rows, unseen) = (Double(seen.window.profile.rows), Double(seen.losses.unseenRows))
    return rows + unseen > 0 ? rows / (rows + unseen) : 1
  }
}

extension Watching {
  /// How many rows have to have come before later ones are held against them.
  static let firstRows = 1000
  /// How many steps an exact test may take for a report, which has one for each column.
  private static let exactSteps = 1 << 20
  /// How many windows are in memory at one time: one of a hundred columns takes nearly a megabyte.
  private static let page = 16

  /// What was seen of each version of a model in the last span of time, the newest version first.
  public func report(of name: ModelName, over span: Duration, until now: Timestamp) async throws(Problem)
    -> [WatchReport]
  {
    var reports: [WatchReport] = []
    for version in try await store.versions(of: name).sorted(by: { $0.version > $1.version }) {
      if let report = try await report(of: version, after: now.advanced(by: span * -1), until: now) {
        reports.append(report)
      }
    }
    return reports
  }

  private func report(
    of version: VersionReference, after start: Timestamp, until now: Timestamp
  ) async throws(Problem) -> WatchReport? {
    // A clock that was put back leaves windows of a time to come.
    let end = now.advanced(by: .seconds(86_400))
    var (seen, count, skipped): (WatchedWindow?, Int, Int) = (nil, 0, 0)
    while true {
      let kept = try await store.windows(
        of: version, after: start, before: end, skipping: skipped, count: Self.page)
      for window in kept.map(\.window)
      where seen?.window.profile.shape ?? window.window.profile.shape == window.window.profile.shape {
        // In its place, so that nothing of it is copied.
        if seen == nil { seen = window } else { try seen?.take(window) }
        count += 1
      }
      skipped += kept.count
      guard kept.count == Self.page else { break }
    }
    guard let seen else { return nil }
    var report = WatchReport(
      version: version, seen: seen, windows: count, yardstick: .nothing, drift: [], standing: [])
    try await measure(&report)
    return report
  }

  /// Holds what was seen against training, or what came first.
  private func measure(_ report: inout WatchReport) async throws(Problem) {
    let (version, live) = (report.version, report.seen.window.profile)
    if let reference = try await reference(for: &report) {
      report.yardstick = .training
      if live.rows > 0 { report.drift = try reference.drift(of: live, exactSteps: Self.exactSteps) }
      if let state = try await store.detectors(of: version),
        let monitor = try? DriftMonitor(reference, budget: budget, state: state)
      {
        report.standing = monitor.standing.map { ($0.column, $0.aspect.rawValue) }
      }
    } else if let before = try await firstSeen(
      of: version, before: report.seen.window.start, like: live.shape)
    {
      report.yardstick = .firstRows
      if live.rows > 0 {
        report.drift = try Reference(firstSeen: before).drift(of: live, exactSteps: Self.exactSteps)
      }
    }
  }

  /// What the training data looked like, where it is of the columns that came; what is wrong with it is noted.
  private func reference(for report: inout WatchReport) async throws(Problem) -> Reference? {
    let version = report.version
    do throws(Problem) {
      guard let reference = try await training.reference(of: version) else { return nil }
      if reference.shape == report.seen.window.profile.shape { return reference }
      report.referenceProblem = Problem(
        .badInput, "watch.reference-unlike",
        "expected windows of the columns that the training data of \(version) have, found others")
    } catch  where TrainingReferences.isUseless(error) {
      report.referenceProblem = error
    }
    return nil
  }

  /// The first windows of a version that have so many rows together and end before a moment; nil where there are none.
  private func firstSeen(
    of version: VersionReference, before moment: Timestamp, like shape: ModelShape
  ) async throws(Problem) -> ModelProfile? {
    var (profile, skipped) = (ModelProfile(shape: shape), 0)
    while profile.rows < Self.firstRows {
      let windows = try await store.windows(
        of: version, after: Timestamp(milliseconds: 0), before: moment, skipping: skipped, count: Self.page)
      for kept in windows where kept.window.window.profile.shape == shape && profile.rows < Self.firstRows {
        try profile.merge(kept.window.window.profile)
      }
      skipped += windows.count
      guard windows.count == Self.page else { break }
    }
    return profile.rows >= Self.firstRows ? profile : nil
  }
}

extension WatchedWindow {
  /// Takes in another window of the same version and columns.
  fileprivate mutating func take(_ other: WatchedWindow) throws(Problem) {
    try window.take(other.window)
    losses = losses + other.losses
  }
}

extension WatchReport {
  /// The report as an object; columns in their own order.
  public var json: JSON {
    let profile = seen.window.profile
    return [
      "version": JSON(version.version.value), "bundle": .string(seen.bundle.description),
      "against": .string(yardstick.rawValue), "windows": JSON(windows),
      "from": .string(seen.window.start.description), "until": .string(seen.window.end.description),
      "rows": JSON(profile.rows), "seenShare": .number(seenShare), "unseenRows": JSON(seen.losses.unseenRows),
      "lateRows": JSON(seen.window.lateRows), "misplacedRows": JSON(seen.losses.misplacedRows),
      "refusedRequests": JSON(seen.losses.refusedRequests),
      "notedRows": JSON(seen.losses.notedRows), "guardedRequests": JSON(seen.losses.guardedRequests),
      "heldRequests": JSON(seen.losses.heldRequests), "untoldAlarms": JSON(seen.losses.untoldAlarms),
      "callers": .array(callers.map(\.json)),
      "droppedWindows": JSON(seen.losses.droppedWindows), "cutShort": .bool(seen.window.isCutShort),
      "outlierRows": JSON(profile.outlierRows), "violatingRows": JSON(profile.violatingRows),
      "served": .bool(isServed), "referenceProblem": referenceProblem.map { .string($0.message) } ?? .null,
      "columns": .array(columns),
    ]
  }

  private var columns: [JSON] {
    let profile = seen.window.profile
    var (number, category) = (profile.numbers.makeIterator(), profile.categories.makeIterator())
    return profile.shape.columns.enumerated().map { place, column in
      var members: [String: JSON] = [
        "name": .string(column.name), "role": .string(column.role.text),
        "alert": .array(standing.filter { $0.column == column.name }.map { .string($0.aspect) }),
      ]
      switch column.kind {
      case .number: if let number = number.next() { members.merge(number.members) { $1 } }
      case .category: if let category = category.next() { members.merge(category.members) { $1 } }
      }
      if drift.indices.contains(place) { members["drift"] = drift[place].json }
      return .object(members)
    }
  }
}

extension NumberProfile {
  fileprivate var members: [String: JSON] {
    let distribution = quantiles.distribution
    func quantile(_ share: Double) -> JSON { distribution.quantile(share).map { .number($0) } ?? .null }
    let hasValues = moments.count > 0
    return [
      "kind": "number", "count": JSON(count), "missing": JSON(missing), "infinite": JSON(infinite),
      "outOfRange": JSON(outOfRange), "distinct": .number(distinct.value.rounded()),
      "mean": hasValues ? .number(moments.mean) : .null,
      "masked": JSON(hidden.count),
      "deviation": moments.standardDeviation.map { .number($0) } ?? .null,
      "least": hasValues ? .number(moments.least) : .null,
      "greatest": hasValues ? .number(moments.greatest) : .null, "p05": quantile(0.05),
      "median": quantile(0.5), "p95": quantile(0.95),
    ]
  }
}

extension CategoryProfile {
  fileprivate var members: [String: JSON] {
    [
      "kind": "category", "count": JSON(count), "missing": JSON(missing), "unknown": JSON(unknown),
      "newCategories": JSON(counts.newcomers.count), "masked": JSON(hidden.count),
    ]
  }
}

extension ColumnDrift {
  fileprivate var json: JSON {
    func number(_ value: Double?) -> JSON { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
    return [
      "ks": kolmogorovSmirnov.map {
        ["statistic": .number($0.statistic), "pValue": .number($0.pValue), "error": .number(statisticError)]
      } ?? .null,
      "wasserstein": number(wassersteinDistance), "jensenShannon": number(jensenShannonDistance),
      "psi": number(stabilityIndex),
      "chiSquared": chiSquared.map {
        [
          "statistic": .number($0.statistic), "degreesOfFreedom": JSON($0.degreesOfFreedom),
          "pValue": .number($0.pValue),
        ]
      } ?? .null,
      "meanShift": number(meanShift), "missingShift": number(missingShift),
      "strangeShare": number(strangeShare), "maskedDistance": number(maskedDistance),
    ]
  }
}

extension MonitoringAlert {
  /// The alert as an object.
  public var json: JSON {
    var members = entryDetails
    members["version"] = JSON(version.version.value)
    members["message"] = .string(message.isEmpty ? figures : message)
    members["foundAt"] = .string(at.description)
    if let change { members["since"] = .string(change.since.description) }
    return .object(members)
  }
}
