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
  /// The e-value of the look that found it.
  public let eValue: Double
  /// What it had to reach.
  public let threshold: Double
  /// The sentence for a person: no value of anybody's row is in it.
  public let words: String
}

/// Holds the days of a version whose labels came against its first ones, and says when it is worse.
///
/// Most traffic has a week's rhythm, and a day that is worse every week is no fall. So a look, one with each day that is taken, is
/// at whole weeks alone: at the newest Monday, Tuesday and so on, at the newest two of each, and so on. The null hypothesis is that in
/// each of them rows are counted (`PerformanceReference`) with probabilities whose mean is at most what is allowed. What bets on
/// greater shares came to is an e-value then: of rows with different probabilities the product of the bets is expected to be the
/// greatest where all have the mean. The mean of e-values is one as well, and reaches a threshold with a probability of at most one in
/// so many (Vovk and Wang, "E-values: calibration, combination and applications", 2021). At 73,000 that is half a percent in a year of
/// daily looks, whatever they have in common, in whichever order days come and however many do not. Beside it stands the half percent,
/// once for each set of weekdays that is looked at, that the reference was lucky beyond its bound.
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
  /// Of how many days weeks are: what has a rhythm has that of weeks.
  static let weekDays = 7
  /// How many rows those weeks have at least that an alarm is told of, or its end.
  static let leastShown = 50
  /// How many weeks are looked at, at most.
  static let mostWeeks = 12
  /// How many days are held against the reference at most.
  static let life = 90
  /// How many errors of a day are looked at, and how many there are in a reference at most.
  static let (errorsOfDay, errorLimit) = (500, 4500)
  /// What an e-value has to reach: 0.01 false alarms a year, half of which are the reference's.
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

  /// What a reference is to be made of, before there is one.
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
    conclude(before: day.start)
    guard let reference else {
      var gathered = self.gathered ?? Gathered(metric: day.metric, from: day.start)
      gathered.take(day)
      self.gathered = gathered
      conclude(before: Timestamp(milliseconds: gathered.last.milliseconds + Timestamp.dayLength))
      return nil
    }
    // There is nothing to hold a Sunday against where the first weeks had none.
    guard day.metric == reference.metric, reference.has(day.start.weekday) else { return nil }
    let (rows, misses) = reference.counted(day)
    var taken = Day(start: day.start, rows: rows, misses: misses)
    taken.errors.take(day.errors)
    if days.count == Self.life { days.removeFirst() }
    days.append(taken)
    return alarm == nil ? raise(reference) : end(reference)
  }

  /// Makes the reference of what was gathered, where that is enough before a day that follows.
  private mutating func conclude(before day: Timestamp) {
    guard reference == nil, let gathered, gathered.isEnough(before: day) else { return }
    reference = PerformanceReference(gathered)
    self.gathered = nil
  }

  // MARK: Looks

  /// What a look is at: the newest day of each day of the week, the newest two, and so on; and which days of the week these are.
  ///
  /// None before there are days of a week, for which ones come is not known then. That one is missing, or comes late, has the one before it
  /// stand in its place.
  private var weeks: (seen: [(sum: Day, days: Int)], weekdays: Set<Int>) {
    let newestFirst = days.sorted { $0.start > $1.start }
    guard let last = newestFirst.first?.start, let first = newestFirst.last?.start,
      last.milliseconds - first.milliseconds >= Int64(Self.weekDays - 1) * Timestamp.dayLength
    else { return ([], []) }
    var byWeekday = [[Day]](repeating: [], count: Self.weekDays)
    for day in newestFirst { byWeekday[day.start.weekday].append(day) }
    // One Saturday that was worked weeks ago does not keep the other days from being looked at for as long as they go back.
    let stale = last.milliseconds - 2 * Int64(Self.weekDays) * Timestamp.dayLength
    let present = byWeekday.indices.filter { (byWeekday[$0].first?.start.milliseconds ?? stale) > stale }
    var seen: [(sum: Day, days: Int)] = []
    var sum: Day?
    for number in 0..<min(present.map { byWeekday[$0].count }.min() ?? 0, Self.mostWeeks) {
      for weekday in present { sum = byWeekday[weekday][number].with(sum) }
      if let sum { seen.append((sum, (number + 1) * present.count)) }
    }
    return (seen, Set(present))
  }

  private mutating func raise(_ reference: PerformanceReference) -> Turn? {
    let (weeks, weekdays) = weeks
    let allowed = reference.allowed(on: weekdays)
    guard allowed < 0.99 else { return nil }
    var strongest: (seen: Day, days: Int, evidence: Double)?
    var terms: [Double] = []
    for (seen, days) in weeks {
      // Below the line every bet has lost, and to leave an e-value out makes the mean no greater.
      guard seen.rows >= Self.leastShown, Double(seen.misses) > Double(seen.rows) * allowed else { continue }
      let evidence = Self.evidence(seen, beyond: allowed)
      terms.append(evidence)
      if evidence > strongest?.evidence ?? -.infinity { strongest = (seen, days, evidence) }
    }
    guard let strongest, let last = days.map(\.start).max() else { return nil }
    let evidence = logarithmOfSum(terms) - naturalLogarithm(Double(weeks.count))
    guard evidence >= naturalLogarithm(Self.threshold) else { return nil }
    let raised = PerformanceAlarm(
      metric: reference.metric, since: strongest.seen.start,
      until: Timestamp(milliseconds: last.milliseconds + Timestamp.dayLength), days: strongest.days,
      rows: strongest.seen.rows, eValue: exponential(min(evidence, 700)), threshold: Self.threshold,
      words: Self.words(strongest.seen, of: strongest.days, reference))
    alarm = raised
    days = []
    return .raised(raised)
  }

  /// Over where weeks since the alarm say that the share is within what is allowed, and not by chance: one that happened to lie below the
  /// line is no end of what lies beside it.
  private mutating func end(_ reference: PerformanceReference) -> Turn? {
    let (weeks, weekdays) = weeks
    let allowed = reference.allowed(on: weekdays)
    for (seen, count) in weeks where seen.rows >= Self.leastShown {
      guard
        Interval.isShare(of: seen.misses, in: seen.rows, lessThan: allowed, risk: PerformanceReference.risk)
      else { continue }
      alarm = nil
      days = []
      return .ended(Self.words(seen, of: count, reference))
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

  private static func words(_ seen: Day, of days: Int, _ reference: PerformanceReference) -> String {
    let estimate = seen.estimate(reference.metric)
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
  /// The day with those that were summed up before.
  fileprivate func with(_ others: Self?) -> Self {
    guard let others else { return self }
    var sum = Self(
      start: min(start, others.start), rows: rows + others.rows, misses: misses + others.misses,
      errors: errors)
    sum.errors.take(others.errors)
    return sum
  }

  fileprivate func estimate(_ metric: PerformanceEstimate.Metric) -> PerformanceEstimate? {
    metric == .accuracy ? .accuracy(misses: misses, of: rows) : errors.mean
  }
}

extension Timestamp {
  /// The milliseconds of a day of UTC.
  static let dayLength: Int64 = 86_400_000

  /// Which day of the week it is in UTC, from 0; 0 is the one that 1970 began with.
  var weekday: Int {
    let week = Int64(PerformanceWatch.weekDays)
    return Int(((milliseconds / Self.dayLength) % week + week) % week)
  }
}
