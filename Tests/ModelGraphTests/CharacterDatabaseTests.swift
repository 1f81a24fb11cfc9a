import Encoding
import TestKit
import Testing

@testable import ModelGraph

struct CharacterDatabaseTests {
  private let database = CharacterDatabase.python

  private func text(_ characters: [UInt32]) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: characters.compactMap(Unicode.Scalar.init))
    return text
  }

  @Test func `every character is what Python takes it for`() throws {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ number: UInt32) { digest = (digest ^ UInt64(number)) &* 0x100_0000_01B3 }
    for range in [0..<0xD800, 0xE000..<0x3_2400, 0xE_0000..<0xE_0200] as [Range<UInt32>] {
      for code in range {
        add(
          (database.isWord(code) ? 1 : 0) | (database.isDecimal(code) ? 2 : 0)
            | (database.isSpace(code) ? 4 : 0))
        database.lowerCased([code]).forEach(add)
        database.withoutAccents([code]).forEach(add)
        add(0)
      }
    }
    let expected = try Fixtures.json("text/characters.json")["digest"]?.string
    #expect(String(digest, radix: 16) == expected)
  }

  @Test func `texts are lowered and stripped of accents as Python does it`() throws {
    let fixture = try Fixtures.json("text/characters.json")
    let texts = try #require(fixture["texts"]?.array)
    #expect(texts.count > 20)
    for entry in texts {
      let parts = try #require(entry.array)
      let forms = parts.compactMap(\.string)
      let characters = forms[0].unicodeScalars.map(\.value)
      #expect(Array(text(database.lowerCased(characters)).unicodeScalars) == Array(forms[1].unicodeScalars))
      #expect(
        Array(text(database.withoutAccents(characters)).unicodeScalars) == Array(forms[2].unicodeScalars))
    }
  }
}
