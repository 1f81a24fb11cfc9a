import Domain

extension PerformanceWatch {
  /// The days that a reference is to be made of, by the day of the week.
  struct Gathered: Sendable, Equatable {
    /// What came on one day of the week.
    struct Weekday: Sendable, Equatable {
      var rows = 0
      /// How many classes were wrong.
      var misses = 0
      /// Of numbers the sizes of the errors that are looked at, as many as rows.
      var errors: [Double] = []
    }

    let metric: PerformanceEstimate.Metric
    var first: Timestamp
    var last: Timestamp
    var days = 0
    var weekdays = [Weekday](repeating: Weekday(), count: PerformanceWatch.weekDays)
    /// Of all errors, those that are not looked at too.
    var sum = ErrorSum()

    init(metric: PerformanceEstimate.Metric, from first: Timestamp) {
      self.metric = metric
      self.first = first
      last = first
    }

    /// How many rows they have.
    var rows: Int { weekdays.reduce(0) { $0 + $1.rows } }

    /// Takes in a day.
    mutating func take(_ day: LabelledDay) {
      guard day.metric == metric else { return }
      let room = PerformanceWatch.errorLimit - weekdays.reduce(0) { $0 + $1.errors.count }
      let errors = day.errors(upTo: max(0, min(PerformanceWatch.errorsOfDay, room)))
      let weekday = day.start.weekday
      weekdays[weekday].rows += metric == .mae ? errors.count : day.rows
      weekdays[weekday].misses += day.misses
      weekdays[weekday].errors += errors
      first = min(first, day.start)
      last = max(last, day.start)
      days += 1
      sum.take(day.errors)
    }

    /// Whether a day that follows is the first after whole weeks from the first one on that have rows enough.
    ///
    /// One Monday is no reference for a Sunday, nor are eight days with two of them for a week.
    func isEnough(before day: Timestamp) -> Bool {
      guard rows >= PerformanceWatch.leastRows else { return false }
      func weeks(_ moment: Timestamp) -> Int64 {
        (moment.milliseconds - first.milliseconds) / (Int64(PerformanceWatch.weekDays) * Timestamp.dayLength)
      }
      return weeks(day) > weeks(last)
    }
  }
}
