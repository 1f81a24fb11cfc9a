public import Domain

/// That a version is worse than it was, in figures alone.
public struct PerformanceAlarm: Sendable, Equatable {
  /// What fell.
  public let metric: PerformanceEstimate.Metric
  /// When the first of the days begins that show it.
  public let since: Timestamp
  /// When the last of them ends.
  public let until: Timestamp
  /// How many they are.
  public let days: Int
  /// How many labelled rows they have.
  public let rows: Int
  /// The e-value of all days together.
  public let eValue: Double
  /// What it had to reach.
  public let threshold: Double
  /// The sentence for a person: no value of anybody's row is in it.
  public let words: String
}

/// Holds the days of a version whose labels came against its first ones, and says when it is worse.
///
/// The null hypothesis is that a row is counted (`PerformanceReference`) with no greater probability than is allowed, whatever came
/// before it. For each day a test begins: what bets on greater shares came to, which is an e-process. Their sum is an e-detector
/// (Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", 2024): less the number of
/// days it is a supermartingale, so that it reaches a threshold within so many days with a probability of at most their share of it,
/// however often one looks. At 73,000 that is half a percent a year. Beside it stands the half percent, once for each version, that the
/// reference was lucky beyond its bound.
public struct PerformanceWatch: Sendable, Equatable {
  /// What a day that was taken changed.
  public enum Turn: Sendable, Equatable {
    /// The version is worse than it was.
    case raised(PerformanceAlarm)
    /// It is not any more: a sentence with figures.
    case ended(String)
  }

  /// How many labelled rows a reference has at least.
  public static let leastRows = 200
  /// Over how many days it goes at least: what has a rhythm has that of weeks.
  public static let leastDays: Int64 = 7
  /// How many rows those days have at least that an alarm is told of, or its end.
  static let (leastShown, leastRecovered) = (50, 200)
  /// How many days are held against the reference at most, each from its own on.
  static let life = 90
  /// How many errors of a day go into the reference, and how many there are at most.
  static let (errorsOfDay, errorLimit) = (500, 4500)
  /// What the sum of the e-values has to reach: 0.01 false alarms a year, half of which are the reference's.
  public static let threshold = 365 / (AlertBudget().falseAlertsPerYear / 2)
  /// What bets put the odds of the allowed share at.
  private static let tilts = [1.1, 1.25, 1.7, 3, 8]

  /// The rows of a day, and how many of them are counted.
  struct Day: Sendable, Equatable {
    let start: Timestamp
    var rows: Int
    var misses: Int
    var errors = ErrorSum()
  }

  /// What a reference is to be made of.
  struct Gathered: Sendable, Equatable {
    var metric: PerformanceEstimate.Metric
    var (first, last): (Timestamp, Timestamp)
    var days = 0
    var rows = 0
    var misses = 0
    var errors: [Double] = []
    var sum = ErrorSum()

    init(metric: PerformanceEstimate.Metric, from first: Timestamp) {
      self.metric = metric
      (self.first, last) = (first, first)
    }

    static func == (left: Self, right: Self) -> Bool {
      (left.metric, left.first, left.last, left.days, left.rows) == (
        right.metric, right.first, right.last, right.days, right.rows
      ) && left.misses == right.misses && left.errors == right.errors && left.sum == right.sum
    }
  }

  /// What the reference is made of, before there is one.
  var gathered: Gathered?
  /// What days are held against; nil where there are not enough yet.
  public internal(set) var reference: PerformanceReference?
  /// The days since the reference, or since the last turn.
  var days: [Day] = []
  /// What is the matter; nil where nothing is known to be.
  public internal(set) var alarm: PerformanceAlarm?

  /// Nothing is known yet.
  public init() {}

  /// How many rows there are to make a reference of.
  public var gatheredRows: Int { gathered?.rows ?? 0 }

  /// Takes a day whose labels are there, once; whether it has an alarm begin or end.
  public mutating func take(_ day: LabelledDay) -> Turn? {
    guard let reference else {
      gather(day)
      return nil
    }
    guard day.metric == reference.metric else { return nil }
    var taken = Day(start: day.start, rows: day.rows, misses: reference.misses(of: day))
    taken.errors.take(day.errors)
    if days.count == Self.life { days.removeFirst() }
    days.append(taken)
    return alarm == nil ? raise(reference) : end(reference)
  }

  private mutating func gather(_ day: LabelledDay) {
    var gathered = self.gathered ?? Gathered(metric: day.metric, from: day.start)
    guard gathered.metric == day.metric else { return }
    gathered.first = min(gathered.first, day.start)
    gathered.last = max(gathered.last, day.start)
    gathered.days += 1
    gathered.rows += day.rows
    gathered.misses += day.misses
    gathered.errors += day.errors(upTo: min(Self.errorsOfDay, Self.errorLimit - gathered.errors.count))
    gathered.sum.take(day.errors)
    self.gathered = gathered
    let length = gathered.last.milliseconds - gathered.first.milliseconds + Self.day
    guard gathered.rows >= Self.leastRows, length >= Self.leastDays * Self.day else { return }
    let span = gathered.first...Timestamp(milliseconds: gathered.last.milliseconds + Self.day)
    reference =
      gathered.metric == .accuracy
      ? PerformanceReference(misses: gathered.misses, of: gathered.rows, span: span, days: gathered.days)
      : PerformanceReference(errors: gathered.errors, gathered.sum, span: span, days: gathered.days)
    self.gathered = nil
  }

