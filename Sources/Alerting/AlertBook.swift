public import Domain

/// Which alerts stand: what decides, from what was measured, that one begins or ends.
///
/// One begins when its line has been reached for as long as its terms say, and ends when it has been below its lower line for as
/// long as they say: what goes up and down around a line is one alert, not many. One that ends and begins again within an hour
/// takes twice as long to end each time. It has no clock; what it is given decides all.
public struct AlertBook: Sendable {
  /// The most alerts that stand at a time.
  public static let limit = 500
  /// How often it is written down that an alert still stands, in milliseconds.
  fileprivate static let seenEvery: Int64 = 60_000
  /// Within what an alert that begins again is the same trouble, and the longest that one takes to end for it.
  fileprivate static let hour: Int64 = 3_600_000
  /// What the end of one that comes again is doubled from, where its terms have it end at once.
  fileprivate static let leastEnd: Int64 = 30_000

  fileprivate struct Track {
    /// Since when the line has been reached.
    var above: Timestamp?
    /// Since when it has been below the lower one.
    var below: Timestamp?
    var alert: AlertRecord?
    /// When earlier ones ended.
    var ends: [Timestamp] = []
  }

  private var tracks: [AlertSource: Track] = [:]
  /// Whether there was more to begin than there is room for, the last time.
  public private(set) var isFull = false

  /// Goes on with those that stand; how long anything else has been so is not known any more, and counted anew.
  public init(standing: [AlertRecord] = []) {
    for alert in standing where alert.isStanding { tracks[alert.source] = Track(alert: alert) }
  }

  /// Holds what stands to what was kept, where it is not known whether the last of it was; how long anything has been so stays.
  public mutating func hold(to standing: [AlertRecord]) {
    for source in Array(tracks.keys) { tracks[source]?.alert = nil }
    for alert in standing where alert.isStanding { tracks[alert.source, default: Track()].alert = alert }
  }

  /// Those that stand, by what they are about.
  public var standing: [AlertRecord] {
    tracks.values.compactMap(\.alert).sorted { $0.source < $1.source }
  }

  /// Takes what was measured at a moment; the alerts that are to be written down, those that began or ended among them.
  ///
  /// What is not among the measurements, or was measured of too few requests, is not so any more, but for the rules of `unread`:
  /// what could not be looked at stays as it was.
  public mutating func take(
    _ measured: [AlertMeasurement], unread: Set<AlertRule> = [], by rules: AlertRules, at now: Timestamp
  ) -> [AlertRecord] {
    isFull = false
    var changed: [AlertRecord] = []
    var seen: Set<AlertSource> = []
    var room = Self.limit - tracks.values.count { $0.alert != nil }
    for measurement in measured where seen.insert(measurement.source).inserted {
      let source = measurement.source
      let terms = rules.terms(of: source.rule, for: source.deployment)
      if terms.isOn, !measurement.isEnough(for: terms), unread.contains(source.rule) { continue }
      var track = tracks[source] ?? Track()
      let before = track.alert
      track.take(measurement, terms, at: now, room: &room, isFull: &isFull)
      note(track.alert ?? before?.over(at: now), before, &changed)
      tracks[source] = track.settled(at: now, within: Self.hour)
    }
    for (source, var track) in tracks where !seen.contains(source) {
      let terms = rules.terms(of: source.rule, for: source.deployment)
      guard !unread.contains(source.rule) || !terms.isOn else { continue }
      let before = track.alert
      track.takeNothing(terms, at: now)
      note(track.alert ?? before?.over(at: now), before, &changed)
      tracks[source] = track.settled(at: now, within: Self.hour)
    }
    return changed.sorted { ($0.began, $0.source) < ($1.began, $1.source) }
  }

  private func note(_ alert: AlertRecord?, _ before: AlertRecord?, _ changed: inout [AlertRecord]) {
    if let alert, alert != before { changed.append(alert) }
  }
}

extension AlertBook.Track {
  fileprivate mutating func take(
    _ measurement: AlertMeasurement, _ terms: AlertTerms, at now: Timestamp, room: inout Int,
    isFull: inout Bool
  ) {
    // Too few requests say nothing: neither that it begins nor that it goes on.
    guard terms.isOn, measurement.isEnough(for: terms) else { return takeNothing(terms, at: now) }
    if measurement.value >= terms.begin {
      above = above.map { min($0, now) } ?? now
      below = nil
    } else if measurement.value < terms.end {
      above = nil
      below = below.map { min($0, now) } ?? now
    } else {
      // Between both lines an alert neither begins nor ends.
      above = nil
      below = nil
    }
    if alert != nil {
      if let below, now.milliseconds - below.milliseconds >= endAfter(terms, at: now) { return end(at: now) }
      if let last = alert?.seen, abs(now.milliseconds - last.milliseconds) >= AlertBook.seenEvery {
        alert?.seen = now
        alert?.figures = measurement.figures
      }
    } else if let above, now.milliseconds - above.milliseconds >= terms.holding {
      guard room > 0 else {
        isFull = true
        return
      }
      room -= 1
      alert = AlertRecord(measurement, by: terms, at: now)
    }
  }

  /// It is not so any more, or there is too little to say that it is.
  fileprivate mutating func takeNothing(_ terms: AlertTerms, at now: Timestamp) {
    above = nil
    below = below.map { min($0, now) } ?? now
    guard alert != nil, let below else { return }
    if !terms.isOn || now.milliseconds - below.milliseconds >= endAfter(terms, at: now) { end(at: now) }
  }

  private mutating func end(at now: Timestamp) {
    alert = nil
    above = nil
    below = nil
    ends.append(now)
  }

  private func endAfter(_ terms: AlertTerms, at now: Timestamp) -> Int64 {
    let recent = ends.count { now.milliseconds - $0.milliseconds < AlertBook.hour }
    guard recent > 0 else { return terms.endAfter }
    return max(
      terms.endAfter, min(max(terms.endAfter, AlertBook.leastEnd) << min(recent, 16), AlertBook.hour))
  }

  /// The track without what is too long ago to matter; nil where nothing of it matters.
  fileprivate func settled(at now: Timestamp, within span: Int64) -> Self? {
    var track = self
    track.ends = ends.suffix(16).filter { now.milliseconds - $0.milliseconds < span }
    return track.alert == nil && track.above == nil && track.ends.isEmpty ? nil : track
  }
}

extension AlertMeasurement {
  /// Whether it is of as many requests as the terms want.
  fileprivate func isEnough(for terms: AlertTerms) -> Bool { requests.map { $0 >= terms.minimum } ?? true }
}

extension AlertRecord {
  /// The same, ended.
  fileprivate func over(at now: Timestamp) -> AlertRecord {
    var alert = self
    alert.ended = now
    return alert
  }
}
