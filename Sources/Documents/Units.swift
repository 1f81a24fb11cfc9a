package import Domain

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
  package static let expected = "a size such as '20 MiB'"
  package static let hint = "use a whole number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
  private static let units: [(name: String, factor: Int64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1), ("", 1),
  ]

  /// How many.
  public let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

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

/// A share in percent, `12.5%` or `0`, counted in units of the last decimal that it may have: `12.5%` with two decimals is 1250.
///
/// Nil for anything else, for more decimals, and beyond 100 %.
package func percentage(_ text: String, decimals: Int) -> Int? {
  guard text != "0" else { return 0 }
  guard text.last == "%", text.utf8.count <= 20 else { return nil }
  let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
  guard 1...2 ~= parts.count, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } })
  else { return nil }
  let behind = parts.count == 2 ? String(parts[1]) : ""
  guard behind.utf8.count <= decimals, parts[0].utf8.count <= 3 else { return nil }
  let filled = String(parts[0]) + behind + String(repeating: "0", count: decimals - behind.utf8.count)
  guard let value = Int(filled), let whole = Int("100" + String(repeating: "0", count: decimals)),
    value <= whole
  else { return nil }
  return value
}

/// A length of time, `14d`.
public struct TimeSpan: Hashable, Sendable, CustomStringConvertible {
  package static let expected = "a length of time such as '14d'"
  package static let hint = "use a whole number with ms, s, m, h, d or w"
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
  package func hasPassed(from start: Timestamp, to end: Timestamp) -> Bool {
    let (difference, overflow) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
    return overflow ? end > start : difference >= milliseconds
  }
}
