import Encoding
import TestKit
import Testing

@Suite struct JSONPropertyTests {
  @Test func `canonical bytes read back as the value`() throws {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<3000 {
      let value = generator.json()
      let bytes = value.canonicalBytes
      let read = try JSON(parsing: bytes)
      #expect(read == value)
      // Strings count as equal across Unicode normal forms, so the bytes are compared as well.
      #expect(read.canonicalBytes == bytes)
    }
  }

  @Test func `a number's shortest text reads back as the number`() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      let text = JSON.shortestText(of: value)
      #expect(Double(text) == value)
      #expect(try JSON(parsing: text.utf8).double == value)
    }
  }

  @Test func `random bytes are read or refused`() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<5000 {
      let bytes = generator.bytes(Int.random(in: 0...64, using: &generator))
      check(bytes)
    }
  }

  @Test func `random tokens are read or refused`() {
    var generator = SeededGenerator(seed: 9)
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\\", "\\u", "\\ud83d", "\\ude00", "0041", "null", "true",
      "-",
      "0", "1", "9223372036854775808", ".", "e", "E+", " ", "\n", "\u{0}", "é", "\"b\":",
    ]
    var read = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...10, using: &generator)
      let text = (0..<count).map { _ in tokens.randomElement(using: &generator) ?? "" }.joined()
      read += check(Array(text.utf8)) ? 1 : 0
    }
    #expect(read > 100)
  }

  @Test func `a text that was changed or cut anywhere is read or refused`() {
    var generator = SeededGenerator(seed: 10)
    for _ in 0..<2000 {
      var bytes = generator.json().canonicalBytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        guard let index = bytes.indices.randomElement(using: &generator) else { break }
        switch Int.random(in: 0...2, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(index...)
        default: bytes.insert(bytes[index], at: index)
        }
      }
      check(bytes)
    }
  }

  /// Reads `bytes`; what is read must have one spelling, what is refused a place within them.
  @discardableResult
  private func check(_ bytes: [UInt8]) -> Bool {
    do throws(MalformedJSON) {
      let canonical = try JSON(parsing: bytes).canonicalBytes
      #expect(try JSON(parsing: canonical).canonicalBytes == canonical)
      return true
    } catch {
      #expect(0...bytes.count ~= error.offset)
      #expect(error.line >= 1)
      #expect(1...(error.offset + 1) ~= error.column)
      return false
    }
  }
}