  private static let day: Int64 = 86_400_000

  // MARK: Tests

  private mutating func raise(_ reference: PerformanceReference) -> Turn? {
    guard reference.allowed < 0.99 else { return nil }
    var (shown, strongest): (Day?, (day: Day, days: Int, evidence: Double)?)
    var terms: [Double] = []
    for (count, day) in days.reversed().enumerated() {
      let seen = day.with(shown)
      shown = seen
      // Not looking is always allowed; below the line every bet has lost.
      guard seen.rows >= Self.leastShown,
        Double(seen.misses) > Double(seen.rows) * reference.allowed
      else { continue }
      let evidence = Self.evidence(seen, beyond: reference.allowed)
      terms.append(evidence)
      if evidence > strongest?.evidence ?? -.infinity { strongest = (seen, count + 1, evidence) }
    }
    let evidence = logarithmOfSum(terms)
    guard let strongest, evidence >= naturalLogarithm(Self.threshold) else { return nil }
    let estimate = strongest.day.estimate(reference.metric)
    let last = days.map(\.start).max() ?? strongest.day.start
    let raised = PerformanceAlarm(
      metric: reference.metric, since: strongest.day.start,
      until: Timestamp(milliseconds: last.milliseconds + Self.day), days: strongest.days,
      rows: strongest.day.rows, eValue: exponential(min(evidence, 700)), threshold: Self.threshold,
      words: Self.words(strongest.day, estimate, of: strongest.days, reference))
    alarm = raised
    days = []
    return .raised(raised)
  }

  private mutating func end(_ reference: PerformanceReference) -> Turn? {
    var shown: Day?
    for (count, day) in days.reversed().enumerated() {
      let seen = day.with(shown)
      shown = seen
      guard seen.rows >= Self.leastRecovered else { continue }
      guard Double(seen.misses) <= Double(seen.rows) * reference.allowed else { return nil }
      alarm = nil
      days = []
      return .ended(Self.words(seen, seen.estimate(reference.metric), of: count + 1, reference))
    }
    return nil
  }

  /// The logarithm of the e-value of rows so many of which are counted, against a share of at most `allowed`.
  private static func evidence(_ seen: Day, beyond allowed: Double) -> Double {
    let (misses, hits) = (Double(seen.misses), Double(seen.rows - seen.misses))
    let odds = allowed / (1 - allowed)
    return logarithmOfSum(
      tilts.map { tilt in
        let share = odds * tilt / (1 + odds * tilt)
        return misses * naturalLogarithm(share / allowed)
          + hits * (naturalLogarithm(onePlus: -share) - naturalLogarithm(onePlus: -allowed))
      }) - naturalLogarithm(Double(tilts.count))
  }

  private static func words(
    _ seen: Day, _ estimate: PerformanceEstimate?, of days: Int, _ reference: PerformanceReference
  ) -> String {
    let rows = "\(seen.rows) labelled rows of \(days) \(days == 1 ? "day" : "days") since \(seen.start)"
    guard reference.metric == .mae else {
      return
        "\(words(.accuracy, estimate)) of \(rows); was \(words(nil, reference.estimate)) of \(reference.rows)"
    }
    // What is held against the reference comes first: a mean may be anything where a few errors are great.
    let share = Double(seen.misses) / Double(max(seen.rows, 1)) * 100
    return
      "\(share.rounded(places: 1)) % of the errors of \(rows) are greater than 80 % of those of the first"
      + " \(reference.rows) were; \(words(.mae, estimate)), was \(words(nil, reference.estimate))"
  }

  private static func words(_ metric: PerformanceEstimate.Metric?, _ estimate: PerformanceEstimate?) -> String
  {
    let name = metric.map { "\($0.rawValue) " } ?? ""
    guard let estimate else { return "\(name)beyond every number" }
    func text(_ value: Double) -> String {
      estimate.metric == .accuracy ? value.rounded(places: 3) : value.shortText
    }
    let interval = estimate.interval.map { " (\(text($0.lowerBound)) to \(text($0.upperBound)))" } ?? ""
    return name + text(estimate.value) + interval
  }
}

extension PerformanceWatch.Day {
  /// The day with those that came after it.
  fileprivate func with(_ later: Self?) -> Self {
    guard let later else { return self }
    var sum = Self(
      start: min(start, later.start), rows: rows + later.rows, misses: misses + later.misses, errors: errors)
    sum.errors.take(later.errors)
    return sum
  }

  fileprivate func estimate(_ metric: PerformanceEstimate.Metric) -> PerformanceEstimate? {
    metric == .accuracy ? .accuracy(misses: misses, of: rows) : errors.mean
  }
}
