import Encoding

/// What Python knows about characters: words, digits, spaces, cases and decompositions.
///
/// The answers are those of Python 3.13 (Unicode 15.1), whatever the Swift library's are, so that a model's
/// numbers do not change with the compiler. Older Pythons differ in characters that were not assigned yet.
package struct CharacterDatabase: Sendable {
  /// The one that there is.
  package static let python = CharacterDatabase()

  /// What holds of one character.
  private struct Traits: OptionSet {
    let rawValue: UInt8
    static let word = Traits(rawValue: 1)
    static let decimal = Traits(rawValue: 2)
    static let space = Traits(rawValue: 4)
    static let combining = Traits(rawValue: 8)
    static let cased = Traits(rawValue: 16)
    static let caseIgnorable = Traits(rawValue: 32)
    static let lowered = Traits(rawValue: 64)
    static let decomposed = Traits(rawValue: 128)
  }

  /// 256 characters share a page, and pages that say the same are one.
  private var pages: [UInt16]
  private var traits: [Traits]
  private var lowerCases: [UInt32: UInt32] = [:]
  private var upperCases: [UInt32: [UInt32]] = [:]
  private var decompositions: [UInt32: [UInt32]] = [:]
  private var similar: [UInt32: [UInt32]] = [:]

  private static let characters = 0x11_0000

  private init() {
    var flat = [Traits](repeating: [], count: Self.characters)
    func mark(_ table: String, _ trait: Traits) {
      var reader = TableReader(table)
      var end = 0
      while !reader.isAtEnd {
        let first = end + reader.number()
        end = min(first + reader.number() + 1, Self.characters)
        for code in first..<end { flat[code].insert(trait) }
      }
    }
    mark(CharacterTables.word, .word)
    mark(CharacterTables.decimal, .decimal)
    mark(CharacterTables.space, .space)
    mark(CharacterTables.combining, .combining)
    mark(CharacterTables.cased, .cased)
    mark(CharacterTables.caseIgnorable, .caseIgnorable)
    for (code, lower) in Self.lowerCases() {
      lowerCases[UInt32(code)] = UInt32(lower)
      upperCases[UInt32(lower), default: []].append(UInt32(code))
      flat[code].insert(.lowered)
    }
    for (code, parts) in Self.decompositions() {
      decompositions[UInt32(code)] = parts
      flat[code].insert(.decomposed)
    }
    var reader = TableReader(CharacterTables.alike)
    while !reader.isAtEnd {
      let code = UInt32(reader.number())
      similar[code] = (0..<reader.number()).map { _ in UInt32(reader.number()) }
    }
    pages = []
    traits = []
    var known: [[UInt8]: UInt16] = [:]
    for start in stride(from: 0, to: Self.characters, by: 256) {
      let page = flat[start..<(start + 256)]
      let key = page.map(\.rawValue)
      if known[key] == nil {
        known[key] = UInt16(known.count)
        traits += page
      }
      pages.append(known[key] ?? 0)
    }
  }

  private static func lowerCases() -> [(Int, Int)] {
    var reader = TableReader(CharacterTables.lowerCase)
    var pairs: [(Int, Int)] = []
    var end = 0
    while !reader.isAtEnd {
      let first = end + reader.number()
      let more = reader.number()
      let step = reader.number()
      let distance = reader.signed()
      for index in 0...more { pairs.append((first + index * step, first + index * step + distance)) }
      end = first + more * step + 1
    }
    return pairs
  }

  private static func decompositions() -> [(Int, [UInt32])] {
    var reader = TableReader(CharacterTables.decomposition)
    var entries: [(Int, [UInt32])] = []
    var end = 0
    while !reader.isAtEnd {
      let first = end + reader.number()
      let kind = reader.number()
      var count = 1
      if kind == 0 {
        count += reader.number()
        let distance = reader.signed()
        for code in first..<(first + count) { entries.append((code, [UInt32(code + distance)])) }
      } else {
        entries.append((first, (1..<kind).map { _ in UInt32(reader.number()) }))
      }
      end = first + count
    }
    return entries
  }

  private func traits(of character: UInt32) -> Traits {
    let page = Int(character >> 8)
    guard page < pages.count else { return [] }
    return traits[Int(pages[page]) << 8 | Int(character & 255)]
  }
}

// MARK: - Questions

extension CharacterDatabase {
  /// `\w`: letters, digits and other numbers of any script, and the low line.
  package func isWord(_ character: UInt32) -> Bool { traits(of: character).contains(.word) }

