import Artifacts

/// A regular expression taken apart, as far as it matters for how long matching may take.
indirect enum RegexNode {
  case empty
  /// One scalar of a set.
  case set(ScalarSet)
  /// Matches no scalar and may fail: `$`, `\b`, a look around.
  case assertion(isWordBoundary: Bool)
  case sequence([RegexNode])
  case choice([RegexNode])
  /// `maximum` is nil where there is none.
  case repeated(RegexNode, minimum: Int, maximum: Int?)
}

/// Reads regular expressions as Python's `re` writes them.
///
/// What it does not know — conditionals, atomic groups, verbose patterns — it does not guess at.
struct RegexParser {
  /// The pattern is not read: what stands there, and at which scalar.
  struct Unsupported: Error, Equatable {
    let what: String
    let position: Int
  }

  /// How many scalars a pattern may have, how deep its groups may nest.
  static let maximumLength = 1_000
  private static let maximumDepth = 40

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var dotMatchesAll = false
  /// The patterns of look arounds, each of which is matched on its own.
  private(set) var inner: [RegexNode] = []

  init(_ pattern: String) {
    scalars = Array(pattern.unicodeScalars.prefix(Self.maximumLength + 1))
  }

  /// Reads the whole pattern.
  mutating func parse() throws(Unsupported) -> RegexNode {
    guard scalars.count <= Self.maximumLength else {
      throw Unsupported(what: "more than \(Self.maximumLength) characters", position: Self.maximumLength)
    }
    try globalFlags()
    let node = try choice(depth: 0)
    guard position == scalars.count else { throw unsupported("an unbalanced ')'") }
    return node
  }

  private func unsupported(_ what: String) -> Unsupported { Unsupported(what: what, position: position) }

  private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  private mutating func next(_ what: String) throws(Unsupported) -> Unicode.Scalar {
    guard let scalar = peek else { throw unsupported("the end in place of \(what)") }
    position += 1
    return scalar
  }

  private mutating func choice(depth: Int) throws(Unsupported) -> RegexNode {
    guard depth < Self.maximumDepth else { throw unsupported("groups more than \(Self.maximumDepth) deep") }
    var branches = [try sequence(depth: depth)]
    while take("|") { branches.append(try sequence(depth: depth)) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence(depth: Int) throws(Unsupported) -> RegexNode {
    var parts: [RegexNode] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      let atom = try atom(depth: depth)
      parts.append(try quantified(atom))
    }
    return .sequence(parts)
  }

  private mutating func quantified(_ atom: RegexNode) throws(Unsupported) -> RegexNode {
    let bounds: (Int, Int?)
    if take("*") {
      bounds = (0, nil)
    } else if take("+") {
      bounds = (1, nil)
    } else if take("?") {
      bounds = (0, 1)
    } else if let counted = counted() {
      bounds = counted
    } else {
      return atom
    }
    if peek == "+" { throw unsupported("a possessive quantifier") }
    // Lazy or not, the same strings match; only the order differs.
    _ = take("?")
    if peek == "*" || peek == "+" || peek == "?" { throw unsupported("two quantifiers in a row") }
    return .repeated(atom, minimum: bounds.0, maximum: bounds.1)
  }

  /// `{2}`, `{2,}`, `{,5}`, `{2,5}`; anything else in braces stands for itself.
  private mutating func counted() -> (Int, Int?)? {
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
    return (low ?? 0, high)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = peek, "0"..."9" ~= scalar {
      // More than any pattern has; it need not be exact.
      value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1 << 32)
      position += 1
    }
    return value
  }

