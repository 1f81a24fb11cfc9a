public import Domain
import Encoding

/// What is told of a column whose live values are no longer like training's, or are again.
public struct Alert: Sendable, Equatable {
  /// What about a column is watched.
  public enum Aspect: String, Sendable, CaseIterable {
    /// How its values are distributed.
    case values
    /// How many of them are missing or infinite.
    case presence
  }

  /// A change, as it was seen.
  public struct Change: Sendable, Equatable {
    /// From when on the rows are that show it: the change itself may have begun a little earlier or later.
    public let since: Timestamp
    /// How many rows show it.
    public let rows: Int
    /// How far they are from training: for a number the Kolmogorov–Smirnov statistic between its bins, else the total
    /// variation distance.
    public let distance: Double
    /// The e-value of the year.
    public let eValue: Double
    /// What it had to reach.
    public let threshold: Double
    /// What stands out most, in words.
    public let detail: String
  }

  /// The column's name.
  public let column: String
  /// What the column is to the model.
  public let role: ColumnShape.Role
  /// What about it changed.
  public let aspect: Aspect
  /// When it was found.
  public let at: Timestamp
  /// The change; nil where one that had been told of is gone.
  public let change: Change?
  /// The columns that stand out too, at a false discovery rate of the budget, though none would on its own.
  public internal(set) var companions: [String] = []
  /// The sentence for a person.
  public let message: String
}

extension Alert {
  /// A change in figures alone: no category and no value stands in it, so that it may be where nothing can be erased.
  package static func figures(
    role: String, column: String, aspect: String, distance: Double, rows: Int, since: Timestamp,
    eValue: Double, threshold: Double
  ) -> String {
    "\(role) '\(column.excerpt(60))': \(aspect) are \(distance.rounded(places: 2)) from those of training over"
      + " \(rows) requests since \(since); e-value \(eValue.exponentText), needed \(threshold.exponentText)"
  }

  /// The same of this alert.
  public var figures: String {
    guard let change else {
      return "\(role.text) '\(column.excerpt(60))': \(aspect.rawValue) are like those of training again"
    }
    return Self.figures(
      role: role.text, column: column, aspect: aspect.rawValue, distance: change.distance,
      rows: change.rows, since: change.since, eValue: change.eValue, threshold: change.threshold)
  }
}

/// One stream of cells of a column, with what is needed to say what was seen in it.
struct WatchedStream: Sendable {
  /// Its place among the cells of a profile.
  let place: Int
  let column: ColumnShape
  let aspect: Alert.Aspect
  /// What each cell is called: 'red', 'up to 3.5', 'missing'.
  let cells: [String]
  var detector: ShareDetector

  private var subject: String {
    switch column.role {
    case .feature: "feature '\(column.name.excerpt(60))'"
    case .prediction: "prediction '\(column.name.excerpt(60))'"
    case .confidence: "confidence '\(column.name.excerpt(60))'"
    }
  }

  /// Takes counts of a span, and words what there is to be told.
  mutating func observe(_ counts: [Double], until moment: Timestamp, streams: Int, budget: AlertBudget)
    -> Alert?
  {
    let threshold = budget.threshold(streams: streams)
    let turn = detector.observe(counts, until: moment, threshold: naturalLogarithm(threshold))
    switch turn {
    case nil: return nil
    case .cleared:
      return Alert(
        column: column.name, role: column.role, aspect: aspect, at: moment, change: nil,
        message: "\(subject): \(aspect.rawValue) are like those of training again")
    case .raised(let seen, let evidence):
      let reference = detector.reference
      let rows = seen.counts.reduce(0, +)
      let distance = reference.distance(seen.counts)
      let eValue = exponential(min(evidence, 700))
      let detail = detail(seen.counts, rows)
      let measure = reference.isOrdered ? "KS" : "total variation"
      return Alert(
        column: column.name, role: column.role, aspect: aspect, at: moment,
        change: Alert.Change(
          since: seen.since, rows: Int(rows), distance: distance, eValue: eValue, threshold: threshold,
          detail: detail),
        message:
          "\(subject): \(measure) \(distance.rounded(places: 2)) against training over \(Int(rows)) requests since"
          + " \(seen.since), \(detail); e-value \(eValue.exponentText), needed \(threshold.exponentText) for"
          + " \(budget.falseAlertsPerYear.exponentText) false alerts a year")
    }
  }

  /// The cell whose share changed most, measured by what chance would do.
  private func detail(_ counts: [Double], _ rows: Double) -> String {
    let reference = detector.reference
    func distance(_ cell: Int) -> Double {
      let gap = counts[cell] / rows - reference.shares[cell]
      return gap * gap / reference.shares[cell]
    }
    guard let cell = counts.indices.max(by: { distance($0) < distance($1) }) else { return "" }
    let (live, training) = (counts[cell] / rows * 100, reference.shares[cell] * 100)
    return "\(cells[cell]): \(live.rounded(places: 1)) % where training had \(training.rounded(places: 1)) %"
  }
}

extension ShareReference {
  /// The largest difference between the cumulated shares where cells have an order, half the sum of all differences
  /// where they have none.
  func distance(_ counts: [Double]) -> Double {
    let rows = counts.reduce(0, +)
    guard rows > 0 else { return 0 }
    var (sum, largest, total) = (0.0, 0.0, 0.0)
    for cell in counts.indices {
      let gap = counts[cell] / rows - shares[cell]
      sum += gap
      largest = max(largest, abs(sum))
      total += abs(gap)
    }
    return isOrdered ? largest : total / 2
  }
}

extension Double {
  /// The number with so many places behind the point, as text.
  package func rounded(places: Int) -> String {
    guard isFinite, abs(self) < 1e15 else { return "\(self)" }
    var power = 1
    for _ in 0..<places { power *= 10 }
    let scaled = Int((abs(self) * Double(power)).rounded())
    let fraction = String(scaled % power)
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(scaled)" }
    return "\(sign)\(scaled / power)." + String(repeating: "0", count: places - fraction.utf8.count)
      + fraction
  }

  /// The number to about four digits.
  package var shortText: String {
    let size = abs(self)
    if size >= 1e6 || (size > 0 && size < 1e-3) {
      return self < 0 ? "-" + size.exponentText : size.exponentText
    }
    return rounded(places: size < 1 ? 4 : size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0)
  }

  /// Two digits and a power of ten: `3.1e7`; numbers from 0.01 to 999 as they are.
  package var exponentText: String {
    guard isFinite, self > 0 else { return "\(self)" }
    if self >= 0.01, self < 1000 { return self == rounded() ? rounded(places: 0) : rounded(places: 2) }
    var (mantissa, exponent) = (self, 0)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    if mantissa >= 9.95 { (mantissa, exponent) = (1, exponent + 1) }
    return "\(mantissa.rounded(places: 1))e\(exponent)"
  }
}