  /// `\d`: decimal digits of any script.
  package func isDecimal(_ character: UInt32) -> Bool { traits(of: character).contains(.decimal) }

  /// `\s`, and what `str.split` splits at.
  package func isSpace(_ character: UInt32) -> Bool { traits(of: character).contains(.space) }

  /// The lower case of one character by itself.
  package func lowerCase(of character: UInt32) -> UInt32 {
    if character < 128 { return 65...90 ~= character ? character + 32 : character }
    return traits(of: character).contains(.lowered) ? lowerCases[character] ?? character : character
  }

  /// The characters whose lower case is this one, itself aside.
  package func upperCases(of character: UInt32) -> [UInt32] { upperCases[character] ?? [] }

  /// The characters that `(?i)` takes for this lower-case one besides.
  package func similar(to character: UInt32) -> [UInt32] { similar[character] ?? [] }
}

// MARK: - Python's functions of texts

extension CharacterDatabase {
  /// `str.lower`: İ becomes two characters, and a Σ that ends a word ς.
  package func lowerCased(_ text: [UInt32]) -> [UInt32] {
    var result = text
    var dotted = 0
    for index in text.indices {
      let character = text[index]
      switch character {
      case 0x3A3: result[index] = isFinal(index, in: text) ? 0x3C2 : 0x3C3
      case 0x130: dotted += 1
      default: result[index] = lowerCase(of: character)
      }
    }
    guard dotted > 0 else { return result }
    var longer: [UInt32] = []
    longer.reserveCapacity(text.count + dotted)
    for character in result {
      if character == 0x130 { longer += [0x69, 0x307] } else { longer.append(character) }
    }
    return longer
  }

  /// Whether a letter comes before the sigma and none after it, what is case-ignorable left aside.
  ///
  /// Both looks go past any number of ignorable characters, so they are bounded; Python's are not. No word
  /// has so many, and a text of nothing else shall not take quadratic time.
  private func isFinal(_ index: Int, in text: [UInt32]) -> Bool {
    let reach = 1 << 10
    var before = index - 1
    while before >= max(0, index - reach), traits(of: text[before]).contains(.caseIgnorable) { before -= 1 }
    guard before >= 0, traits(of: text[before]).contains(.cased) else { return false }
    var after = index + 1
    while after < min(text.count, index + reach), traits(of: text[after]).contains(.caseIgnorable) {
      after += 1
    }
    return after == text.count || !traits(of: text[after]).contains(.cased)
  }

  /// scikit-learn's `strip_accents_unicode`: compatibility decomposition without combining marks.
  package func withoutAccents(_ text: [UInt32]) -> [UInt32] {
    guard text.contains(where: { $0 >= 128 }) else { return text }
    var result: [UInt32] = []
    result.reserveCapacity(text.count)
    for character in text {
      if character < 128 {
        result.append(character)
      } else {
        appendStripped(character, to: &result, depth: 0)
      }
    }
    return result
  }

  /// scikit-learn's `strip_accents_ascii`: what is left of that in ASCII.
  package func ascii(_ text: [UInt32]) -> [UInt32] {
    withoutAccents(text).filter { $0 < 128 }
  }

  /// The order of marks, which normalising also settles, does not matter to what drops them.
  private func appendStripped(_ character: UInt32, to result: inout [UInt32], depth: Int) {
    if 0xAC00...0xD7A3 ~= character {
      // Hangul syllables are composed by arithmetic (Unicode 3.12).
      let index = character - 0xAC00
      result.append(0x1100 + index / 588)
      result.append(0x1161 + index % 588 / 28)
      if index % 28 > 0 { result.append(0x11A7 + index % 28) }
      return
    }
    let traits = traits(of: character)
    if traits.contains(.decomposed), let parts = decompositions[character], depth < 16 {
      for part in parts { appendStripped(part, to: &result, depth: depth + 1) }
    } else if !traits.contains(.combining) {
      result.append(character)
    }
  }
}

/// Reads one of the tables: numbers of seven bits a byte, the least significant first.
private struct TableReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ table: String) {
    bytes = Base64.decode(table) ?? []
  }

  var isAtEnd: Bool { position >= bytes.count }

  mutating func number() -> Int {
    var value = 0
    var shift = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 127) << shift
      shift += 7
      if byte < 128 { break }
    }
    return value
  }

  /// The sign in the lowest bit.
  mutating func signed() -> Int {
    let value = number()
    return value & 1 == 0 ? value / 2 : -(value / 2 + 1)
  }
}
