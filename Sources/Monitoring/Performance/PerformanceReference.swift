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

/// How good a version was in the first days whose labels came: what its later days are held against.
///
/// What is held against is a share of rows. Of classes it is that of the wrong ones. Of numbers it is that of errors greater than
/// four of five were in the reference: errors may have any distribution, heavy tails too, and the share of later ones above an order
/// statistic of the reference is known exactly whatever it is (Wilks, "Mathematical statistics", 1962, 8.7), while for a mean of
/// errors without a bound no test holds.
public struct PerformanceReference: Sendable, Equatable {
  /// With which probability the share that is allowed is less than the true one, once for each version.
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

  /// A reference as it was kept.
  init(
    metric: PerformanceEstimate.Metric, span: ClosedRange<Timestamp>, days: Int, rows: Int,
    estimate: PerformanceEstimate?, errorBound: Double?, allowed: Double
  ) {
    self.metric = metric
    self.span = span
    self.days = days
    self.rows = rows
    self.estimate = estimate
    self.errorBound = errorBound
    self.allowed = allowed
  }

  /// Classes, so many of which were wrong.
  init(misses: Int, of rows: Int, span: ClosedRange<Timestamp>, days: Int) {
    self.init(
      metric: .accuracy, span: span, days: days, rows: rows, estimate: .accuracy(misses: misses, of: rows),
      errorBound: nil, allowed: Self.allowed(misses, of: rows))
  }

  /// Numbers with these errors, of all that `sum` is of; there is one or more.
  init(errors: [Double], _ sum: ErrorSum, span: ClosedRange<Timestamp>, days: Int) {
    let sorted = errors.sorted()
    let within = min(max(Int((Double(sorted.count) * Self.usual).rounded(.up)), 1), max(sorted.count, 1))
    self.init(
      metric: .mae, span: span, days: days, rows: sum.rows, estimate: sum.mean,
      errorBound: sorted.isEmpty ? .greatestFiniteMagnitude : sorted[within - 1],
      allowed: Self.allowed(sorted.count - within, of: sorted.count))
  }

  private static func allowed(_ misses: Int, of rows: Int) -> Double {
    Interval.greatestShare(misses, of: rows, risk: risk) * tolerance
  }

  /// How many rows of a day are counted.
  func misses(of day: LabelledDay) -> Int {
    guard let errorBound else { return day.misses }
    return day.errors.count { $0 > errorBound }
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
