import Encoding
import Testing

struct ByteTextTests {
  private static func text(_ append: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    append(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: [0, 7, 10, 99, 100, -1, -10, 1_234_567_890, Int.max, Int.min])
  func `a number is written as its description`(number: Int) {
    #expect(Self.text { $0.append(decimal: number) } == "\(number)")
  }

  @Test func `a fixed text is written as its UTF-8`() {
    #expect(Self.text { $0.append("grün,\n") } == "grün,\n")
  }

  @Test(arguments: [
    ("", "\"\""), ("iris", "\"iris\""), ("grün 🌸", "\"grün 🌸\""), ("a\"b\\c", "\"a\\\"b\\\\c\""),
    ("\u{8}\t\n\u{C}\r", "\"\\b\\t\\n\\f\\r\""), ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
  ])
  func `a text is written as a string of JSON`(text: String, json: String) {
    #expect(Self.text { $0.append(jsonString: text) } == json)
  }

  @Test func `what is appended goes behind what is there`() {
    #expect(
      Self.text {
        $0.append("[")
        $0.append(decimal: 4)
        $0.append(",")
        $0.append(jsonString: "x")
        $0.append("]")
      } == "[4,\"x\"]")
  }
}
