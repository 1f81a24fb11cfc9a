import Encoding
import Testing

@testable import Artifacts

/// Integers from bytes.
struct LittleEndianWordsTests {
  private static func words<Word: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: ArraySlice<UInt8>, _ type: Word.Type
  ) -> [Word] {
    var words: [Word] = []
    bytes.forEachWord(type) { words.append($0) }
    return words
  }

  @Test func `words are read from any place on, least significant byte first, and a short rest is left out`()
  {
    let bytes: [UInt8] = [9, 1, 0, 0, 0x80, 2, 0, 0, 0, 3]
    #expect(Self.words(bytes[1...], UInt32.self) == [0x8000_0001, 2])
    #expect(Self.words(bytes[1...], UInt64.self) == [0x2_8000_0001])
    #expect(Self.words(bytes[1..<6], UInt16.self) == [1, 0x8000])
    #expect(Self.words(bytes[8...], UInt8.self) == [0, 3])
    #expect(Self.words(bytes[10...], UInt8.self).isEmpty)
  }
}
