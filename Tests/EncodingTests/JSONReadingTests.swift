import Encoding
import Testing

/// What RFC 8259 allows, and what it reads as.
@Suite struct JSONReadingTests {
  private func read(_ text: String) throws -> JSON { try JSON(parsing: text.utf8) }

  static let accepted: [(String, JSON)] = [
    ("null", nil), ("true", true), ("false", false),
    ("\"\"", ""), ("\"abc\"", "abc"), ("[]", []), ("{}", [:]), ("[ ]", []), ("{ }", [:]),
    (" \t\r\n1 \t\r\n", 1), ("[1,2,3]", [1, 2, 3]), ("[ 1 , 2 ]", [1, 2]), ("[[],[[]]]", [[], [[]]]),
    ("{\"a\":1}", ["a": 1]), ("{ \"a\" : 1 , \"b\" : [ ] }", ["a": 1, "b": []]), ("{\"\":null}", ["": nil]),
    ("{\"a\":{\"a\":{}}}", ["a": ["a": [:]]]), ("[null,true,false]", [nil, true, false]),
    ("{\"A\":1,\"a\":2}", ["A": 1, "a": 2]),
  ]

  @Test(arguments: accepted)
  func `what the grammar allows is read`(text: String, value: JSON) throws {
    #expect(try read(text) == value)
  }

  static let strings: [(String, String)] = [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9\u20ac""#, "Aéé€"),
    (#""\ud83d\ude00""#, "😀"), (#""\uD83D\uDE00""#, "😀"), (#""\ud800\udc00""#, "\u{10000}"),
    (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\u0000""#, "\u{0}"),
    (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"), ("\"\u{7F}\u{80}\"", "\u{7F}\u{80}"),
    ("\"é€😀\"", "é€😀"), (#""\\u0041""#, #"\u0041"#), ("\"\u{FEFF}\"", "\u{FEFF}"), (#""'""#, "'"),
  ]

  @Test(arguments: strings)
  func `a string is read with its escapes`(text: String, value: String) throws {
    let read = try #require(try read(text).string)
    #expect(Array(read.unicodeScalars) == Array(value.unicodeScalars))
  }

  @Test func `code points that stand for no character are text all the same`() throws {
    let read = try #require(try read(#""\uffff\ufdd0""#).string)
    #expect(read.unicodeScalars.map(\.value) == [0xFFFF, 0xFDD0])
  }

  @Test func `an escaped combining mark joins no neighbour`() throws {
    let read = try #require(try read(#""e\u0301""#).string)
    #expect(Array(read.unicodeScalars) == ["e", "\u{301}"])
  }

  @Test func `the bytes may be any collection`() throws {
    let text = Array("xx[1]xx".utf8)
    #expect(try JSON(parsing: text[2..<5]) == [1])
  }

  static let wholeNumbers: [(String, Int64)] = [
    ("0", 0), ("-1", -1), ("10", 10), ("9007199254740993", 9_007_199_254_740_993),
    ("9223372036854775807", .max), ("-9223372036854775808", .min),
  ]

  @Test(arguments: wholeNumbers)
  func `a whole number that fits 64 bits keeps every digit`(text: String, value: Int64) throws {
    #expect(try read(text) == .integer(value))
  }

  static let numbers: [(String, Double)] = [
    ("9223372036854775808", 9_223_372_036_854_775_808), ("-9223372036854775809", -9_223_372_036_854_775_808),
    ("1.0", 1), ("0.0", 0), ("1e0", 1), ("1E+2", 100), ("1e-2", 0.01), ("-1.5e3", -1500), ("0e5", 0),
    ("0.1", 0.1), ("1e308", 1e308), ("1.7976931348623157e308", .greatestFiniteMagnitude),
    ("5e-324", .leastNonzeroMagnitude), ("1e-400", 0), ("0e999999999999999999999", 0),
    ("1e-999999999999999999999", 0),
    ("123456789012345678901234567890", 123_456_789_012_345_677_877_719_597_056),
    ("2.2250738585072011e-308", .leastNormalMagnitude.nextDown), ("9007199254740993.0", 9007199254740992),
  ]

  @Test(arguments: numbers)
  func `any other number is the nearest double`(text: String, value: Double) throws {
    #expect(try read(text) == .number(value))
  }

  @Test func `minus zero keeps its sign`() throws {
    for text in ["-0", "-0.0", "-0e1"] {
      let value = try #require(try read(text).double)
      #expect(value == 0)
      #expect(value.sign == .minus)
      #expect(try read(text).integer == nil)
    }
  }

  @Test func `a number with very many digits is read`() throws {
    let digits = String(repeating: "3", count: 100_000)
    #expect(try read("0.\(digits)") == .number(1.0 / 3))
  }

  @Test func `the readers of a value give nil for any other kind`() throws {
    let value = try read(#"{"i":1,"n":1.5,"s":"x","b":true,"a":[1],"o":{},"z":null}"#)
    #expect(value["i"]?.int == 1)
    #expect(value["i"]?.double == 1)
    #expect(value["n"]?.double == 1.5)
    #expect(value["n"]?.integer == nil)
    #expect(value["s"]?.string == "x")
    #expect(value["s"]?.bool == nil)
    #expect(value["b"]?.bool == true)
    #expect(value["b"]?.int == nil)
    #expect(value["a"]?.array == [1])
    #expect(value["a"]?.object == nil)
    #expect(value["o"]?.object == [:])
    #expect(value["o"]?.array == nil)
    #expect(value["z"] == .some(.null))
    #expect(value["z"]?.string == nil)
    #expect(value["absent"] == nil)
    #expect(value["a"]?["i"] == nil)
  }

  @Test func `each kind has its words`() throws {
    let kinds = try ["null", "true", "1", "1.5", "\"\"", "[]", "{}"].map { try read($0).kind }
    #expect(
      kinds == ["null", "a boolean", "a number", "a number", "a string", "an array", "an object"])
  }
}
