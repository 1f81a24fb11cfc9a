public import Domain
import Encoding

/// Holds what comes to a model against what it was trained on, span after span, and says when it is no longer the same.
///
/// Each column is two streams, of its values and of which of them are there; each stream has its share of the alert budget.
/// What is guaranteed, and from what, is in `docs/monitoring.md`.
public struct DriftMonitor: Sendable {
  /// How many categories a stream tells apart; rarer ones share a cell, and those that training did not have another.
  public static let categoryLimit = 14

  /// What the model was trained on.
  public let reference: Reference
  /// What may be told falsely.
  public let budget: AlertBudget
  private(set) var streams: [WatchedStream] = []

  /// Watches from now on; columns of which training had fewer than ten values are not watched.
  public init(_ reference: Reference, budget: AlertBudget = AlertBudget()) {
    self.reference = reference
    self.budget = budget
    for (place, stream) in Self.cells(of: reference.profile, isTraining: true).enumerated()
    where stream.counts.reduce(0, +) >= 10 && (stream.aspect == .values || stream.column.role == .feature) {
      // Of what comes out, what is not there was mostly not asked for.
      let shares = ShareReference(
        counts: stream.counts, isOrdered: stream.isOrdered, isContinuous: stream.isContinuous)
      streams.append(
        WatchedStream(
          place: place, column: stream.column, aspect: stream.aspect, cells: stream.names,
          detector: ShareDetector(shares)))
    }
  }

  /// Has each stream's detector take up what was written of it.
  mutating func readStreams(from reader: inout SketchReader) throws(Problem) {
    for place in streams.indices { try streams[place].detector.read(from: &reader) }
  }

  /// Forgets what was counted of the values of masked columns; an alert about them stands no more.
  ///
  /// Which of them are there is watched as before.
  public mutating func forget(_ mask: ColumnMask) {
    for place in streams.indices
    where streams[place].aspect == .values && mask.hides(streams[place].column) {
      streams[place].detector = ShareDetector(streams[place].detector.reference)
    }
  }

  /// How many streams share the budget.
  public var streamCount: Int { streams.count }

  /// The columns of which an alert stands, and what about them.
  public var standing: [(column: String, aspect: Alert.Aspect)] {
    streams.filter(\.detector.isRaised).map { ($0.column.name, $0.aspect) }
  }

  /// Whether an alert stands about this of a column of that name and role.
  public func isStanding(column: String, role: String, aspect: String) -> Bool {
    streams.contains {
      $0.detector.isRaised && $0.column.name == column && $0.column.role.text == role
        && $0.aspect.rawValue == aspect
    }
  }

  /// Takes what came in a span of time that ended at `moment` and begins where the one before ended; what is to be told.
  ///
  /// The shorter the spans, the sooner a change is found: one that is seen in 1,000 requests is told of when the span
  /// ends that has the last of them. Throws `monitoring.unlike-profiles`.
  public mutating func observe(_ profile: ModelProfile, until moment: Timestamp) throws(Problem) -> [Alert] {
    guard profile.shape == reference.shape else {
      throw Problem(
        .badInput, "monitoring.unlike-profiles",
        "expected a profile of the reference's \(reference.shape.columns.count) columns, found another",
        hint: "compare a version with the reference of its own training")
    }
    let cells = Self.cells(of: profile, isTraining: false)
    return observe(until: moment) { cells[$0.place].counts }
  }

  /// Takes counts of cells, stream by stream.
  mutating func observe(until moment: Timestamp, counts: (WatchedStream) -> [Double]) -> [Alert] {
    var alerts: [Alert] = []
    for place in streams.indices {
      let counts = counts(streams[place])
      let alert = streams[place].observe(counts, until: moment, streams: streams.count, budget: budget)
      if let alert { alerts.append(alert) }
    }
    guard alerts.contains(where: { $0.change != nil }) else { return alerts }
    let raised = Set(alerts.map(\.column))
    let told = naturalLogarithm(budget.threshold(streams: streams.count))
    // Those that have just been told of count with what they reached at least.
    let evidence = streams.map { raised.contains($0.column.name) ? told : $0.detector.evidence }
    let companions = AlertBudget.standingOut(evidence, share: min(budget.falseAlertsPerYear, 1))
      .map { streams[$0].column.name }.filter { !raised.contains($0) }
    for place in alerts.indices where alerts[place].change != nil { alerts[place].companions = companions }
    return alerts
  }
}

extension DriftMonitor {
  /// The cells of one stream and what was counted in each.
  struct Cells {
    let column: ColumnShape
    let aspect: Alert.Aspect
    let names: [String]
    let counts: [Double]
    let isOrdered: Bool
    /// Whether hardly any value came twice, as far as it is known how many different ones there were.
    var isContinuous = false
  }

  /// What a profile has in the cells of each stream: those of numbers first, two for each column.
  static func cells(of profile: ModelProfile, isTraining: Bool) -> [Cells] {
    var cells: [Cells] = []
    for (place, index) in profile.shape.numberColumns.enumerated() {
      let (column, number) = (profile.shape.columns[index], profile.numbers[place])
      cells.append(
        Cells(
          column: column, aspect: .values, names: binNames(of: column),
          counts: number.bins.map { Double($0) },
          isOrdered: true, isContinuous: number.distinct.value >= 0.8 * Double(number.moments.count)))
      cells.append(
        Cells(
          column: column, aspect: .presence, names: ["present", "missing", "infinite"],
          counts: [number.moments.count + number.hidden.count, number.missing, number.infinite]
            .map { Double($0) },
          isOrdered: false))
    }
    for (place, index) in profile.shape.categoryColumns.enumerated() {
      let (column, category) = (profile.shape.columns[index], profile.categories[place])
      let labels = profile.shape.categories[place].labels
      // The labels come by how frequent they are in training.
      let apart = min(labels.count, categoryLimit)
      let known = category.counts.known
      let rest = known[apart...].reduce(0, +)
      // In training as many were new, when they came, as came once alone (Good, "The population frequencies of species",
      // 1953).
      let new = isTraining ? known.count { $0 == 1 } : category.counts.unknown
      cells.append(
        Cells(
          column: column, aspect: .values,
          names: labels.prefix(apart).map { "'\($0.excerpt(40))'" } + [
            "a rarer category", "a category not in training",
          ],
          counts: known.prefix(apart).map { Double($0) } + [Double(rest), Double(new)], isOrdered: false))
      cells.append(
        Cells(
          column: column, aspect: .presence, names: ["present", "missing"],
          counts: [Double(category.count - category.missing), Double(category.missing)], isOrdered: false))
    }
    return cells
  }

  private static func binNames(of column: ColumnShape) -> [String] {
    guard case .number(let shape) = column.kind, let last = shape.edges.last else { return ["any value"] }
    return shape.edges.map { "up to \($0.shortText)" } + ["above \(last.shortText)"]
  }
}
