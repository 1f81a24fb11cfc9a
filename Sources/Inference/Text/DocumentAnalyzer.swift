import Domain
import ModelGraph

/// Takes texts apart into terms as scikit-learn's vectorizers do.
///
/// The units of a text, words or characters, are laid end to end in one buffer of UTF-8 so that each n-gram is
/// a part of it: no term is ever made on its own.
struct DocumentAnalyzer {
  private let analysis: TextAnalysis
  private let stopWords: TermTable?
  private var matcher: PatternMatcher?
  private var buffer: [UInt8] = []
  /// Where each unit begins in the buffer, and where the last one's end is.
  private var starts: [Int] = []

  init(_ analysis: TextAnalysis) {
    self.analysis = analysis
    stopWords = TermTable(Self.distinct(analysis.stopWords))
    matcher = analysis.unit == .word ? (try? TokenPattern(analysis.pattern)).map { PatternMatcher($0) } : nil
  }

  private static func distinct(_ words: [String]) -> [String] {
    // By bytes: texts are not one because they look alike.
    var seen: Set<[UInt8]> = []
    return words.filter { seen.insert(Array($0.utf8)).inserted }
  }

  /// Calls `found` with each term of the text: a part of the buffer it is given.
  mutating func terms(
    of text: String, _ found: (Span<UInt8>, Range<Int>) -> Void
  ) throws(Problem) {
    var characters: [UInt32] = []
    characters.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars { characters.append(scalar.value) }
    let database = CharacterDatabase.python
    if analysis.lowersCase { characters = database.lowerCased(characters) }
    switch analysis.accents {
    case .kept: break
    case .stripped: characters = database.withoutAccents(characters)
    case .ascii: characters = database.ascii(characters)
    }
    buffer.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    switch analysis.unit {
    case .word:
      try layWords(of: characters)
      grams(gap: 1, found)
    case .character:
      for character in Self.collapsed(characters) {
        starts.append(buffer.count)
        buffer.append(utf8: character)
      }
      starts.append(buffer.count)
      grams(gap: 0, found)
    case .characterInWord: gramsInWords(of: Self.collapsed(characters), found)
    }
  }

  /// Each token and a space, but for the stop words.
  private mutating func layWords(of characters: [UInt32]) throws(Problem) {
    guard var matcher else { return }
    self.matcher = nil
    var (buffer, starts) = (buffer, starts)
    self.buffer = []
    let stopWords = stopWords
    try matcher.tokens(of: characters) { range in
      let start = buffer.count
      for index in range { buffer.append(utf8: characters[index]) }
      if let stopWords, stopWords.index(of: start..<buffer.count, in: buffer.span) != nil {
        buffer.removeSubrange(start...)
      } else {
        starts.append(start)
        buffer.append(0x20)
      }
    }
    starts.append(buffer.count)
    (self.buffer, self.starts, self.matcher) = (buffer, starts, matcher)
  }

  /// The n-grams of the units, which have so many bytes between them.
  private func grams(gap: Int, _ found: (Span<UInt8>, Range<Int>) -> Void) {
    let units = starts.count - 1
    let bytes = buffer.span
    for length in analysis.shortest...analysis.longest where length <= units {
      for first in 0...(units - length) {
        found(bytes, starts[first]..<(starts[first + length] - gap))
      }
    }
  }

  /// Two or more white spaces become one space; one by itself stays what it is.
  private static func collapsed(_ characters: [UInt32]) -> [UInt32] {
    let database = CharacterDatabase.python
    var result: [UInt32] = []
    result.reserveCapacity(characters.count)
    var index = 0
    while index < characters.count {
      var end = index
      while end < characters.count, database.isSpace(characters[end]) { end += 1 }
      if end - index > 1 {
        result.append(0x20)
        index = end
      } else {
        result.append(characters[index])
        index += 1
      }
    }
    return result
  }

  /// The n-grams of each word with a space on either side; a short word counts but once.
  private mutating func gramsInWords(
    of characters: [UInt32], _ found: (Span<UInt8>, Range<Int>) -> Void
  ) {
    let database = CharacterDatabase.python
    var index = 0
    while index < characters.count {
      guard !database.isSpace(characters[index]) else {
        index += 1
        continue
      }
      buffer.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      starts.append(0)
      buffer.append(0x20)
      while index < characters.count, !database.isSpace(characters[index]) {
        starts.append(buffer.count)
        buffer.append(utf8: characters[index])
        index += 1
      }
      starts.append(buffer.count)
      buffer.append(0x20)
      starts.append(buffer.count)
      let units = starts.count - 1
      for length in analysis.shortest...analysis.longest {
        guard length < units else {
          found(buffer.span, 0..<buffer.count)
          break
        }
        for first in 0...(units - length) { found(buffer.span, starts[first]..<starts[first + length]) }
      }
    }
  }
}

extension [UInt8] {
  /// Appends a character in UTF-8.
  fileprivate mutating func append(utf8 character: UInt32) {
    if character < 0x80 {
      append(UInt8(truncatingIfNeeded: character))
    } else if let scalar = Unicode.Scalar(character) {
      append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}
