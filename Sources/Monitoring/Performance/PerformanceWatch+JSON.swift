import Domain
public import Encoding

extension PerformanceWatch {
  /// All that is known, as an object: the same is read from it.
  public var json: JSON {
    [
      "gathered": gathered.map(\.json) ?? .null, "reference": reference.map(\.json) ?? .null,
      "days": .array(days.map(\.json)), "alarm": alarm.map(\.json) ?? .null,
    ]
  }

  /// Reads what `json` writes; nil for anything else, which has a watch begin anew: that costs time and no promise.
  public init?(json: JSON) {
    self.init()
    guard let days = json["days"]?.array, days.count <= Self.life else { return nil }
    for day in days {
      guard let day = Day(json: day) else { return nil }
      self.days.append(day)
    }
    switch json["gathered"] {
    case .null?: break
    // The first release that gathered knew of no days of the week: a week later there are others.
    case let value? where value["weekdays"] == nil && value["errors"] != nil: break
    case let value?:
      guard let read = Gathered(json: value) else { return nil }
      gathered = read
    case nil: return nil
    }
    switch json["reference"] {
    case .null?: break
    case let value?:
      guard let read = PerformanceReference(json: value) else { return nil }
      reference = read
    case nil: return nil
    }
    switch json["alarm"] {
    case .null?: break
    case let value?:
      guard let read = PerformanceAlarm(json: value) else { return nil }
      alarm = read
    case nil: return nil
    }
  }

  /// What is known, for people: what the version is held against, and whether it is worse.
  public var summary: JSON {
    [
      "metric": (reference?.metric ?? gathered?.metric).map { .string($0.rawValue) } ?? .null,
      "gatheredRows": JSON(gatheredRows), "neededRows": JSON(Self.leastRows),
      "neededDays": JSON(Self.weekDays),
      "reference": reference.map { reference in
        [
          "rows": JSON(reference.rows), "days": JSON(reference.days),
          "from": .string(reference.span.lowerBound.description),
          "until": .string(reference.span.upperBound.description),
          "value": .finite(reference.estimate?.value),
          "least": .finite(reference.estimate?.interval?.lowerBound),
          "greatest": .finite(reference.estimate?.interval?.upperBound),
        ]
      } ?? .null,
      "since": alarm.map { .string($0.since.description) } ?? .null,
      "alarm": alarm.map { .string($0.words) } ?? .null,
    ]
  }
}

extension JSON {
  /// A number that JSON has; null for others.
  fileprivate static func finite(_ value: Double?) -> JSON {
    value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
  }

  /// A count as it may be kept.
  fileprivate func count() -> Int? { int.flatMap { 0...(1 << 48) ~= $0 ? $0 : nil } }

  /// A moment whose distance from any other is a number.
  fileprivate func moment() -> Timestamp? {
    integer.flatMap { -(1 << 53)...(1 << 53) ~= $0 ? Timestamp(milliseconds: $0) : nil }
  }

  /// A sum of what is never negative; null is one that no number says.
  fileprivate func sum() -> Double? {
    if self == .null { return .infinity }
    return double.flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
  }
}

extension ErrorSum {
  fileprivate var json: JSON { [JSON(rows), .finite(sum), .finite(squares)] }

  fileprivate init?(json: JSON) {
    guard let parts = json.array, parts.count == 3, let rows = parts[0].count(), let sum = parts[1].sum(),
      let squares = parts[2].sum()
    else { return nil }
    self.init(rows: rows, sum: sum, squares: squares)
  }
}

extension PerformanceWatch.Day {
  fileprivate var json: JSON { [.integer(start.milliseconds), JSON(rows), JSON(misses), errors.json] }

  fileprivate init?(json: JSON) {
    guard let parts = json.array, parts.count == 4, let start = parts[0].moment(),
      let rows = parts[1].count(), let misses = parts[2].count(), misses <= rows,
      let errors = ErrorSum(json: parts[3])
    else { return nil }
    self.init(start: start, rows: rows, misses: misses, errors: errors)
  }
}

extension PerformanceWatch.Gathered {
  fileprivate var json: JSON {
    [
      "metric": .string(metric.rawValue), "first": .integer(first.milliseconds),
      "last": .integer(last.milliseconds), "days": JSON(days), "sum": sum.json,
      "weekdays": .array(
        weekdays.map { weekday in
          [JSON(weekday.rows), JSON(weekday.misses), .array(weekday.errors.map { .number($0) })]
        }),
    ]
  }

