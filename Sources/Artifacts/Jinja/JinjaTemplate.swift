/// A word of a Jinja expression or statement.
public struct JinjaToken: Sendable, Equatable {
  /// What a token is.
  public enum Kind: Sendable {
    case name
    /// A literal string, without its quotes and with its escapes resolved.
    case string
    case number
    /// One character, or two that belong together such as `**`.
    case sign
  }

  /// What the token is.
  public let kind: Kind
  /// What it says.
  public let text: String
  /// Whether a string spells characters as escapes that need none: letters, digits, underscores.
  public let hidesText: Bool
}

/// One `{{ … }}` or `{% … %}` of a template.
public struct JinjaTag: Sendable {
  /// Whether it is `{% … %}`.
  public let isStatement: Bool
  /// The offset of its first brace.
  public let offset: Int
  /// The bytes between the braces.
  public let source: ArraySlice<UInt8>
  /// What is in it.
  public let tokens: [JinjaToken]
  /// How deep brackets nest in it.
  public let depth: Int
  /// Whether the closing braces are there.
  public let isClosed: Bool
}

/// A reader of Jinja templates: the tags one after the other, nothing evaluated.
///
/// Follows the lexer of Jinja 3 with its default delimiters: comments, `raw` blocks, white space control, and
/// braces that close a tag only where no bracket is open.
public struct JinjaTemplate: Sendable {
  /// How many tokens one tag may have before the rest of it is not looked at.
  public static let tokenLimit = 50_000

  private let bytes: ArraySlice<UInt8>
  private var index: Int

  /// Starts at the first byte.
  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  /// The next tag; nil at the end of the template.
  public mutating func next() -> JinjaTag? {
    while index + 1 < bytes.endIndex {
      guard bytes[index] == UInt8(ascii: "{") else {
        index = bytes[index...].firstIndex(of: UInt8(ascii: "{")) ?? bytes.endIndex
        continue
      }
      switch bytes[index + 1] {
      case UInt8(ascii: "#"): index = end(of: "#}", from: index + 2)
      case UInt8(ascii: "{"), UInt8(ascii: "%"):
        let tag = tag()
        if tag.tokens.first?.text == "raw", tag.tokens.count == 1, tag.isStatement {
          skipRaw()
          continue
        }
        return tag
      default: index += 1
      }
    }
    return nil
  }

  private mutating func tag() -> JinjaTag {
    let start = index
    let isStatement = bytes[index + 1] == UInt8(ascii: "%")
    index += 2
    if let sign = peek(), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { index += 1 }
    let first = index
    var tokens: [JinjaToken] = []
    var depth = 0
    var deepest = 0
    while index < bytes.endIndex {
      if depth == 0, let length = closing(isStatement) {
        let source = bytes[first..<index]
        index += length
        return JinjaTag(
          isStatement: isStatement, offset: start - bytes.startIndex, source: source, tokens: tokens,
          depth: deepest, isClosed: true)
      }
      guard let token = token() else { continue }
      if token.kind == .sign {
        switch token.text {
        case "(", "[", "{": depth += 1
        case ")", "]", "}": depth = max(0, depth - 1)
        default: break
        }
        deepest = max(deepest, depth)
      }
      if tokens.count < Self.tokenLimit { tokens.append(token) }
    }
    return JinjaTag(
      isStatement: isStatement, offset: start - bytes.startIndex, source: bytes[first...], tokens: tokens,
      depth: deepest, isClosed: false)
  }

  /// How many bytes close the tag here; nil where it goes on.
  private func closing(_ isStatement: Bool) -> Int? {
    let brace: [UInt8] = isStatement ? Array("%}".utf8) : Array("}}".utf8)
    let rest = bytes[index...]
    if rest.prefix(2).elementsEqual(brace) { return 2 }
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+"),
      rest.dropFirst().prefix(2).elementsEqual(brace)
    {
      return 3
    }
    return nil
  }

  private mutating func token() -> JinjaToken? {
    let byte = bytes[index]
    switch byte {
    case 0...0x20:
      index += 1
      return nil
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return string(quote: byte)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return word(.number)
    case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      0x80...0xFF:
      return word(.name)
    default:
      let isPair = (byte == UInt8(ascii: "*") || byte == UInt8(ascii: "/")) && peek(1) == byte
      let length = isPair ? 2 : 1
      defer { index += length }
      return JinjaToken(
        kind: .sign, text: String(decoding: bytes[index..<(index + length)], as: UTF8.self), hidesText: false)
    }
  }

  private mutating func word(_ kind: JinjaToken.Kind) -> JinjaToken {
    let start = index
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xFF:
        index += 1
        continue
      default: break
      }
      break
    }
    return JinjaToken(
      kind: kind, text: String(decoding: bytes[start..<index], as: UTF8.self), hidesText: false)
  }

  private mutating func string(quote: UInt8) -> JinjaToken {
    index += 1
    var text: [UInt8] = []
    var hidesText = false
    while let byte = peek(), byte != quote {
      index += 1
      guard byte == UInt8(ascii: "\\"), let kind = peek() else {
        text.append(byte)
        continue
      }
      index += 1
      let digits: (count: Int, radix: UInt32)
      switch kind {
      case UInt8(ascii: "x"): digits = (2, 16)
      case UInt8(ascii: "u"): digits = (4, 16)
      case UInt8(ascii: "U"): digits = (8, 16)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        index -= 1
        digits = (3, 8)
      case UInt8(ascii: "N"):
        // A character by its name, `\N{LOW LINE}`; which one does not matter, nobody needs it.
        hidesText = true
        continue
      case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "v"),
        UInt8(ascii: "a"), UInt8(ascii: "b"), 0x0A:
        text.append(UInt8(ascii: "\n"))
        continue
      default:
        text.append(kind)
        continue
      }
      if let scalar = scalar(digits.count, radix: digits.radix) {
        hidesText = hidesText || scalar == "_" || (scalar.isASCII && scalar.properties.isAlphabetic)
        text += Array(String(Character(scalar)).utf8)
      }
    }
    if index < bytes.endIndex { index += 1 }
    return JinjaToken(kind: .string, text: String(decoding: text, as: UTF8.self), hidesText: hidesText)
  }

  private mutating func scalar(_ count: Int, radix: UInt32) -> Unicode.Scalar? {
    var value: UInt32 = 0
    var read = 0
    while read < count, let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
      digit < Int(radix)
    {
      // Eight digits at most, four bits each.
      value = value << (radix == 16 ? 4 : 3) | UInt32(digit)
      index += 1
      read += 1
    }
    return read == 0 ? nil : Unicode.Scalar(value)
  }

  private mutating func skipRaw() {
    while index < bytes.endIndex {
      index = end(of: "{%", from: index)
      var rest = bytes[index...].drop { $0 == 0x20 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      guard rest.starts(with: "endraw".utf8) else { continue }
      rest = rest.dropFirst(6)
      index = end(of: "%}", from: rest.startIndex)
      return
    }
  }

  /// Where the bytes behind the next occurrence of a pair of characters begin.
  private func end(of pair: StaticString, from start: Int) -> Int {
    let pair = Array("\(pair)".utf8)
    var place = min(start, bytes.endIndex)
    while let found = bytes[place...].firstIndex(of: pair[0]) {
      if found + 1 < bytes.endIndex, bytes[found + 1] == pair[1] { return found + 2 }
      place = found + 1
    }
    return bytes.endIndex
  }

  private func peek(_ ahead: Int = 0) -> UInt8? {
    index + ahead < bytes.endIndex ? bytes[index + ahead] : nil
  }
}