  private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
    let set = ScalarSet(scalar.value)
    return ignoresCase ? set.withBothCases : set
  }

  private mutating func atom(depth: Int) throws(Unsupported) -> RegexNode {
    let scalar = try next("an expression")
    switch scalar {
    case ".": return .set(dotMatchesAll ? .any : ScalarSet.lineFeed.inverted)
    case "^", "$": return .assertion(isWordBoundary: false)
    case "(": return try group(depth: depth)
    case "[": return .set(try bracket())
    case "\\": return try escape()
    case "*", "+", "?":
      position -= 1
      throw unsupported("a quantifier of nothing")
    default: return .set(literal(scalar))
    }
  }

  private mutating func group(depth: Int) throws(Unsupported) -> RegexNode {
    let (outerCase, outerDot) = (ignoresCase, dotMatchesAll)
    defer { (ignoresCase, dotMatchesAll) = (outerCase, outerDot) }
    var isLookAround = false
    if take("?") {
      if take("#") {
        while try next("')' after a comment") != ")" {}
        return .empty
      }
      if take("=") || take("!") || take("<=") || take("<!") {
        isLookAround = true
      } else if take("P<") {
        while try next("'>' after a group's name") != ">" {}
      } else if take("P=") {
        while try next("')' after a group's name") != ")" {}
        return .set(.any)
      } else if !take(":") {
        let hasBody = try flags()
        // Python takes flags for the whole pattern at its beginning only.
        guard hasBody else { throw unsupported("flags in the middle") }
      }
    }
    let body = try choice(depth: depth + 1)
    guard take(")") else { throw unsupported("the end in place of ')'") }
    guard isLookAround else { return body }
    inner.append(body)
    return .assertion(isWordBoundary: false)
  }

  /// Reads `(?i)` and the like where the pattern begins with it.
  private mutating func globalFlags() throws(Unsupported) {
    let letters = scalars.dropFirst(2).prefix { "iasuLm".unicodeScalars.contains($0) }
    guard !letters.isEmpty, scalars.dropFirst(2 + letters.count).first == ")", take("(?") else { return }
    _ = try flags()
  }

  /// Reads the letters of `(?i)` or `(?i:`; whether a pattern follows.
  private mutating func flags() throws(Unsupported) -> Bool {
    var isOn = true
    while true {
      let flag = try next("a flag")
      switch flag {
      case "i": ignoresCase = isOn
      case "s": dotMatchesAll = isOn
      case "a", "u", "L", "m": break
      case "-": isOn = false
      case ":": return true
      case ")": return false
      default:
        position -= 1
        throw unsupported("the extension '\(String(flag).escaped(limit: 1))'")
      }
    }
  }

  /// `\d`, `\b`, `\x41` and the like, the backslash being read.
  private mutating func escape() throws(Unsupported) -> RegexNode {
    switch peek {
    case "b":
      position += 1
      return .assertion(isWordBoundary: true)
    case "B", "A", "Z":
      position += 1
      return .assertion(isWordBoundary: false)
    case let digit? where "1"..."9" ~= digit:
      position += 1
      // What a group matched before, which may be anything.
      return .set(.any)
    default: return .set(try escapedSet())
    }
  }

  private mutating func escapedSet() throws(Unsupported) -> ScalarSet {
    let scalar = try next("an escape")
    switch scalar {
    case "d": return .digits
    case "D": return ScalarSet.digits.inverted
    case "w": return .word
    case "W": return ScalarSet.word.inverted
    case "s": return .spaces
    case "S": return ScalarSet.spaces.inverted
    case "n": return .lineFeed
    case "t": return ScalarSet(0x09)
    case "r": return ScalarSet(0x0D)
    case "f": return ScalarSet(0x0C)
    case "v": return ScalarSet(0x0B)
    case "a": return ScalarSet(0x07)
    case "0": return ScalarSet(0)
    case "x": return literal(try hexadecimal(2))
    case "u": return literal(try hexadecimal(4))
    case "U": return literal(try hexadecimal(8))
    default:
      guard !scalar.properties.isAlphabetic || !scalar.isASCII else {
        throw unsupported("the escape '\\\(scalar)'")
      }
      return literal(scalar)
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(Unsupported) -> Unicode.Scalar {
    let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
    guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw unsupported("an escape that names no character") }
    position += count
    return scalar
  }

  /// `[a-z]`, the bracket being read.
  private mutating func bracket() throws(Unsupported) -> ScalarSet {
    let isInverted = take("^")
    var set = ScalarSet([])
    var isFirst = true
    while isFirst || peek != "]" {
      isFirst = false
      let low = try member()
      guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        set = set.union(low)
        continue
      }
      position += 1
      let high = try member()
      guard let first = low.ranges.first, let last = high.ranges.last, first.lowerBound <= last.upperBound,
        low.ranges.count <= 2, high.ranges.count <= 2
      else { throw unsupported("a range of characters that is none") }
      set = set.union(ScalarSet([first.lowerBound...last.upperBound]))
    }
    position += 1
    return isInverted ? set.inverted : set
  }

  private mutating func member() throws(Unsupported) -> ScalarSet {
    let scalar = try next("']' after a set of characters")
    guard scalar == "\\" else { return literal(scalar) }
    if peek == "b" {
      position += 1
      return ScalarSet(0x08)
    }
    return try escapedSet()
  }
}
