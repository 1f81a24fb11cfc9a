/// A cursor over JSON text (RFC 8259).
///
/// Takes the bare words `NaN`, `Infinity` and `-Infinity` too, which libraries of models write for numbers.
/// Names that occur twice are the caller's to find.
public struct JSONCursor: StructureCursor {
  private enum Expectation {
    case value
    case elementOrEnd
    case nameOrEnd
    case separatorOrEnd
  }

  private let bytes: ArraySlice<UInt8>
  private let depth: Int
  private var index: Int
  private var start: Int
  private var expectation = Expectation.value
  /// Whether each open value is an object, the innermost last.
  private var isObject: [Bool] = []
  /// Whether the document was refused because its values nest too deep.
  public private(set) var isTooDeep = false

  /// Starts at the value at `offset`; `depth` is how deep values may nest.
  public init(_ bytes: ArraySlice<UInt8>, at offset: Int = 0, depth: Int = 64) {
    self.bytes = bytes
    self.depth = depth
    index = bytes.startIndex + min(max(0, offset), bytes.count)
    start = index
  }

  /// The offset of the token that was read last, counted from the first byte.
  public var offset: Int { start - bytes.startIndex }

  /// The number that was read last, rounded once to single precision; nil where the last token was none.
  public var single: Float? { Float(String(decoding: bytes[start..<index], as: UTF8.self)) }

  private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  private func malformed(_ expected: String) -> MalformedBytes {
    let found = peek.map { "byte 0x" + Hexadecimal.encode(CollectionOfOne($0)) } ?? "the end of the input"
    return MalformedBytes(offset: index - bytes.startIndex, expected: expected, found: found)
  }

  /// Reads the next token.
  public mutating func next() throws(MalformedBytes) -> StructureToken {
    skipSpace()
    start = index
    switch expectation {
    case .value: return try value()
    case .elementOrEnd: return peek == UInt8(ascii: "]") ? end() : try value()
    case .nameOrEnd: return peek == UInt8(ascii: "}") ? end() : try name()
    case .separatorOrEnd: break
    }
    guard let inObject = isObject.last else {
      guard index == bytes.endIndex else { throw malformed("the end of the text") }
      return .end
    }
    switch peek {
    case UInt8(ascii: ","):
      index += 1
      skipSpace()
      start = index
      return inObject ? try name() : try value()
    case UInt8(ascii: "}") where inObject, UInt8(ascii: "]") where !inObject: return end()
    default: throw malformed(inObject ? "',' or '}'" : "',' or ']'")
    }
  }

  private mutating func end() -> StructureToken {
    index += 1
    expectation = .separatorOrEnd
    return isObject.removeLast() ? .endObject : .endArray
  }

  private mutating func begin(object: Bool) throws(MalformedBytes) -> StructureToken {
    guard isObject.count < depth else {
      isTooDeep = true
      throw malformed("at most \(depth) levels")
    }
    index += 1
    isObject.append(object)
    expectation = object ? .nameOrEnd : .elementOrEnd
    return object ? .beginObject : .beginArray
  }

  private mutating func name() throws(MalformedBytes) -> StructureToken {
    guard peek == UInt8(ascii: "\"") else { throw malformed("a name in double quotes") }
    let text = try string()
    skipSpace()
    guard peek == UInt8(ascii: ":") else { throw malformed("':' after a name") }
    index += 1
    expectation = .value
    return .name(text)
  }

  private mutating func value() throws(MalformedBytes) -> StructureToken {
    guard let byte = peek else { throw malformed("a value") }
    switch byte {
    case UInt8(ascii: "{"): return try begin(object: true)
    case UInt8(ascii: "["): return try begin(object: false)
    default: break
    }
    expectation = .separatorOrEnd
    switch byte {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "-"):
      if take("-Infinity") { return .decimal }
      return try number()
    default: break
    }
    if take("true") { return .bool(true) }
    if take("false") { return .bool(false) }
    if take("null") { return .null }
    if take("NaN") || take("Infinity") { return .decimal }
    throw malformed("a value")
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let word = word.description.utf8
    guard bytes[index...].starts(with: word) else { return false }
    index += word.count
    return true
  }

  private mutating func skipSpace() {
    while index < bytes.endIndex {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  private mutating func digits(into value: inout Int64?) -> Int {
    let first = index
    while index < bytes.endIndex, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
      if let known = value {
        let (product, overflow) = known.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
        value = overflow || carry ? nil : sum
      }
      index += 1
    }
    return index - first
  }

  private mutating func number() throws(MalformedBytes) -> StructureToken {
    let isNegative = peek == UInt8(ascii: "-")
    if isNegative { index += 1 }
    // Counted downwards, for there is one more negative number than positive ones.
    var value: Int64? = 0
    let hasZero = peek == UInt8(ascii: "0")
    let count = digits(into: &value)
    guard count > 0, !hasZero || count == 1 else { throw malformed("a number") }
    var unused: Int64?
    if peek == UInt8(ascii: ".") {
      index += 1
      value = nil
      guard digits(into: &unused) > 0 else { throw malformed("a digit after the point") }
    }
    if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
      index += 1
      value = nil
      if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") { index += 1 }
      guard digits(into: &unused) > 0 else { throw malformed("a digit of the exponent") }
    }
    guard let value else { return .decimal }
    if isNegative { return .integer(value) }
    return value == .min ? .decimal : .integer(-value)
  }

  private mutating func string() throws(MalformedBytes) -> String {
    index += 1
    let first = index
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        let text = String(validating: bytes[first..<index], as: UTF8.self)
        guard let text else { throw malformed("text in UTF-8") }
        index += 1
        return text
      case UInt8(ascii: "\\"): return try stringWithEscapes(from: first)
      case 0..<0x20: throw malformed("a control character written as an escape")
      default: index += 1
      }
    }
    throw malformed("a closing double quote")
  }

  private mutating func stringWithEscapes(from first: Int) throws(MalformedBytes) -> String {
    while let byte = peek, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw malformed("a control character written as an escape") }
      index += 1
      if byte == UInt8(ascii: "\\") {
        guard peek != nil else { break }
        index += 1
      }
    }
    guard peek != nil else { throw malformed("a closing double quote") }
    index += 1
    // The full reader knows the escapes.
    guard let text = try? JSON(parsing: bytes[(first - 1)..<index]).string else {
      throw malformed("a string with escapes as JSON has them")
    }
    return text
  }
}
