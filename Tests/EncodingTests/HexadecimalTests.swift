import Encoding
import TestKit
import Testing

@Suite struct HexadecimalTests {
  /// RFC 4648 section 10, in lower case.
  static let vectors = [
    ("", ""), ("f", "66"), ("fo", "666f"), ("foo", "666f6f"), ("foob", "666f6f62"),
    ("fooba", "666f6f6261"), ("foobar", "666f6f626172"),
  ]

  @Test(arguments: vectors)
  func `the vectors of RFC 4648 hold both ways`(plain: String, encoded: String) {
    #expect(Hexadecimal.encode(plain.utf8) == encoded)
    #expect(Hexadecimal.decode(encoded) == Array(plain.utf8))
  }

  @Test func `every byte has two digits of its own`() {
    let all = Array(UInt8.min...UInt8.max)
    let text = Hexadecimal.encode(all)
    #expect(text.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
    #expect(text.hasSuffix("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
    #expect(Hexadecimal.decode(text) == all)
  }

  @Test(arguments: [
    "f", "fff", "0F", "FF", "0x00", "g0", "0g", " 00", "00 ", "0 0", "-1", "+1", "00\n", "é", "٠٠",
  ])
  func `any other spelling is refused`(text: String) {
    #expect(Hexadecimal.decode(text) == nil)
  }

  @Test func `a part of a text decodes too`() {
    #expect(Hexadecimal.decode("sha256:00ff".dropFirst(7)) == [0, 255])
  }

  @Test func `a word has the digits of its bytes`() {
    var generator = SeededGenerator(seed: 5)
    let words = [0, 9, 10, 0x0123_4567_89AB_CDEF, .max] + (0..<200).map { _ in generator.next() }
    for word in words {
      var text: [UInt8] = []
      Hexadecimal.append(word, to: &text)
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
      #expect(String(decoding: text, as: UTF8.self) == Hexadecimal.encode(bytes))
    }
  }

  @Test func `decoding gives back what was encoded`() {
    var generator = SeededGenerator(seed: 3)
    for count in 0..<200 {
      let bytes = generator.bytes(count)
      #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
    }
  }
}
