public import Domain

/// What is known of the predictions of one day, once its labels are there.
public struct LabelledDay: Sendable, Equatable {
  /// When the day began.
  public let start: Timestamp
  /// What is held against earlier days: how often a class was right, or how great errors are.
  public let metric: PerformanceEstimate.Metric
  /// How many rows have a label.
  public let rows: Int
  /// How many classes were wrong.
  let misses: Int
  /// Of numbers the sizes of the errors, in the order of the rows.
  let errors: [Double]

  /// Counts the rows of a day that have labels; nil where none has.
  public init?(from start: Timestamp, _ rows: [LabelledPrediction]) {
    var (hits, misses) = (0, 0)
    var errors: [Double] = []
    for row in rows {
      switch (row.label, row.prediction) {
      case (.classes(let truth), .binary(let said, _)), (.classes(let truth), .classes(let said, _)):
        if said == truth { hits += 1 } else { misses += 1 }
      // An error beyond every number is greater than all others, which is what is asked of it.
      case (.number(let truth), .number(let said)):
        let error = abs(said - truth)
        errors.append(error.isFinite ? error : .greatestFiniteMagnitude)
      default: break
      }
    }
    guard hits + misses + errors.count > 0 else { return nil }
    self.start = start
    self.errors = errors
    metric = errors.isEmpty ? .accuracy : .mae
    self.rows = errors.isEmpty ? hits + misses : errors.count
    self.misses = misses
  }

  /// A day of classes, so many of which were wrong.
  init(from start: Timestamp, misses: Int, of rows: Int) {
    self.start = start
    (metric, self.rows, self.misses, errors) = (.accuracy, rows, misses, [])
  }

  /// A day of numbers with errors of these sizes.
  init(from start: Timestamp, errors: [Double]) {
    self.start = start
    (metric, rows, misses, self.errors) = (.mae, errors.count, 0, errors)
  }

  /// At most so many of the errors, evenly spaced.
  func errors(upTo count: Int) -> [Double] {
    guard errors.count > count else { return errors }
    return (0..<count).map { errors[$0 * errors.count / count] }
  }
}

/// The sum of errors and of their squares: what a mean and its interval take.
struct ErrorSum: Sendable, Equatable {
  var rows = 0
  /// Infinite where no number says it.
  var sum = 0.0
  var squares = 0.0

  mutating func take(_ errors: [Double]) {
    rows += errors.count
    for error in errors {
      sum += error
      squares += error * error
    }
  }

  mutating func take(_ other: ErrorSum) {
    rows += other.rows
    sum += other.sum
    squares += other.squares
  }

  /// The mean error; nil where there is none, or no number says it.
  var mean: PerformanceEstimate? {
    guard rows > 0, sum.isFinite else { return nil }
    let mean = sum / Double(rows)
    let spread = max(0, squares - sum * mean)
    let moments = Moments(count: rows, mean: mean, squaredDistances: spread, least: 0, greatest: mean)
    return PerformanceEstimate(metric: .mae, value: mean, interval: Interval.mean(moments))
  }
}

/// How good a version was in the first weeks whose labels came: what its later ones are held against.
///
/// What is held against is a share of rows. Of classes it is that of the wrong ones. Of numbers it is that of errors greater than
/// four of five were in the reference: errors may have any distribution, heavy tails too, and the share of later ones above an order
/// statistic of the reference is known exactly whatever it is (Wilks, "Mathematical statistics", 1962, 8.7), while for a mean of
/// errors without a bound no test holds. The same number of errors of a day is looked at here and there, so that days weigh the same.
public struct PerformanceReference: Sendable, Equatable {
  /// How many rows of one day of the week there were, and how many of them are counted.
  struct Weekday: Sendable, Equatable {
    var rows = 0
    var misses = 0
  }

  /// With which probability the share that is allowed is less than the true one, once for each set of weekdays that is looked at.
  static let risk = 0.005
  /// By how much more than it can have been by chance a share has to be greater to matter.
  static let tolerance = 1.1
  /// The part of errors of the reference that are not counted.
  private static let usual = 0.8

  /// What is held against later days.
  public let metric: PerformanceEstimate.Metric
  /// When its first day begins, and its last one ends.
  public let span: ClosedRange<Timestamp>
  /// Of how many days it is.
  public let days: Int
  /// Of how many rows.
  public let rows: Int
  /// The accuracy, or the mean absolute error, with its interval; nil where no number says it.
  public let estimate: PerformanceEstimate?
  /// Beyond what an error is counted; nil for classes.
  let errorBound: Double?
  /// The share of rows that are counted above which something is the matter.
  public let allowed: Double
  /// The days of the week, from the one that 1970 began with; empty where they are not known.
  let weekdays: [Weekday]

