import Encoding
import Testing

/// What is refused, and where and why the error says so.
@Suite struct JSONRefusalTests {
  private func refusal(_ bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) -> MalformedJSON? {
    do {
      _ = try JSON(parsing: bytes, limits: limits)
      return nil
    } catch { return error }
  }

  /// Each text, and the offset of the byte that is at fault.
  static let refused: [(String, Int)] = [
    ("", 0), (" ", 1), ("nul", 3), ("nulL", 3), ("True", 0), ("truex", 4), ("tru e", 3), ("NaN", 0),
    ("Infinity", 0), ("-Infinity", 1), ("undefined", 0), ("'a'", 0), ("1 2", 2), ("1,", 1),
    ("[", 1), ("]", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[,]", 1), ("[1 2]", 3),
    ("[1}", 2), ("[]]", 2), ("{", 1), ("}", 0), ("{1:2}", 1), ("{a:1}", 1), ("{\"a\"}", 4),
    ("{\"a\" 1}", 5), ("{\"a\":}", 5), ("{\"a\":1", 6), ("{\"a\":1,", 7), ("{\"a\":1,}", 7),
    ("{,}", 1), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1]", 6), ("{\"a\"::1}", 5), ("{'a':1}", 1),
    ("01", 1), ("-01", 2), ("+1", 0), ("-", 1), ("--1", 1), (".5", 0), ("1.", 2), ("1.e1", 2), ("1e", 2),
    ("1e+", 3), ("1e1.5", 3), ("0x10", 1), ("1_000", 1), ("1e+-1", 3), ("- 1", 1), ("1.5.5", 3), ("00", 1),
    ("\"", 1), ("\"abc", 4), ("\"\\\"", 3), ("\"\\", 2), ("\"\\x41\"", 2), ("\"\\'\"", 2), ("\"\\u\"", 3),
    ("\"\\u004\"", 3), ("\"\\u00g0\"", 3), ("\"\\u+041\"", 3), ("\"\\u-041\"", 3), ("\"\\u 041\"", 3),
    ("\"\\U0041\"", 2), ("\"\t\"", 1), ("\"\n\"", 1), ("\"\u{1F}\"", 1), ("\"\u{0}\"", 1),
    ("[1]//", 3), ("/**/1", 0), ("#1", 0), ("\u{FEFF}1", 0), ("\u{A0}1", 0), ("\u{0}", 0), ("\u{C}1", 0),
    ("\u{B}1", 0), ("1\u{0}", 1),
  ]

  @Test(arguments: refused)
  func `what the grammar does not allow is refused where it departs from it`(text: String, offset: Int) {
    #expect(refusal(text.utf8)?.offset == offset)
  }

  static let sentences: [(String, String)] = [
    ("", "expected a value at line 1, column 1, found the end of the text"),
    ("{\"a\": 1,\n  b: 2}", "expected a member's name in double quotes at line 2, column 3, found 'b'"),
    ("{\n\n\"a\"\n 1}", "expected ':' after the name 'a' at line 4, column 2, found '1'"),
    ("[1\n,2\n;3]", "expected ',' or ']' at line 3, column 1, found ';'"),
    ("{\"a\":1;}", "expected ',' or '}' at line 1, column 7, found ';'"),
    ("[1] x", "expected the end of the text at line 1, column 5, found 'x'"),
    ("nope", "expected 'null' at line 1, column 2, found 'o'"),
    ("-x", "expected a digit at line 1, column 2, found 'x'"),
    ("\"abc", "expected a closing double quote at line 1, column 5, found the end of the text"),
    ("\"a\nb\"", "expected a control character written as an escape at line 1, column 3, found byte 0x0a"),
    ("\"\\q\"", "expected one of \" \\ / b f n r t u after the backslash at line 1, column 3, found 'q'"),
    ("\"\\", "expected a character to escape at line 1, column 3, found the end of the text"),
    ("\"\\u12\"", "expected four hexadecimal digits at line 1, column 4, found '1'"),
    ("\"é\u{1}\"", "expected a control character written as an escape at line 1, column 4, found byte 0x01"),
    ("\u{FEFF}{}", "expected a value at line 1, column 1, found byte 0xef"),
    ("\r\n\r\n?", "expected a value at line 3, column 1, found '?'"),
    ("[1e309]", "expected a number within the range of a double at line 1, column 2, found '1e309'"),
    (
      "{\"a\":1,\n \"\\u0061\":2}",
      "expected each name once in an object at line 2, column 2, found 'a' again"
    ),
    ("\"x\\ud83d\"", "expected a surrogate pair at line 1, column 5, found half of one"),
  ]

