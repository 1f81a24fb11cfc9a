import Encoding
import TestKit
import Testing

@Suite struct JSONReaderTests {
  @Test func `values are read where they are wanted and skipped where not`() throws {
    var reader = JSONReader(Array(#" {"a": [1, true, null, "é\n"], "b": {"c": [[]]}, "d": -2.5e1} "#.utf8))
    try reader.beginObject()
    #expect(try reader.nextName() == "a")
    try reader.beginArray()
    #expect(try reader.hasElement())
    #expect(try reader.number() == 1)
    #expect(try reader.hasElement())
    #expect(try reader.boolean())
    #expect(try reader.hasElement())
    try reader.null()
    #expect(try reader.hasElement())
    #expect(try reader.string() == "é\n")
    #expect(try !reader.hasElement())
    #expect(try reader.nextName() == "b")
    try reader.skip()
    #expect(try reader.nextName() == "d")
    #expect(try reader.kind() == .number)
    #expect(try reader.number() == .number(-25))
    #expect(try reader.nextName() == nil)
    try reader.end()
  }

  @Test func `a copy is a bookmark`() throws {
    var reader = JSONReader(Array("[1,[2,3]]".utf8))
    try reader.beginArray()
    #expect(try reader.hasElement())
    try reader.skip()
    #expect(try reader.hasElement())
    var bookmark = reader
    try reader.skip()
    #expect(try !reader.hasElement())
    #expect(try bookmark.value() == [2, 3])
  }

  @Test func `what is skipped is checked as if it were read`() throws {
    for text in ["[1,", "{\"a\":tru}", "[\"\\ud800\"]", "[01]", "[1 2]", "{\"a\"}", "[\u{1}]"] {
      var reader = JSONReader(Array(text.utf8))
      #expect(throws: MalformedJSON.self, "\(text)") { try reader.skip() }
    }
  }

  @Test func `every double is read as the one that is nearest to its text`() throws {
    var generator = SeededGenerator(seed: 21)
    var texts = [
      "0", "-0", "0.1", "1e22", "1e23", "9007199254740993", "9007199254740993.0", "1e-22",
      "123456789012345678901e-20",
      "0.30000000000000004", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "0e999", "-1E+2",
      "9223372036854775807", "9223372036854775808", "-9223372036854775808",
      "0.000000000000000000000000000001",
      "100000000000000000000000000000000000000000000000000.5e-50",
    ]
    for _ in 0..<20_000 {
      let digits = String(generator.next() >> UInt64.random(in: 0...60, using: &generator))
      let cut = digits.index(digits.startIndex, offsetBy: Int.random(in: 1...digits.count, using: &generator))
      let fraction = cut == digits.endIndex ? "" : ".\(digits[cut...])"
      texts.append("\(digits[..<cut])\(fraction)e\(Int.random(in: -40...40, using: &generator))")
    }
    for text in texts {
      var reader = JSONReader(Array(text.utf8))
      let expected = try #require(Double(text))
      #expect(try reader.number().double?.bitPattern == expected.bitPattern, "\(text)")
    }
  }

  @Test func `Python's words for what is not finite are numbers where that is wanted`() throws {
    let limits = JSONLimits(takesNonFinite: true)
    let value = try JSON(parsing: "[NaN, Infinity,-Infinity, -1]".utf8, limits: limits)
    #expect(value.array?.map { $0.double?.isNaN ?? false } == [true, false, false, false])
    #expect(value.array?.dropFirst() == [.number(.infinity), .number(-.infinity), .integer(-1)])
    for text in ["NaN", "[Infinity]", "-Infinity"] {
      #expect(throws: MalformedJSON.self) { try JSON(parsing: text.utf8) }
    }
    for text in ["Nan", "Inf", "-Inf", "-NaN", "Infinity1", "N"] {
      #expect(throws: MalformedJSON.self) { try JSON(parsing: text.utf8, limits: limits) }
    }
  }

  @Test func `a name that comes twice is told with its place`() throws {
    var reader = JSONReader(Array(#"{"a":1,"a":2}"#.utf8))
    try reader.beginObject()
    _ = try reader.nextName()
    try reader.skip()
    let name = try #require(try reader.nextName())
    #expect(reader.repeated(name).offset == 7)
  }
}