  /// A reference as it was kept.
  init(
    metric: PerformanceEstimate.Metric, span: ClosedRange<Timestamp>, days: Int, rows: Int,
    estimate: PerformanceEstimate?, errorBound: Double?, allowed: Double, weekdays: [Weekday]
  ) {
    self.metric = metric
    self.span = span
    self.days = days
    self.rows = rows
    self.estimate = estimate
    self.errorBound = errorBound
    self.allowed = allowed
    self.weekdays = weekdays
  }

  /// What was gathered, of one row or more.
  init(_ gathered: PerformanceWatch.Gathered) {
    let span = gathered.first...Timestamp(milliseconds: gathered.last.milliseconds + Timestamp.dayLength)
    guard gathered.metric == .mae else {
      let misses = gathered.weekdays.reduce(0) { $0 + $1.misses }
      self.init(
        metric: .accuracy, span: span, days: gathered.days, rows: gathered.rows,
        estimate: .accuracy(misses: misses, of: gathered.rows), errorBound: nil,
        allowed: Self.allowed(misses, of: gathered.rows),
        weekdays: gathered.weekdays.map { Weekday(rows: $0.rows, misses: $0.misses) })
      return
    }
    let sorted = gathered.weekdays.flatMap(\.errors).sorted()
    let within = min(max(Int((Double(sorted.count) * Self.usual).rounded(.up)), 1), max(sorted.count, 1))
    let bound = sorted.isEmpty ? .greatestFiniteMagnitude : sorted[within - 1]
    self.init(
      metric: .mae, span: span, days: gathered.days, rows: gathered.sum.rows, estimate: gathered.sum.mean,
      errorBound: bound, allowed: Self.allowed(sorted.count - within, of: sorted.count),
      weekdays: gathered.weekdays.map { weekday in
        Weekday(rows: weekday.rows, misses: weekday.errors.count { $0 > bound })
      })
  }

  private static func allowed(_ misses: Int, of rows: Int) -> Double {
    Interval.greatestShare(misses, of: rows, risk: risk) * tolerance
  }

  /// Whether any of its rows are of this day of the week.
  func has(_ weekday: Int) -> Bool { weekdays.isEmpty || weekdays[weekday].rows > 0 }

  /// The share that is allowed where these days of the week alone come of those that it has.
  ///
  /// Never less than that of all of them; where the better days are missing it is that of the others.
  func allowed(on present: Set<Int>) -> Double {
    guard weekdays.indices.contains(where: { has($0) && !present.contains($0) }) else { return allowed }
    let parts = present.map { weekdays[$0] }
    return max(
      allowed, Self.allowed(parts.reduce(0) { $0 + $1.misses }, of: parts.reduce(0) { $0 + $1.rows }))
  }

  /// How many rows of a day are looked at, and how many of them are counted.
  func counted(_ day: LabelledDay) -> (rows: Int, misses: Int) {
    guard let errorBound else { return (day.rows, day.misses) }
    let errors = day.errors(upTo: PerformanceWatch.errorsOfDay)
    return (errors.count, errors.count { $0 > errorBound })
  }
}

extension PerformanceEstimate {
  /// The accuracy of classes of which so many were wrong; of one row or more.
  static func accuracy(misses: Int, of rows: Int) -> PerformanceEstimate {
    let (hits, all) = (Double(rows - misses), Double(max(rows, 1)))
    return PerformanceEstimate(metric: .accuracy, value: hits / all, interval: Interval.share(hits, of: all))
  }
}

extension Interval {
  /// The greatest share of which so few of so many come with a probability of `risk` (Clopper and Pearson, "The use of
  /// confidence or fiducial limits illustrated in the case of the binomial", 1934): the true one is greater with that probability
  /// at most.
  static func greatestShare(_ part: Int, of whole: Int, risk: Double) -> Double {
    guard part < whole, part >= 0 else { return 1 }
    var (low, high) = (Double(part) / Double(whole), 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if atMost(part, of: whole, middle) > risk { low = middle } else { high = middle }
    }
    return high
  }

  /// Whether the greatest share of which so few of so many come with a probability of `risk` is less than this one.
  static func isShare(of part: Int, in whole: Int, lessThan share: Double, risk: Double) -> Bool {
    Double(part) < Double(whole) * share && atMost(part, of: whole, share) < risk
  }

  /// The probability of at most so many of so many, each with this probability, no less than the share that they are.
  private static func atMost(_ part: Int, of whole: Int, _ share: Double) -> Double {
    guard share > 0, share < 1 else { return share >= 1 ? 0 : 1 }
    let (n, k) = (Double(whole), Double(part))
    let first =
      logarithmOfGamma(n + 1) - logarithmOfGamma(k + 1) - logarithmOfGamma(n - k + 1)
      + k * naturalLogarithm(share) + (n - k) * naturalLogarithm(onePlus: -share)
    var (sum, term, at) = (1.0, 1.0, k)
    // Each is less than the one before it by more and more.
    while at > 0 {
      term *= at * (1 - share) / ((n - at + 1) * share)
      sum += term
      if term < sum * 1e-16 { break }
      at -= 1
    }
    return exponential(first) * sum
  }
}