  @Test(arguments: sentences)
  func `the error says where, what was expected and what was found`(text: String, sentence: String) {
    #expect(refusal(text.utf8)?.description == sentence)
  }

  @Test(arguments: [
    #""\ud800""#, #""\udbff""#, #""\udc00""#, #""\udfff""#, #""\ud800\ud800""#, #""\udc00\ud800""#,
    #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#, #""\ud83d\\ude00""#, #"{"\ud800":1}"#,
  ])
  func `half of a surrogate pair is refused`(text: String) {
    #expect(refusal(text.utf8)?.expected == "a surrogate pair")
  }

  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE2, 0x82], [0xE0, 0x80, 0x80],
      [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xFF],
      [0xFE], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are refused in names and in values`(bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    let text = [quote] + bytes + [quote]
    let expected = "expected text in UTF-8 at line 1, column 2, found bytes that are not"
    #expect(refusal(text)?.description == expected)
    let object = Array("{".utf8) + text + Array(":1}".utf8)
    #expect(refusal(object)?.expected == "text in UTF-8")
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"":1,"":2}"#, #"[{"x":{"a":1,"\u0061":2}}]"#,
  ])
  func `a name that occurs twice in one object is refused`(text: String) {
    #expect(refusal(text.utf8)?.expected == "each name once in an object")
  }

  @Test func `names that differ only in their Unicode normal form count as one`() {
    #expect(refusal(#"{"\u00e9":1,"e\u0301":2}"#.utf8)?.found == "'e\u{301}' again")
  }

  @Test func `an error quotes a short start of a long name`() {
    let name = String(repeating: "n", count: 100_000)
    let absent = refusal("{\"\(name)\" 1}".utf8)
    #expect(absent?.expected == "':' after the name '\(name.prefix(40))'")
    let twice = refusal("{\"\(name)\":1,\"\(name)\":2}".utf8)
    #expect(twice?.found == "'\(name.prefix(40))' again")
    let marks = String(repeating: "\u{301}", count: 100_000)
    let bounded = refusal("{\"a\(marks)\" 1}".utf8)
    #expect(bounded.map { $0.expected.utf8.count < 200 } == true)
  }

  @Test(arguments: ["1e309", "-1e309", "1e999999999999999999999", "123e400"])
  func `a number beyond the range of a double is refused`(text: String) {
    #expect(refusal(text.utf8)?.found == "'\(text)'")
  }

  @Test func `a long number beyond the range is quoted by its start`() {
    let text = String(repeating: "9", count: 400)
    #expect(refusal(text.utf8)?.found == "'\(String(repeating: "9", count: 32))'")
  }
}

/// What a reader takes on at most.
@Suite struct JSONLimitsTests {
  private func nested(_ depth: Int) -> [UInt8] {
    Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
  }

  @Test func `nesting is read down to the limit and no further`() throws {
    _ = try JSON(parsing: nested(64))
    let error = #expect(throws: MalformedJSON.self) { try JSON(parsing: nested(65)) }
    #expect(error?.description == "expected at most 64 levels at line 1, column 65, found '['")
  }

  @Test func `objects count as levels too`() throws {
    let limits = JSONLimits(depth: 2)
    _ = try JSON(parsing: #"{"a":[1]}"#.utf8, limits: limits)
    #expect(throws: MalformedJSON.self) { try JSON(parsing: #"{"a":[{}]}"#.utf8, limits: limits) }
  }

  @Test func `a depth of nothing allows a bare value only`() throws {
    let limits = JSONLimits(depth: 0)
    #expect(try JSON(parsing: "1".utf8, limits: limits) == 1)
    #expect(throws: MalformedJSON.self) { try JSON(parsing: "[]".utf8, limits: limits) }
  }

  @Test func `a million levels are refused, not descended into`() {
    let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: MalformedJSON.self) { try JSON(parsing: text) }
  }

  @Test func `values are counted across the whole text`() throws {
    let limits = JSONLimits(values: 4)
    _ = try JSON(parsing: "[1,[2]]".utf8, limits: limits)
    let error = #expect(throws: MalformedJSON.self) { try JSON(parsing: "[1,[2,3]]".utf8, limits: limits) }
    #expect(error?.description == "expected at most 4 values at line 1, column 7, found '3'")
  }
}
