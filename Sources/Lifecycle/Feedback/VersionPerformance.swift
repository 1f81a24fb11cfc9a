import Domain
import Encoding
import Monitoring
import Provenance

/// How good a version is beside what it was: its watch, which days it has taken, and what the ledger has yet to be told.
struct VersionPerformance: Sendable, Equatable {
  /// That an alarm began or ended.
  struct News: Sendable, Equatable {
    /// What tells it from all others: the same where it is found again after a crash.
    let id: String
    let at: Timestamp
    let metric: String
    /// The alarm that began; nil where one ended.
    let alarm: PerformanceAlarm?
    /// The sentence for a person.
    let words: String
  }

  /// The labels of a day that is not taken yet, and since when none came.
  struct Open: Sendable, Equatable {
    let labels: Int
    var since: Timestamp
  }

  /// For how long no label of a day has come, or been put right, when it is taken, in milliseconds.
  static let quiet: Int64 = 86_400_000
  /// How many days are known at most: those that predictions are kept of.
  private static let dayLimit = 400
  /// How much news waits at most: no more begins and ends while the ledger takes no entry.
  static let newsLimit = 20

  var watch = PerformanceWatch()
  var open: [Timestamp: Open] = [:]
  var judged: Set<Timestamp> = []
  var news: [News] = []

  /// Whether a day is to be taken: it has labels, and for a day none has come or been put right.
  mutating func isReady(_ day: Timestamp, labels: Int, at now: Timestamp) -> Bool {
    guard labels > 0, !judged.contains(day) else {
      open[day] = nil
      return false
    }
    guard var known = open[day], known.labels == labels else {
      open[day] = Open(labels: labels, since: now)
      return false
    }
    // A clock that was put back has it wait no longer than anew.
    known.since = min(known.since, now)
    open[day] = known
    return now.milliseconds - known.since.milliseconds >= Self.quiet
  }

  /// Takes a day, once: labels that come for it later change its figures and nothing here.
  mutating func take(
    _ day: Timestamp, _ rows: [LabelledPrediction], of version: VersionReference, at now: Timestamp
  ) {
    open[day] = nil
    guard judged.insert(day).inserted, let labelled = LabelledDay(from: day, rows),
      let turn = watch.take(labelled)
    else { return }
    let (alarm, words): (PerformanceAlarm?, String) =
      switch turn {
      case .raised(let alarm): (alarm, alarm.words)
      case .ended(let words): (nil, words)
      }
    let name = [version.description, "performance", "\(day.milliseconds)", alarm == nil ? "ended" : "raised"]
    let id = String(Digest(of: Array(name.joined(separator: "\n").utf8)).hexadecimal.prefix(24))
    if news.count == Self.newsLimit { news.removeFirst() }
    news.append(
      News(id: id, at: now, metric: labelled.metric.rawValue, alarm: alarm, words: words))
  }

  /// Forgets days that no prediction is kept of any more.
  mutating func forget(except days: Set<Timestamp>) {
    judged.formIntersection(days)
    open = open.filter { days.contains($0.key) }
  }

  /// The state as it is kept.
  func kept(of version: VersionReference) -> KeptPerformance {
    KeptPerformance(version: version, state: json, alarm: watch.alarm?.words, hasNews: !news.isEmpty)
  }

  private var json: JSON {
    [
      "watch": watch.json, "judged": .array(judged.sorted().map { .integer($0.milliseconds) }),
      "open": .array(
        open.sorted { $0.key < $1.key }.map { day, open in
          [.integer(day.milliseconds), JSON(open.labels), .integer(open.since.milliseconds)]
        }), "news": .array(news.map(\.json)),
    ]
  }

  /// Nothing yet.
  init() {}

  /// Goes on from what was kept; what does not read begins anew, as with another release: that costs time and no promise.
  init(json: JSON) {
    guard let watch = json["watch"].flatMap(PerformanceWatch.init(json:)), let judged = json["judged"]?.array,
      let open = json["open"]?.array, let news = json["news"]?.array, judged.count <= Self.dayLimit,
      open.count <= Self.dayLimit, news.count <= Self.newsLimit
    else { return }
    self.watch = watch
    self.judged = Set(judged.compactMap { $0.integer.map(Timestamp.init(milliseconds:)) })
    for one in open {
      guard let parts = one.array, parts.count == 3, let day = parts[0].integer, let labels = parts[1].int,
        let since = parts[2].integer
      else { continue }
      self.open[Timestamp(milliseconds: day)] = Open(labels: labels, since: Timestamp(milliseconds: since))
    }
    self.news = news.compactMap(News.init(json:))
  }
}

extension VersionPerformance.News {
  fileprivate var json: JSON {
    [
      "id": .string(id), "at": .integer(at.milliseconds), "metric": .string(metric),
      "alarm": alarm?.json ?? .null, "words": .string(words),
    ]
  }

  fileprivate init?(json: JSON) {
    guard let id = json["id"]?.string, let at = json["at"]?.integer, let metric = json["metric"]?.string,
      let words = json["words"]?.string
    else { return nil }
    self.init(
      id: id, at: Timestamp(milliseconds: at), metric: metric,
      alarm: json["alarm"].flatMap(PerformanceAlarm.init(json:)), words: words)
  }

  /// What the ledger has of it: figures alone.
  var entryDetails: [String: JSON] {
    var details: [String: JSON] = [
      "alert": .string(id), "role": "performance", "aspect": .string(metric),
      "state": alarm == nil ? "ended" : "raised", "foundAt": .integer(at.milliseconds),
      "words": .string(words),
    ]
    guard let alarm else { return details }
    details["since"] = .integer(alarm.since.milliseconds)
    details["until"] = .integer(alarm.until.milliseconds)
    details["days"] = JSON(alarm.days)
    details["rows"] = JSON(alarm.rows)
    details["eValue"] = .number(alarm.eValue)
    details["threshold"] = .number(alarm.threshold)
    return details
  }
}
