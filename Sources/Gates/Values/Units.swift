public import Domain

/// A number with a unit behind it, `14d` or `1 GiB`, taken apart.
private struct Quantity {
  let value: Int64

  /// Takes digits, blanks and one of the units; nil for anything else and for what does not fit.
  init?(_ text: String, units: [(name: String, factor: Int64)]) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text[digits.endIndex...].drop { $0 == " " }
    guard !digits.isEmpty, digits.count <= 18, let number = Int64(digits),
      let factor = units.first(where: { $0.name == unit })?.factor
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    value = product
  }
}

/// A number of bytes, `20 MiB`.
public struct ByteCount: Hashable, Sendable, CustomStringConvertible {
  static let expected = "a size such as '20 MiB'"
  static let hint = "use a whole number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
  private static let units: [(name: String, factor: Int64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1), ("", 1),
  ]

  /// How many.
  public let bytes: Int

  init(_ bytes: Int) { self.bytes = bytes }

  /// Reads a whole number with a unit: `B`, those of a thousand (`kB`), those of 1024 (`KiB`), or none for bytes.
  public init?(parsing text: String) {
    guard let value = Quantity(text, units: Self.units)?.value else { return nil }
    bytes = Int(value)
  }

  /// The number in the largest unit of 1024 that it is a whole number of.
  public var description: String {
    guard bytes > 0, let unit = Self.units.prefix(4).first(where: { Int64(bytes) % $0.factor == 0 }) else {
      return "\(bytes) bytes"
    }
    return "\(Int64(bytes) / unit.factor) \(unit.name)"
  }
}

/// A length of time, `14d`.
public struct TimeSpan: Hashable, Sendable, CustomStringConvertible {
  static let expected = "a length of time such as '14d'"
  static let hint = "use a whole number with ms, s, m, h, d or w"
  private static let units: [(name: String, factor: Int64)] = [
    ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]
  /// A hundred years.
  private static let limit: Int64 = 36_525 * 86_400_000

  /// How many milliseconds.
  public let milliseconds: Int64

  /// Reads a whole number with `ms`, `s`, `m`, `h`, `d` or `w`, at most a hundred years of them.
  public init?(parsing text: String) {
    guard let value = Quantity(text, units: Self.units)?.value, value <= Self.limit else { return nil }
    milliseconds = value
  }

  /// The number in days where it is whole days, else in the largest unit that it is a whole number of.
  public var description: String {
    guard milliseconds > 0,
      let unit = Self.units.dropFirst().first(where: { milliseconds % $0.factor == 0 })
    else { return "0s" }
    return "\(milliseconds / unit.factor)\(unit.name)"
  }

  /// Whether at least so much time lies between two moments; differences that fit no number are large ones.
  func hasPassed(from start: Timestamp, to end: Timestamp) -> Bool {
    let (difference, overflow) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
    return overflow ? end > start : difference >= milliseconds
  }
}

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
