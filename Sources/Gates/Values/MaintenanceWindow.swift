public import Domain

/// A time of each week, or of each day, in which processes are replaced: `sun 02:00-04:00`, in UTC.
///
/// An end before the start is on the next day; the window belongs to the day it starts on.
public struct MaintenanceWindow: Hashable, Sendable, CustomStringConvertible {
  /// One time that a window is open.
  public struct Occurrence: Hashable, Sendable {
    /// When it opens.
    public let start: Timestamp
    /// When it has closed.
    public let end: Timestamp

    /// How long it is.
    var milliseconds: Int64 { end.milliseconds - start.milliseconds }

    /// Whether it is open at a moment.
    public func contains(_ moment: Timestamp) -> Bool { start <= moment && moment < end }
  }

  static let expected = "a window such as 'sun 02:00-04:00' or 'daily 02:00-04:00'"
  private static let day: Int64 = 86_400_000

  /// Nil for every day.
  private let weekday: Weekday?
  private let start: ClockTime
  private let end: ClockTime

  /// Reads `sun 02:00-04:00`, or `daily` in the place of the day; nil for anything else, and for an end that is the start.
  public init?(parsing text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2 else { return nil }
    let times = words[1].split(separator: "-", omittingEmptySubsequences: false)
    guard times.count == 2, let start = ClockTime(parsing: String(times[0])),
      let end = ClockTime(parsing: String(times[1])), start != end, start.minutes < 24 * 60
    else { return nil }
    if words[0] == "daily" {
      weekday = nil
    } else {
      guard let weekday = Weekday(rawValue: String(words[0])) else { return nil }
      self.weekday = weekday
    }
    self.start = start
    self.end = end
  }

  /// As it is read.
  public var description: String { "\(weekday?.rawValue ?? "daily") \(start)-\(end)" }

  /// The times that windows are open and that end after a moment and begin within so many days of it, in order; those that
  /// overlap are one, of a day at most.
  static func occurrences(
    of windows: [MaintenanceWindow], after moment: Timestamp, days: Int
  ) -> [Occurrence] {
    // Clocks of any sense are far from these bounds; beyond them there is no number for a day more.
    let now = min(max(moment.milliseconds, -(1 << 52)), 1 << 52)
    let today = (now - (now % day + day) % day) / day
    var all: [Occurrence] = []
    for index in (today - 1)...(today + Int64(days)) {
      let midnight = Timestamp(milliseconds: index * day)
      for window in windows where window.weekday == nil || window.weekday == Weekday.at(midnight).day {
        let minutes = window.end.minutes + (window.end.minutes <= window.start.minutes ? 24 * 60 : 0)
        all.append(
          Occurrence(
            start: Timestamp(milliseconds: midnight.milliseconds + Int64(window.start.minutes) * 60_000),
            end: Timestamp(milliseconds: midnight.milliseconds + Int64(minutes) * 60_000)))
      }
    }
    var merged: [Occurrence] = []
    for next in all.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard let last = merged.last, next.start < last.end,
        case let both = Occurrence(start: last.start, end: max(last.end, next.end)), both.milliseconds <= day
      else {
        merged.append(next)
        continue
      }
      merged[merged.count - 1] = both
    }
    return merged.filter { $0.end.milliseconds > now }
  }
}
