import Encoding
import TestKit
import Testing

@Suite struct JSONCursorTests {
  private static func tokens(_ text: String) throws -> [StructureToken] {
    var cursor = JSONCursor(Array(text.utf8)[...])
    var tokens: [StructureToken] = []
    while true {
      let token = try cursor.next()
      tokens.append(token)
      if token == .end { return tokens }
    }
  }

  @Test func `a document is handed out token by token`() throws {
    let tokens = try Self.tokens(#" {"a" : [1, -2.5, NaN, "x\n"], "b": {}, "c": true, "d": null} "#)
    #expect(
      tokens == [
        .beginObject, .name("a"), .beginArray, .integer(1), .decimal, .decimal, .string("x\n"), .endArray,
        .name("b"), .beginObject, .endObject, .name("c"), .bool(true), .name("d"), .null, .endObject, .end,
      ])
  }

  @Test func `whole numbers are exact to 64 bits, and beyond that decimals`() throws {
    #expect(try Self.tokens("9223372036854775807").first == .integer(.max))
    #expect(try Self.tokens("-9223372036854775808").first == .integer(.min))
    #expect(try Self.tokens("9223372036854775808").first == .decimal)
    #expect(try Self.tokens("1e3").first == .decimal)
  }

  @Test(arguments: [
    "", "{", "[", "[1", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{1:2}", "01", "-", "1.", "1e",
    "\"a", "\"\u{1}\"", "\"\\q\"", "tru", "1 2", "]", "{]", "[}", "\"\\",
  ])
  func `text that is not JSON is refused`(text: String) {
    #expect(throws: MalformedBytes.self) { try Self.tokens(text) }
  }

  @Test func `nesting ends at the limit and says so`() {
    var cursor = JSONCursor(Array(String(repeating: "[", count: 9).utf8)[...], at: 0, depth: 8)
    #expect(throws: MalformedBytes.self) { while try cursor.next() != .end {} }
    #expect(cursor.isTooDeep)
  }

  @Test func `a value is skipped whole, whatever is in it`() throws {
    var cursor = JSONCursor(Array(#"{"a": [[1, {"b": []}], 2], "c": 3}"#.utf8)[...])
    #expect(try cursor.next() == .beginObject)
    #expect(try cursor.next() == .name("a"))
    try cursor.skipValue()
    #expect(try cursor.next() == .name("c"))
    try cursor.skipValue()
    #expect(try cursor.next() == .endObject)
  }
}
