import Artifacts
import Encoding
import Testing

@Suite struct JSONOutlineTests {
  private static func read(_ text: String) throws(JSONScanError) -> JSONOutline {
    try JSONOutline.read(Array(text.utf8)[...])
  }

  private static func error(_ text: String) -> JSONScanError? {
    do throws(JSONScanError) {
      _ = try read(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a small text is kept whole`() throws {
    let outline = try Self.read(#"{"a": [1, -2.5, "x\u0041\n", true, null], "b": {"c": "\ud83d\ude00"}}"#)
    #expect(outline.isWhole)
    #expect(outline.root == ["a": [1, -2.5, "xA\n", true, nil], "b": ["c": "😀"]])
  }

  @Test func `what Python writes and the standard does not have is read`() throws {
    let outline = try Self.read(#"{"a": NaN, "b": [-Infinity, Infinity], "c": "\ud83d"}"#)
    #expect(outline.root["c"] == "\u{FFFD}\u{FFFD}\u{FFFD}")
    #expect(outline.root["b"]?.array?.first == .number(-.infinity))
  }

  @Test func `a name that occurs twice is reported, however it is spelled`() throws {
    let outline = try Self.read(#"[{"ab": 1, "c": {"ab": 2}, "\u0061b": 3}]"#)
    #expect(outline.scan.duplicates.map(\.name) == ["ab"])
    #expect(outline.scan.duplicates.map(\.offset) == [27])
  }

  @Test func `depth and digits have a bound`() {
    let deep = String(repeating: "[", count: 600)
    #expect(Self.error(deep) == .depth(limit: 512, offset: 512))
    #expect(Self.error("[" + String(repeating: "9", count: 5_000) + "]") == .digits(count: 5_000, offset: 1))
  }

  @Test func `text that only begins like JSON is other text`() {
    for text in ["{{ messages }}", "[section]\na = 1", "{'a': 1}", "[1] Cox, 1958.", "{% if x %}", "[0-9]+"] {
      #expect(Self.error(text) == .otherText, "\(text)")
    }
  }

  @Test func `text that breaks off says where`() {
    #expect(
      Self.error(#"{"a": [1, 2"#)
        == .malformed(expected: "',' or ']'", found: "the end of the text", offset: 11))
  }

  @Test func `a huge array is cut, and the parts that say what it is stay`() throws {
    let numbers = (0..<10_000).map(String.init).joined(separator: ",")
    let outline = try Self.read(#"{"x": [\#(numbers)], "auto_map": {"A": "b.C"}}"#)
    #expect(!outline.isWhole)
    #expect(outline.root["x"]?.array?.count == 4_096)
    #expect(outline.root["auto_map"] == ["A": "b.C"])
    #expect(outline.scan.values == 10_004)
  }

  @Test func `texts in lines are counted`() throws {
    #expect(try Self.read("{\"a\": 1}\n{\"a\": 2}\n").scan.documents == 2)
  }
}
