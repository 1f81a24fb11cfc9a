import Encoding
package import ModelGraph

/// A pattern's machine with its states made as they are met, a step of which is one look into a table.
///
/// A state stands for the places of the pattern that are open, the foremost first, before anything between
/// two characters is looked at; a symbol for all characters that the pattern cannot tell apart. For patterns
/// without a group, whose matches have but an end.
package struct PatternAutomaton {
  /// What holds of the characters of one symbol: a bit for each class, and for what assertions look at.
  private typealias Traits = UInt64

  private static let word: Traits = 1 << 63
  private static let asciiWord: Traits = 1 << 62
  private static let lineFeed: Traits = 1 << 61
  /// No character: the start or the end of the text.
  private static let none: Traits = 1 << 60
  /// The text ends behind the character.
  private static let last: Traits = 1 << 59
  private static let mostClasses = 59
  private static let mostSymbols = 256
  private static let mostStates = 1024

  /// What stands for a state: the open places, what is behind, and whether a match here would be one too many.
  private struct Key: Hashable {
    let places: [Int]
    let behind: Traits
    let isEmptyBarred: Bool
  }

  private let pattern: TokenPattern
  private var keys: [Key] = []
  private var states: [Key: Int32] = [:]
  /// What holds of each symbol.
  private var symbols: [Traits] = []
  private var symbolNumbers: [Traits: Int] = [:]
  private var ascii: [UInt8] = []
  private var others: [UInt32: UInt8] = [:]
  /// For each state and symbol the next state; −1 where that was not asked yet, and −2 for none.
  private var steps: [Int32] = []
  /// For each state and symbol whether a match ends before the symbol.
  private var ends: [Bool] = []

  /// Makes the automaton; nil for patterns that have a group or too many classes.
  package init?(_ pattern: TokenPattern) {
    guard !pattern.hasGroup, pattern.classes.count <= Self.mostClasses else { return nil }
    self.pattern = pattern
    for character in 0..<128 as Range<UInt32> {
      guard let number = symbol(of: traits(of: character)) else { return nil }
      ascii.append(UInt8(number))
    }
  }

  /// The end of the foremost match that starts at a position; nil where none does.
  ///
  /// `isExhausted` is set where there are too many states or the budget is spent, and then nothing is known.
  package mutating func end(
    of start: Int, in text: Span<UInt32>, isEmptyBarred: Bool, _ budget: inout Int, isExhausted: inout Bool
  ) -> Int? {
    var behind = Self.none
    if start > 0 { behind = traits(of: text[start - 1]) & (Self.word | Self.asciiWord | Self.lineFeed) }
    guard var state = number(of: Key(places: [0], behind: behind, isEmptyBarred: isEmptyBarred)) else {
      isExhausted = true
      return nil
    }
    var position = start
    var end: Int?
    while true {
      budget -= 1
      guard budget > 0, let symbol = symbol(at: position, in: text, &budget) else {
        isExhausted = true
        return nil
      }
      let place = Int(state) * Self.mostSymbols + symbol
      if steps[place] == -1, !step(from: state, symbol) {
        isExhausted = true
        return nil
      }
      if ends[place] { end = position }
      state = steps[place]
      guard state >= 0 else { return end }
      position += 1
    }
  }
}

// MARK: - Symbols

extension PatternAutomaton {
  private func traits(of character: UInt32) -> Traits {
    var traits: Traits = 0
    for (index, characters) in pattern.classes.enumerated() where characters.contains(character) {
      traits |= 1 << Traits(index)
    }
    if CharacterDatabase.python.isWord(character) {
      traits |= character < 128 ? Self.word | Self.asciiWord : Self.word
    }
    return character == 0x0A ? traits | Self.lineFeed : traits
  }

  private mutating func symbol(of traits: Traits) -> Int? {
    if let number = symbolNumbers[traits] { return number }
    guard symbols.count < Self.mostSymbols else { return nil }
    symbolNumbers[traits] = symbols.count
    symbols.append(traits)
    return symbols.count - 1
  }

  private mutating func symbol(at position: Int, in text: Span<UInt32>, _ budget: inout Int) -> Int? {
    guard position < text.count else { return symbol(of: Self.none) }
    let character = text[position]
    if character == 0x0A, position == text.count - 1 { return symbol(of: traits(of: character) | Self.last) }
    if character < 128 { return Int(ascii[Int(character)]) }
    if let number = others[character] { return Int(number) }
    budget -= pattern.classes.count
    guard let number = symbol(of: traits(of: character)) else { return nil }
    if others.count < 1 << 16 { others[character] = UInt8(number) }
    return number
  }
}

// MARK: - States

extension PatternAutomaton {
  private mutating func number(of key: Key) -> Int32? {
    if let number = states[key] { return number }
    guard keys.count < Self.mostStates else { return nil }
    let number = Int32(keys.count)
    states[key] = number
    keys.append(key)
    steps.append(contentsOf: repeatElement(-1, count: Self.mostSymbols))
    ends.append(contentsOf: repeatElement(false, count: Self.mostSymbols))
    return number
  }

  /// Finds out where a symbol leads; false where there are too many states.
  private mutating func step(from state: Int32, _ symbol: Int) -> Bool {
    let key = keys[Int(state)]
    let ahead = symbols[symbol]
    var next: [Int] = []
    var seen: Set<Int> = []
    var pending = Array(key.places.reversed())
    var isMatch = false
    closing: while let place = pending.popLast() {
      guard seen.insert(place).inserted else { continue }
      switch pattern.instructions[place] {
      case .take(let characters):
        if ahead & Self.none == 0, ahead >> Traits(characters) & 1 != 0, !next.contains(place + 1) {
          next.append(place + 1)
        }
      case .jump(let target): pending.append(target)
      case .split(let first, let second):
        pending.append(second)
        pending.append(first)
      case .mark: pending.append(place + 1)
      case .assert(let assertion):
        if Self.holds(assertion, behind: key.behind, ahead: ahead) { pending.append(place + 1) }
      case .match where key.isEmptyBarred: continue
      case .match:
        isMatch = true
        // What stands behind has less precedence.
        break closing
      }
    }
    let place = Int(state) * Self.mostSymbols + symbol
    ends[place] = isMatch
    guard !next.isEmpty else {
      steps[place] = -2
      return true
    }
    let behind = ahead & (Self.word | Self.asciiWord | Self.lineFeed)
    guard let number = number(of: Key(places: next, behind: behind, isEmptyBarred: false)) else {
      return false
    }
    steps[place] = number
    return true
  }

  private static func holds(
    _ assertion: TokenPattern.Assertion, behind: Traits, ahead: Traits
  ) -> Bool {
    let isEmpty = behind & none != 0 && ahead & none != 0
    switch assertion {
    case .textStart: return behind & none != 0
    case .textEnd: return ahead & none != 0
    case .lastLineEnd: return ahead & (none | last) != 0
    case .lineStart: return behind & (none | lineFeed) != 0
    case .lineEnd: return ahead & (none | lineFeed) != 0
    case .wordBoundary(let isASCII):
      let trait = isASCII ? asciiWord : word
      return !isEmpty && (behind & trait != 0) != (ahead & trait != 0)
    case .noWordBoundary(let isASCII):
      let trait = isASCII ? asciiWord : word
      return !isEmpty && (behind & trait != 0) == (ahead & trait != 0)
    }
  }
}
