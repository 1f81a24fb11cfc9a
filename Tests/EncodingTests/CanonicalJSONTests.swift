import Encoding
import Testing

/// The one spelling of a value: RFC 8785.
@Suite struct CanonicalJSONTests {
  @Test func `the example of RFC 8785 section 3-2-2 is written as section 3-2-4 has it`() throws {
    let text = #"""
      {
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let published = """
      7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d
      62 65 72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35
      2c 30 2e 30 30 32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66
      5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d
      """
    let expected = try #require(Hexadecimal.decode(published.filter { !$0.isWhitespace }))
    #expect(try JSON(parsing: text.utf8).canonicalBytes == expected)
  }

  @Test func `members are sorted by UTF-16 units as in RFC 8785 section 3-2-3`() throws {
    let text = #"""
      {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
      }
      """#
    let expected =
      #"{"\r":"Carriage Return","1":"One",""# + "\u{80}" + #"":"Control","ö":"Latin Small Letter O With "#
      + #"Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\#u{FB33}":"Hebrew Letter Dalet With Dagesh"}"#
    let canonical = try JSON(parsing: text.utf8).canonicalBytes
    #expect(canonical == Array(expected.utf8))
  }

  @Test func `a name comes before the names that it begins`() {
    let value: JSON = ["ab": 1, "a": 2, "": 3, "b": 4, "B": 5, "a\u{0}": 6]
    #expect(value.canonicalText == #"{"":3,"B":5,"a":2,"a\u0000":6,"ab":1,"b":4}"#)
  }

  @Test func `only what must be escaped is escaped, and shortly`() {
    let controls = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
    let expected =
      #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
      + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
    #expect(JSON.string(controls).canonicalText == expected)
    #expect(JSON.string("\"\\/\u{7F}\u{2028}é😀").canonicalText == "\"\\\"\\\\/\u{7F}\u{2028}é😀\"")
  }

  @Test func `text is not normalised`() {
    #expect(JSON.string("\u{E9}").canonicalBytes != JSON.string("e\u{301}").canonicalBytes)
    #expect(JSON.string("\u{FB33}").canonicalBytes == [0x22, 0xEF, 0xAC, 0xB3, 0x22])
  }

  @Test func `there is no white space anywhere`() throws {
    let text = " { \"b\" : [ 1 , { } , [ ] ] , \"a\" : null } "
    #expect(try JSON(parsing: text.utf8).canonicalText == #"{"a":null,"b":[1,{},[]]}"#)
  }

  /// RFC 8785 appendix B: the bits of a double and its text.
  static let numbers: [(UInt64, String)] = [
    (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
    (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
    (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"), (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
    (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
    (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
    (0x444B_1AE4_D6E2_EF50, "1e+21"), (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
    (0x3EB0_C6F7_A0B5_ED8D, "0.000001"), (0x41B3_DE43_5555_5553, "333333333.3333332"),
    (0x41B3_DE43_5555_5554, "333333333.33333325"), (0x41B3_DE43_5555_5555, "333333333.3333333"),
    (0x41B3_DE43_5555_5556, "333333333.3333334"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
    (0xBECB_F647_612F_3696, "-0.0000033333333333333333"), (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
  ]

  @Test(arguments: numbers)
  func `the numbers of RFC 8785 appendix B are written as published`(bits: UInt64, text: String) {
    let value = Double(bitPattern: bits)
    #expect(JSON.shortestText(of: value) == text)
    #expect(JSON.number(value).canonicalText == text)
  }

  static let placings: [(Double, String)] = [
    (1, "1"), (-1, "-1"), (10, "10"), (100, "100"), (1.5, "1.5"), (-0.5, "-0.5"), (0.1, "0.1"),
    (0.001, "0.001"), (1e-6, "0.000001"), (1.5e-6, "0.0000015"), (1e-7, "1e-7"), (1.25e-7, "1.25e-7"),
    (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e21, "1.5e+21"), (123456.75, "123456.75"),
    (1e15, "1000000000000000"), (1e16, "10000000000000000"),
    (12_345_678_901_234_567_168, "12345678901234567000"),
    (1e300, "1e+300"), (1e-300, "1e-300"), (0.00001234, "0.00001234"),
  ]

  @Test(arguments: placings)
  func `the point stands where ECMAScript puts it`(value: Double, text: String) {
    #expect(JSON.shortestText(of: value) == text)
  }

  @Test func `a whole number keeps every digit`() {
    #expect(JSON.integer(.max).canonicalText == "9223372036854775807")
    #expect(JSON.integer(.min).canonicalText == "-9223372036854775808")
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
  func `a number that JSON cannot spell is written as null`(value: Double) {
    #expect(JSON.number(value).canonicalText == "null")
  }
}
