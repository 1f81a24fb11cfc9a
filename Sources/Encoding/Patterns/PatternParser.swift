/// Reads a regular expression as Python's `re` writes it.
///
/// The rules are those of Python's own parser (`Lib/re/_parser.py`), 3.8 to 3.13; where versions differ in what
/// they take, only what all take alike is read.
package struct PatternParser {
  /// The pattern is not read.
  package struct Unsupported: Error, Equatable {
    /// What stands there, `an atomic group`.
    package let construct: String
    /// At which character, from 0.
    package let position: Int

    package init(construct: String, position: Int) {
      self.construct = construct
      self.position = position
    }
  }

  /// How many characters a pattern may have, how deep its groups may nest.
  private let mostCharacters: Int
  private let mostDepth: Int

  private struct Flags {
    var ignoresCase = false
    var isASCII = false
    var dotMatchesAll = false
    var isMultiline = false
    var isVerbose = false

    var caseRule: PatternSet.CaseRule {
      ignoresCase ? (isASCII ? .ignoredInASCII : .ignored) : .exact
    }
  }

  private let characters: [Unicode.Scalar]
  private var position = 0
  private var flags = Flags()

  private init(_ pattern: String, mostCharacters: Int, mostDepth: Int) {
    characters = Array(pattern.unicodeScalars.prefix(mostCharacters + 1))
    self.mostCharacters = mostCharacters
    self.mostDepth = mostDepth
  }

  /// Reads a whole pattern of at most so many characters, whose groups nest at most so deep.
  package static func parse(
    _ pattern: String, mostCharacters: Int, mostDepth: Int
  ) throws(Unsupported) -> PatternNode {
    var parser = PatternParser(pattern, mostCharacters: mostCharacters, mostDepth: mostDepth)
    return try parser.parse()
  }

  private mutating func parse() throws(Unsupported) -> PatternNode {
    guard characters.count <= mostCharacters else {
      throw Unsupported(construct: "more than \(mostCharacters) characters", position: mostCharacters)
    }
    try leadingFlags()
    let node = try choice(depth: 0)
    guard position == characters.count else { throw unsupported("an unbalanced ')'") }
    return node
  }

  private func unsupported(_ construct: String, at position: Int? = nil) -> Unsupported {
    Unsupported(construct: construct, position: position ?? self.position)
  }

  private var peek: Unicode.Scalar? { position < characters.count ? characters[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == character else { return false }
    position += 1
    return true
  }

  private mutating func next(_ what: String) throws(Unsupported) -> Unicode.Scalar {
    guard let character = peek else { throw unsupported("the end in place of \(what)") }
    position += 1
    return character
  }
}

// MARK: - Structure

extension PatternParser {
  private mutating func choice(depth: Int) throws(Unsupported) -> PatternNode {
    guard depth < mostDepth else { throw unsupported("groups more than \(mostDepth) deep") }
    var branches = [try sequence(depth: depth)]
    while take("|") { branches.append(try sequence(depth: depth)) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence(depth: Int) throws(Unsupported) -> PatternNode {
    var parts: [PatternNode] = []
    while let character = peek, character != "|", character != ")" {
      if flags.isVerbose, skipsBlank() { continue }
      let start = position
      if let bounds = try quantifier() {
        guard let last = parts.popLast() else { throw unsupported("a repeat of nothing", at: start) }
        parts.append(try repeated(last, bounds, at: start))
      } else if let part = try atom(depth: depth) {
        parts.append(part)
      }
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(
    _ part: PatternNode, _ bounds: (Int, Int?), at start: Int
  ) throws(Unsupported) -> PatternNode {
    switch part {
    case .assert: throw unsupported("a repeat of an anchor", at: start)
    case .repeated: throw unsupported("two repeats in a row", at: start)
    default: break
    }
    if peek == "+" { throw unsupported("a possessive repeat") }
    let isGreedy = !take("?")
    return .repeated(part, minimum: bounds.0, maximum: bounds.1, isGreedy: isGreedy, position: start)
  }

  /// `*`, `+`, `?`, `{2}`, `{2,}`, `{,5}`, `{2,5}`; anything else in braces stands for itself.
  private mutating func quantifier() throws(Unsupported) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard peek == "{" else { return nil }
    let start = position
    position += 1
    let low = number()
    let hasComma = take(",")
    let high = hasComma ? number() : low
    guard take("}"), low != nil || hasComma else {
      position = start
      return nil
    }
    if let high, high < low ?? 0 { throw unsupported("a repeat from more to less", at: start) }
    return (low ?? 0, high)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let character = peek, "0"..."9" ~= character {
      // More than any pattern has; it need not be exact.
      value = min((value ?? 0) * 10 + Int(character.value - 0x30), 1 << 32)
      position += 1
    }
    return value
  }

  /// White space and comments of a verbose pattern.
  private mutating func skipsBlank() -> Bool {
    switch peek {
    case " ", "\t", "\n", "\r", "\u{0B}", "\u{0C}":
      position += 1
      return true
    case "#":
      while let character = peek {
        position += 1
        if character == "\n" { break }
      }
      return true
    default: return false
    }
  }

  /// One part; nil for what stands for nothing, a comment.
  private mutating func atom(depth: Int) throws(Unsupported) -> PatternNode? {
    let character = try next("an expression")
    switch character {
    case ".": return .take(flags.dotMatchesAll ? .any : .anyButLineFeed)
    case "^": return .assert(flags.isMultiline ? .lineStart : .textStart)
    case "$": return .assert(flags.isMultiline ? .lineEnd : .lastLineEnd)
    case "(": return try group(depth: depth)
    case "[": return .take(try bracket())
    case "\\": return try escape()
    default: return .take(literal(character))
    }
  }

  private func literal(_ character: Unicode.Scalar) -> PatternSet {
    PatternSet([character.value...character.value], caseRule: flags.caseRule)
  }
}

// MARK: - Groups and flags

extension PatternParser {
  private mutating func group(depth: Int) throws(Unsupported) -> PatternNode? {
    let start = position - 1
    let outer = flags
    defer { flags = outer }
    var kind = Group.capturing
    if take("?") {
      switch try next("an extension") {
      case "#":
        while try next("')' after a comment") != ")" {}
        return nil
      case ":": kind = .plain
      case "P":
        if take("=") {
          while try next("')' after a group's name") != ")" {}
          return .backReference(position: start)
        }
        guard take("<") else { throw unsupported("the extension 'P'", at: start) }
        while try next("'>' after a group's name") != ">" {}
      case "=", "!": kind = .look(isBehind: false)
      case "<":
        guard take("=") || take("!") else { throw unsupported("the extension '<'", at: start) }
        kind = .look(isBehind: true)
      case "(": throw unsupported("a conditional", at: start)
      case ">": throw unsupported("an atomic group", at: start)
      default:
        position -= 1
        // Python takes flags for the whole pattern at its beginning only.
        guard try setFlags() else { throw unsupported("flags in the middle", at: start) }
        kind = .plain
      }
    }
    let body = try choice(depth: depth + 1)
    guard take(")") else { throw unsupported("a group without an end", at: start) }
    switch kind {
    case .capturing: return .group(body, position: start)
    // A repeat of a group around one is no repeat of a repeat.
    case .plain: return .sequence([body])
    case .look(let isBehind): return .lookAround(body, isBehind: isBehind, position: start)
    }
  }

  /// What a pair of parentheses is for.
  private enum Group {
    case capturing
    case plain
    case look(isBehind: Bool)
  }

  /// `(?i)` and the like, of which a pattern may have several to begin with.
  private mutating func leadingFlags() throws(Unsupported) {
    while peek == "(", position + 2 < characters.count, characters[position + 1] == "?" {
      let start = position
      let before = flags
      let letters = characters[(position + 2)...].prefix { "aiLmsux".unicodeScalars.contains($0) }
      guard !letters.isEmpty, letters.endIndex < characters.count, characters[letters.endIndex] == ")" else {
        return
      }
      position += 2
      _ = try setFlags()
      if flags.isVerbose, !before.isVerbose, start > 0 {
        // Older Pythons read the pattern again from its start.
        throw unsupported("the flag 'x' behind other flags", at: start)
      }
    }
  }

  /// Reads the letters of `(?i)` or `(?i-s:`; whether a pattern follows.
  private mutating func setFlags() throws(Unsupported) -> Bool {
    var isOn = true
    var kinds: [Unicode.Scalar] = []
    while true {
      let flag = try next("a flag")
      switch flag {
      case "i": flags.ignoresCase = isOn
      case "s": flags.dotMatchesAll = isOn
      case "m": flags.isMultiline = isOn
      case "x": flags.isVerbose = isOn
      case "a" where isOn, "u" where isOn:
        if !kinds.contains(flag) { kinds.append(flag) }
        guard kinds.count == 1 else { throw unsupported("the flags 'a' and 'u' together", at: position - 1) }
        flags.isASCII = flag == "a"
      case "-" where isOn: isOn = false
      case ":": return true
      case ")" where isOn: return false
      default:
        throw unsupported("the extension '\(String(flag).excerpt(1))'", at: position - 1)
      }
    }
  }
}

// MARK: - Characters

extension PatternParser {
  /// What stands behind a backslash outside a set.
  private mutating func escape() throws(Unsupported) -> PatternNode {
    switch peek {
    case "A": return anchor(.textStart)
    case "Z": return anchor(.textEnd)
    case "b": return anchor(.wordBoundary(isASCII: flags.isASCII))
    case "B": return anchor(.noWordBoundary(isASCII: flags.isASCII))
    case let digit? where "1"..."9" ~= digit: return try numbered()
    default:
      return switch try member() {
      case .character(let value): .take(PatternSet([value...value], caseRule: flags.caseRule))
      case .category(let category): .take(PatternSet([], [category]))
      }
    }
  }

  /// `\1` to `\99`, or three octal digits; the backslash is read.
  private mutating func numbered() throws(Unsupported) -> PatternNode {
    let start = position - 1
    let digits = characters[position...].prefix(3).prefix { "0"..."7" ~= $0 }
    if digits.count == 3, case .character(let value) = try member() {
      return .take(PatternSet([value...value], caseRule: flags.caseRule))
    }
    position += 1
    if let digit = peek, "0"..."9" ~= digit { position += 1 }
    return .backReference(position: start)
  }

  private mutating func anchor(_ assertion: PatternAssertion) -> PatternNode {
    position += 1
    return .assert(assertion)
  }

  /// One member of a set.
  private enum Member {
    case character(UInt32)
    case category(PatternSet.Category)
  }

  /// What an escape stands for inside a set, and mostly outside, the backslash being read.
  private mutating func member() throws(Unsupported) -> Member {
    let start = position - 1
    let character = try next("an escape")
    func category(_ kind: PatternSet.Kind, isNegated: Bool) -> Member {
      .category(PatternSet.Category(kind: kind, isNegated: isNegated, isASCII: flags.isASCII))
    }
    switch character {
    case "d": return category(.decimal, isNegated: false)
    case "D": return category(.decimal, isNegated: true)
    case "w": return category(.word, isNegated: false)
    case "W": return category(.word, isNegated: true)
    case "s": return category(.space, isNegated: false)
    case "S": return category(.space, isNegated: true)
    case "a": return .character(0x07)
    case "b": return .character(0x08)
    case "t": return .character(0x09)
    case "n": return .character(0x0A)
    case "v": return .character(0x0B)
    case "f": return .character(0x0C)
    case "r": return .character(0x0D)
    case "x": return .character(try hexadecimal(2, from: start))
    case "u": return .character(try hexadecimal(4, from: start))
    case "U": return .character(try hexadecimal(8, from: start))
    case "0"..."7":
      var value = character.value - 0x30
      for _ in 0..<2 {
        guard let digit = peek, "0"..."7" ~= digit else { break }
        value = value * 8 + digit.value - 0x30
        position += 1
      }
      guard value <= 0o377 else { throw unsupported("an octal escape beyond 377", at: start) }
      return .character(value)
    case "8", "9", "A"..."Z", "a"..."z":
      throw unsupported("the escape '\\\(character)'", at: start)
    default: return .character(character.value)
    }
  }

  private mutating func hexadecimal(_ count: Int, from start: Int) throws(Unsupported) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek, digit.isASCII, let nibble = UInt32(String(digit), radix: 16), value < 1 << 28
      else { throw unsupported("an escape that names no character", at: start) }
      value = value << 4 | nibble
      position += 1
    }
    guard value <= 0x10_FFFF else { throw unsupported("an escape that names no character", at: start) }
    return value
  }

  /// `[a-z]`, the bracket being read.
  private mutating func bracket() throws(Unsupported) -> PatternSet {
    let start = position - 1
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var categories: [PatternSet.Category] = []
    func add(_ member: Member) {
      switch member {
      case .character(let value): ranges.append(value...value)
      case .category(let category): categories.append(category)
      }
    }
    while true {
      guard peek != nil else { throw unsupported("a set without an end", at: start) }
      if !(ranges.isEmpty && categories.isEmpty), take("]") { break }
      let low = try setMember()
      guard peek == "-", position + 1 < characters.count, characters[position + 1] != "]" else {
        add(low)
        continue
      }
      let here = position
      position += 1
      guard case .character(let first) = low, case .character(let last) = try setMember(), first <= last
      else {
        throw unsupported("a range of characters that is none", at: here)
      }
      ranges.append(first...last)
    }
    return PatternSet(ranges, categories, isNegated: isNegated, caseRule: flags.caseRule)
  }

  private mutating func setMember() throws(Unsupported) -> Member {
    let character = try next("']' after a set of characters")
    return character == "\\" ? try member() : .character(character.value)
  }
}
