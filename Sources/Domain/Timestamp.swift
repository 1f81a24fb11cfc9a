import Encoding

/// A moment, in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: Int64

  /// Takes milliseconds since 1970-01-01T00:00:00Z.
  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Whether the left is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// RFC 3339 in UTC with milliseconds, `2026-11-21T03:15:00.250Z`.
  ///
  /// A year that RFC 3339 has no room for is written with all its digits, and with its sign before year 0.
  public var description: String {
    let (days, inDay) = milliseconds.flooredDivision(by: 86_400_000)
    let date = Self.civil(fromDays: days)
    let seconds = inDay / 1000
    func padded(_ value: Int64, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let year = date.year < 0 ? "-\(padded(-date.year, 4))" : padded(date.year, 4)
    return "\(year)-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
      + ".\(padded(inDay % 1000, 3))Z"
  }

  /// Reads RFC 3339 in UTC: `2026-11-21T03:15:00Z`, with or without a fraction of up to three digits.
  public init(parsing text: String) throws(Problem) {
    let utf8 = Array(text.utf8)
    func number(_ start: Int, _ count: Int) -> Int64? {
      guard utf8.count >= start + count else { return nil }
      let digits = utf8[start..<(start + count)]
      guard digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
      return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
    let marks: [Int: UInt8] = [4: 0x2D, 7: 0x2D, 10: 0x54, 13: 0x3A, 16: 0x3A]
    let fraction = utf8.dropFirst(19).dropLast()
    guard utf8.count >= 20, utf8.last == UInt8(ascii: "Z"), marks.allSatisfy({ utf8[$0.key] == $0.value }),
      let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
      let minute = number(14, 2), let second = number(17, 2), 1...12 ~= month, 1...31 ~= day, hour < 24,
      minute < 60, second < 60, fraction.isEmpty || (fraction.first == 0x2E && 2...4 ~= fraction.count),
      let thousandths = fraction.isEmpty ? 0 : number(20, fraction.count - 1)
    else {
      throw Problem(
        .badInput, "time.malformed",
        "expected a moment in UTC such as 2026-11-21T09:30:00Z, found '\(text.excerpt(40))'")
    }
    let scale: Int64 = [0: 1, 2: 100, 3: 10, 4: 1][fraction.count] ?? 1
    let days = Self.days(fromCivil: (year, month, day))
    guard Self.civil(fromDays: days) == (year, month, day) else {
      throw Problem(
        .badInput, "time.malformed", "expected a day of the calendar, found '\(text.excerpt(10))'")
    }
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    self.init(milliseconds: seconds * 1000 + thousandths * scale)
  }

  /// The day number of a proleptic Gregorian date: the same source, `days_from_civil`.
  private static func days(fromCivil date: (year: Int64, month: Int64, day: Int64)) -> Int64 {
    let year = date.month <= 2 ? date.year - 1 : date.year
    let (era, yearOfEra) = year.flooredDivision(by: 400)
    let shifted = date.month > 2 ? date.month - 3 : date.month + 9
    let dayOfYear = (153 * shifted + 2) / 5 + date.day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The proleptic Gregorian date of a day number: Howard Hinnant, "chrono-Compatible Low-Level Date
  /// Algorithms", `civil_from_days`.
  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