  fileprivate init?(json: JSON) {
    guard let metric = json["metric"]?.string.flatMap(PerformanceEstimate.Metric.init(rawValue:)),
      metric == .accuracy || metric == .mae, let first = json["first"]?.moment(),
      let last = json["last"]?.moment(), first <= last, let days = json["days"]?.count(),
      let sum = json["sum"].flatMap(ErrorSum.init(json:)), let weekdays = json["weekdays"]?.array,
      weekdays.count == PerformanceWatch.weekDays
    else { return nil }
    self.init(metric: metric, from: first)
    (self.last, self.days, self.sum) = (last, days, sum)
    for (place, weekday) in weekdays.enumerated() {
      guard let parts = weekday.array, parts.count == 3, let rows = parts[0].count(),
        let misses = parts[1].count(), misses <= rows, let errors = parts[2].array,
        errors.count <= PerformanceWatch.errorLimit
      else { return nil }
      var read = Weekday(rows: rows, misses: misses)
      for error in errors {
        guard let error = error.sum(), error.isFinite else { return nil }
        read.errors.append(error)
      }
      self.weekdays[place] = read
    }
  }
}

extension PerformanceReference {
  fileprivate var json: JSON {
    [
      "metric": .string(metric.rawValue), "from": .integer(span.lowerBound.milliseconds),
      "until": .integer(span.upperBound.milliseconds), "days": JSON(days), "rows": JSON(rows),
      "value": .finite(estimate?.value), "least": .finite(estimate?.interval?.lowerBound),
      "greatest": .finite(estimate?.interval?.upperBound), "errorBound": .finite(errorBound),
      "allowed": .number(allowed),
      "weekdays": .array(weekdays.map { [JSON($0.rows), JSON($0.misses)] }),
    ]
  }

  fileprivate init?(json: JSON) {
    guard let metric = json["metric"]?.string.flatMap(PerformanceEstimate.Metric.init(rawValue:)),
      let from = json["from"]?.moment(), let until = json["until"]?.moment(), from <= until,
      let days = json["days"]?.count(), let rows = json["rows"]?.count(),
      let allowed = json["allowed"]?.double, 0...PerformanceReference.tolerance ~= allowed
    else { return nil }
    let errorBound = json["errorBound"]?.double
    guard metric == .accuracy || metric == .mae, (errorBound == nil) == (metric == .accuracy),
      errorBound ?? 0 >= 0
    else { return nil }
    var interval: ClosedRange<Double>?
    if let least = json["least"]?.double, let greatest = json["greatest"]?.double, least <= greatest {
      interval = least...greatest
    }
    // The first release that made references knew of no days of the week.
    var weekdays: [Weekday] = []
    for weekday in json["weekdays"]?.array ?? [] {
      guard let parts = weekday.array, parts.count == 2, let rows = parts[0].count(),
        let misses = parts[1].count(), misses <= rows
      else { return nil }
      weekdays.append(Weekday(rows: rows, misses: misses))
    }
    guard weekdays.isEmpty || weekdays.count == PerformanceWatch.weekDays else { return nil }
    self.init(
      metric: metric, span: from...until, days: days, rows: rows,
      estimate: json["value"]?.double.map {
        PerformanceEstimate(metric: metric, value: $0, interval: interval)
      },
      errorBound: errorBound, allowed: allowed, weekdays: weekdays)
  }
}

extension PerformanceAlarm {
  /// The alarm as an object.
  public var json: JSON {
    [
      "metric": .string(metric.rawValue), "since": .integer(since.milliseconds),
      "until": .integer(until.milliseconds), "days": JSON(days), "rows": JSON(rows),
      "eValue": .finite(eValue), "threshold": .finite(threshold), "words": .string(words),
    ]
  }

  /// Reads what `json` writes; nil for anything else.
  public init?(json: JSON) {
    guard let metric = json["metric"]?.string.flatMap(PerformanceEstimate.Metric.init(rawValue:)),
      let since = json["since"]?.moment(), let until = json["until"]?.moment(),
      let days = json["days"]?.count(), let rows = json["rows"]?.count(), let eValue = json["eValue"]?.double,
      let threshold = json["threshold"]?.double, let words = json["words"]?.string, words.utf8.count <= 1000
    else { return nil }
    self.init(
      metric: metric, since: since, until: until, days: days, rows: rows, eValue: eValue,
      threshold: threshold,
      words: words)
  }
}
