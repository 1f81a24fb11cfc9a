import Encoding
import TestKit
import Testing

@Suite struct Base64Tests {
  /// RFC 4648 section 10.
  static let vectors = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ]

  @Test(arguments: vectors)
  func `the vectors of RFC 4648 hold both ways`(plain: String, encoded: String) {
    #expect(Base64.encode(plain.utf8) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test func `the last two of the alphabet are plus and slash`() {
    #expect(Base64.encode([0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF]) == "++++////")
    #expect(Base64.decode("++++////") == [0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF])
  }

  @Test(arguments: ["Zh==", "Zn==", "Zv==", "Zm9=", "Zm+=", "Zm8/Zh=="])
  func `stray bits under the padding are refused`(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test(arguments: [
    "Zg", "Zg=", "Zm8", "Z", "=", "==", "===", "====", "A===", "Zg===", "Zg==Zg==", "Z=g=", "Zm=v", "=Zm8",
  ])
  func `missing, surplus and misplaced padding is refused`(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test(arguments: ["----", "____", "Zm9v\n", "Zm9\n", " m9v", "Zm9v    ", "Zmé", "Zm9\u{0}"])
  func `another alphabet and white space are refused`(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func `decoding gives back what was encoded`() {
    var generator = SeededGenerator(seed: 4)
    for count in 0..<200 {
      let bytes = generator.bytes(count)
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test func `whatever decodes has one spelling`() {
    var generator = SeededGenerator(seed: 5)
    let alphabet = Array("AZaz09+/==-_ \n".utf8)
    var accepted = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...8, using: &generator)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let decoded = Base64.decode(text) else { continue }
      accepted += 1
      #expect(Base64.encode(decoded) == text)
    }
    #expect(accepted > 100)
  }
}
