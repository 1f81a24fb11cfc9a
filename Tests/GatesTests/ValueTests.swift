import Documents
import Gates
import TestKit
import Testing

/// The values that policies are written with.
@Suite struct ValueTests {
  static let sizes: [(String, Int?, String)] = [
    ("0", 0, "0 bytes"), ("1536 B", 1536, "1536 bytes"), ("1kB", 1000, "1000 bytes"),
    ("2 KiB", 2048, "2 KiB"), ("1 GiB", 1 << 30, "1 GiB"), ("1024 MiB", 1 << 30, "1 GiB"),
    ("3 TB", 3_000_000_000_000, "2929687500 KiB"), ("1.5 GiB", nil, ""), ("-1 B", nil, ""), ("GiB", nil, ""),
    ("1 gib", nil, ""), ("8388608 TiB", nil, ""), ("９ B", nil, ""), ("1 B B", nil, ""), ("", nil, ""),
  ]

  @Test(arguments: sizes)
  func `a size is a whole number with a unit`(text: String, bytes: Int?, description: String) {
    let size = ByteCount(parsing: text)
    #expect(size?.bytes == bytes)
    #expect(size?.description ?? "" == description)
  }

  static let spans: [(String, Int64?, String)] = [
    ("14d", 1_209_600_000, "14d"), ("2w", 1_209_600_000, "14d"), ("36h", 129_600_000, "36h"),
    ("90m", 5_400_000, "90m"), ("2s", 2000, "2s"), ("500ms", 500, "500ms"), ("0s", 0, "0s"),
    ("1500 ms", 1500, "1500ms"), ("14", nil, ""), ("1y", nil, ""), ("36526d", nil, ""), ("d", nil, ""),
    ("9223372036854775807w", nil, ""),
  ]

  @Test(arguments: spans)
  func `a length of time is a whole number with a unit`(
    text: String, milliseconds: Int64?, description: String
  ) {
    let span = TimeSpan(parsing: text)
    #expect(span?.milliseconds == milliseconds)
    #expect(span?.description ?? "" == description)
    #expect(span.map { TimeSpan(parsing: $0.description) == $0 } ?? true)
  }

  @Test(arguments: ["2027-01-31", "2028-02-29", "0001-01-01"])
  func `a day of the calendar prints as it was written`(text: String) {
    #expect(CalendarDay(parsing: text)?.description == text)
  }

  @Test(arguments: ["2027-02-29", "2027-1-31", "31.01.2027", "2027-01-31T00:00:00Z", ""])
  func `what is no day of the calendar is none`(text: String) {
    #expect(CalendarDay(parsing: text) == nil)
  }

  @Test func `a pattern matches what its definition says, whatever it is`() throws {
    var numbers = SeededGenerator(seed: 9)
    var matched = 0
    for _ in 0..<3_000 {
      func text(_ signs: String, _ longest: Int) -> String {
        String(
          (0..<Int.random(in: 0...longest, using: &numbers)).compactMap { _ in
            signs.randomElement(using: &numbers)
          })
      }
      let (pattern, name) = ("a" + text("ab*", 6), "a" + text("ab", 8))
      let glob = try #require(Glob(parsing: pattern))
      let isMatch = Self.matches(pattern.utf8[...], name.utf8[...])
      #expect(glob.matches(name) == isMatch, "\(pattern) \(name)")
      matched += isMatch ? 1 : 0
    }
    #expect(matched > 100)
  }

  /// The definition: a star stands for nothing, or for a letter and what it stood for before.
  private static func matches(_ pattern: Substring.UTF8View, _ name: Substring.UTF8View) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return matches(pattern.dropFirst(), name) || !name.isEmpty && matches(pattern, name.dropFirst())
    }
    return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
  }

  @Test(arguments: ["", "*********", String(repeating: "a", count: 201), "a\nb"])
  func `what no pattern can be is none`(text: String) {
    #expect(Glob(parsing: text) == nil)
  }
}
