import Domain
import Testing

@Suite struct TimestampTests {
  /// Milliseconds since 1970 and the moment they stand for; checked against `date --utc`.
  static let known: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (86_399_999, "1970-01-01T23:59:59.999Z"), (86_400_000, "1970-01-02T00:00:00.000Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
    (1_000_000_000_000, "2001-09-09T01:46:40.000Z"), (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
    (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
    (2_147_483_647_000, "2038-01-19T03:14:07.000Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"), (-2_203_891_200_001, "1900-02-28T23:59:59.999Z"),
    (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    (-11_676_096_000_000, "1600-01-01T00:00:00.000Z"),
  ]

  @Test(arguments: known)
  func `a known moment prints and reads as it should`(milliseconds: Int64, text: String) throws {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
    #expect(try Timestamp(parsing: text).milliseconds == milliseconds)
  }

  @Test func `a year without room in RFC 3339 keeps its digits and its sign`() {
    #expect(Timestamp(milliseconds: 253_402_300_800_000).description == "10000-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: -62_167_219_200_001).description == "-0001-12-31T23:59:59.999Z")
    #expect(Timestamp(milliseconds: .max).description == "292278994-08-17T07:12:55.807Z")
    #expect(Timestamp(milliseconds: .min).description == "-292275055-05-16T16:47:04.192Z")
  }

  @Test(
    arguments: [
      ("2026-11-21T09:30:00Z", 0), ("2026-11-21T09:30:00.2Z", 200), ("2026-11-21T09:30:00.25Z", 250),
      ("2026-11-21T09:30:00.257Z", 257), ("2026-11-21T09:30:00.007Z", 7),
    ] as [(String, Int64)])
  func `a fraction has up to three digits`(text: String, milliseconds: Int64) throws {
    #expect(try Timestamp(parsing: text).milliseconds == 1_795_253_400_000 + milliseconds)
  }

  @Test(arguments: [
    "", "Z", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30Z", "2026-11-21 09:30:00Z",
    "2026-11-21T09:30:00+00:00", "2026-11-21t09:30:00z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00.1234Z",
    "2026-11-21T09:30:00,5Z", "2026-11-21T09:30:00.1aZ", "2026-11-21T09:30:00ZZ", "2026-11-21T24:00:00Z",
    "2026-11-21T09:60:00Z", "2026-11-21T09:30:60Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "02026-11-21T09:30:00Z", "-026-11-21T09:30:00Z",
    "+026-11-21T09:30:00Z", "2026-1-21T09:30:00Z", "2026/11/21T09:30:00Z", "٢٠٢٦-11-21T09:30:00Z", "now",
  ])
  func `any other form is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try Timestamp(parsing: text) }
    #expect(problem?.code == "time.malformed")
    #expect(
      problem?.message
        == "expected a moment in UTC such as 2026-11-21T09:30:00Z, found '\(text)'")
  }

  @Test(arguments: [
    "2023-02-29", "2100-02-29", "1900-02-29", "2024-02-30", "2026-04-31", "2026-06-31", "2026-09-31",
    "2026-11-31",
  ])
  func `a day that the calendar lacks is refused`(day: String) {
    let problem = #expect(throws: Problem.self) { try Timestamp(parsing: "\(day)T00:00:00Z") }
    #expect(problem?.message == "expected a day of the calendar, found '\(day)'")
  }

  @Test func `every day of four hundred years follows the one before`() throws {
    var previous = try Timestamp(parsing: "1899-12-31T12:00:00Z")
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for year in 1900..<2300 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in lengths.enumerated() {
        for day in 1...(month == 1 && isLeap ? 29 : length) {
          let text = "\(year)-\(padded(month + 1))-\(padded(day))T12:00:00.000Z"
          let time = try Timestamp(parsing: text)
          try #require(time.milliseconds - previous.milliseconds == 86_400_000)
          try #require(time.description == text)
          previous = time
        }
      }
    }
  }

  private func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  @Test func `what prints reads back as the same moment`() throws {
    // A stride that is prime to the length of a day visits every part of it.
    for milliseconds in stride(from: -62_167_219_200_000, through: 253_402_300_799_999, by: 9_987_654_321) {
      let time = Timestamp(milliseconds: Int64(milliseconds))
      try #require(try Timestamp(parsing: time.description) == time)
    }
  }

  @Test func `earlier is less`() {
    #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
    #expect(!(Timestamp(milliseconds: 0) < Timestamp(milliseconds: 0)))
  }
}
