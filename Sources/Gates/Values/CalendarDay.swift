public import Domain

/// A day of the calendar, from midnight to midnight UTC.
public struct CalendarDay: Hashable, Sendable, CustomStringConvertible {
  static let expected = "a day such as '2027-01-31'"

  /// The day as RFC 3339 writes it.
  public let description: String
  /// Its first moment.
  public let start: Timestamp

  /// Reads `2027-01-31`.
  public init?(parsing text: String) {
    guard text.utf8.count == 10, let start = try? Timestamp(parsing: "\(text)T00:00:00Z") else { return nil }
    description = text
    self.start = start
  }

  /// Whether the last moment of the day is over.
  func isOver(at now: Timestamp) -> Bool {
    // A day that could be read has a year of four digits.
    now.milliseconds >= start.milliseconds + 86_400_000
  }
}

/// A time of day in UTC, to the minute; `24:00` is the end of the day.
struct ClockTime: Hashable, CustomStringConvertible {
  static let expected = "a time of day such as '08:00'"

  let minutes: Int

  init?(parsing text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2,
      parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
      let hours = Int(parts[0]), let minutes = Int(parts[1]), minutes < 60, hours * 60 + minutes <= 24 * 60
    else { return nil }
    self.minutes = hours * 60 + minutes
  }

  var description: String {
    let (hours, minutes) = minutes.quotientAndRemainder(dividingBy: 60)
    return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
  }
}

/// A day of the week.
enum Weekday: String, CaseIterable {
  case mon, tue, wed, thu, fri, sat, sun

  /// The day and the minute of it at a moment, in UTC.
  static func at(_ now: Timestamp) -> (day: Weekday, minute: Int) {
    let (days, rest) = now.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let day = rest < 0 ? days - 1 : days
    let inDay = rest < 0 ? rest + 86_400_000 : rest
    // 1970-01-01 was a Thursday.
    let index = Int(((day % 7) + 10) % 7)
    return (allCases[index], Int(inDay / 60_000))
  }
}
