/// A reader that steps through one JSON text (RFC 8259) and hands out its values as the caller asks for them.
///
/// For requests, whose numbers go straight to where they are computed with. It is a value: a copy is a bookmark to
/// come back to.
///
/// Refused beyond the grammar: lone surrogates, bytes that are not UTF-8, numbers beyond a double, and anything past
/// the limits. Names that occur twice are seen by `value`; who steps through an object sees to that itself.
public struct JSONReader: Sendable {
  private let bytes: [UInt8]
  private let limits: JSONLimits
  /// Where the next byte is, counted from the first.
  public private(set) var offset = 0
  /// Where the name begins that was read last.
  private var nameOffset = 0
  private var values = 0
  private var depth = 0
  /// Whether nothing of the innermost open array or object was read yet.
  private var isAtStart = false

  /// What a value is, by its first byte.
  public enum Kind: Sendable {
    case null, boolean, number, string, array, object

    /// The kind of value, as an error message names it.
    public var description: String {
      switch self {
      case .null: "null"
      case .boolean: "a boolean"
      case .number: "a number"
      case .string: "a string"
      case .array: "an array"
      case .object: "an object"
      }
    }
  }

  /// Starts at the first value of `bytes`.
  public init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) {
    self.bytes = bytes
    self.limits = limits
  }

  /// How many bytes there are in all.
  public var count: Int { bytes.count }

  /// What the next value is; nothing is read but the white space before it.
  public mutating func kind() throws(MalformedJSON) -> Kind {
    skipSpace()
    guard let byte = peek else { throw malformed("a value") }
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "N") where limits.takesNonFinite, UInt8(ascii: "I") where limits.takesNonFinite:
      return .number
    default: throw malformed("a value")
    }
  }

  // MARK: Arrays and objects

  /// Steps into the array that is next.
  public mutating func beginArray() throws(MalformedJSON) { try begin(UInt8(ascii: "["), "an array") }

  /// Steps into the object that is next.
  public mutating func beginObject() throws(MalformedJSON) { try begin(UInt8(ascii: "{"), "an object") }

  private mutating func begin(_ byte: UInt8, _ expected: String) throws(MalformedJSON) {
    skipSpace()
    guard peek == byte else { throw malformed(expected) }
    guard depth < limits.depth else { throw malformed("at most \(limits.depth) levels") }
    try countValue()
    offset += 1
    depth += 1
    isAtStart = true
  }

  /// Whether the open array has another element, which is next then; where it has none, it is stepped out of.
  public mutating func hasElement() throws(MalformedJSON) -> Bool {
    skipSpace()
    if isAtStart {
      isAtStart = false
      if take(UInt8(ascii: "]")) {
        depth -= 1
        return false
      }
      return true
    }
    if take(UInt8(ascii: ",")) { return true }
    guard take(UInt8(ascii: "]")) else { throw malformed("',' or ']'") }
    depth -= 1
    return false
  }

  /// The name of the next member of the open object, whose value is next then; nil where there is none, and the object
  /// is stepped out of.
  public mutating func nextName() throws(MalformedJSON) -> String? {
    skipSpace()
    if isAtStart {
      isAtStart = false
      if take(UInt8(ascii: "}")) {
        depth -= 1
        return nil
      }
    } else if take(UInt8(ascii: "}")) {
      depth -= 1
      return nil
    } else {
      guard take(UInt8(ascii: ",")) else { throw malformed("',' or '}'") }
      skipSpace()
    }
    guard peek == UInt8(ascii: "\"") else { throw malformed("a member's name in double quotes") }
    nameOffset = offset
    let name = try text()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw malformed("':' after the name '\(name.excerpt(40))'") }
    return name
  }

  // MARK: Values

  /// The next value whole.
  public mutating func value() throws(MalformedJSON) -> JSON {
    switch try kind() {
    case .object:
      var members: [String: JSON] = [:]
      try beginObject()
      while let name = try nextName() {
        guard members[name] == nil else { throw repeated(name) }
        members[name] = try value()
      }
      return .object(members)
    case .array:
      var elements: [JSON] = []
      try beginArray()
      while try hasElement() { elements.append(try value()) }
      return .array(elements)
    case .string: return .string(try string())
    case .number: return try number()
    case .boolean: return .bool(try boolean())
    case .null:
      try null()
      return .null
    }
  }

  /// Steps over the next value, which is checked as if it were read, but for names that occur twice.
  public mutating func skip() throws(MalformedJSON) {
    switch try kind() {
    case .object:
      try beginObject()
      while try nextName() != nil { try skip() }
    case .array:
      try beginArray()
      while try hasElement() { try skip() }
    case .string: _ = try string()
    case .number: _ = try number()
    case .boolean: _ = try boolean()
    case .null: try null()
    }
  }

  /// The string that is next.
  public mutating func string() throws(MalformedJSON) -> String {
    skipSpace()
    guard peek == UInt8(ascii: "\"") else { throw malformed("a string") }
    try countValue()
    return try text()
  }

  /// The truth value that is next.
  public mutating func boolean() throws(MalformedJSON) -> Bool {
    skipSpace()
    try countValue()
    let isTrue = peek == UInt8(ascii: "t")
    try literal(isTrue ? "true" : "false")
    return isTrue
  }

  /// The null that is next.
  public mutating func null() throws(MalformedJSON) {
    skipSpace()
    try countValue()
    try literal("null")
  }

  /// The number that is next: `.integer` where it is spelt whole and fits 64 bits, `.number` otherwise.
  ///
  /// It is finite but where the limits say otherwise.
  public mutating func number() throws(MalformedJSON) -> JSON {
    skipSpace()
    try countValue()
    // No number has a letter where these words have one, within their first two bytes.
    if limits.takesNonFinite, bytes[offset...].prefix(2).contains(where: { $0 == 0x49 || $0 == 0x4E }) {
      if take("NaN") { return .number(.nan) }
      if take("Infinity") { return .number(.infinity) }
      if take("-Infinity") { return .number(-.infinity) }
    }
    return try digits()
  }

  /// The problem of an object that names the member twice whose name was read last.
  public func repeated(_ name: String) -> MalformedJSON {
    var there = self
    there.offset = nameOffset
    return there.malformed("each name once in an object", found: "'\(name.excerpt(40))' again")
  }

  /// Sees that nothing but white space is left.
  public mutating func end() throws(MalformedJSON) {
    skipSpace()
    guard offset == bytes.count else { throw malformed("the end of the text") }
  }

  private mutating func countValue() throws(MalformedJSON) {
    values += 1
    guard values <= limits.values else { throw malformed("at most \(limits.values) values") }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    guard bytes[offset...].starts(with: "\(word)".utf8) else { return false }
    offset += word.utf8CodeUnitCount
    return true
  }

  private mutating func literal(_ text: StaticString) throws(MalformedJSON) {
    for byte in "\(text)".utf8 {
      guard take(byte) else { throw malformed("'\(text)'") }
    }
  }

  // MARK: Bytes

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  /// The problem of the place where the reader stands.
  private func malformed(_ expected: String, found: String? = nil) -> MalformedJSON {
    var line = 1
    var lineStart = 0
    for (index, byte) in bytes[..<min(offset, bytes.count)].enumerated() where byte == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return MalformedJSON(
      offset: offset, line: line, column: offset - lineStart + 1, expected: expected,
      found: found ?? foundHere)
  }

  private var foundHere: String {
    guard let byte = peek else { return "the end of the text" }
    return 0x21..<0x7F ~= byte
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(Hexadecimal.encode(CollectionOfOne(byte)))"
  }
}

// MARK: Numbers

extension JSONReader {
  /// The powers of ten that a double holds exactly.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
    1e20, 1e21, 1e22,
  ]

  private mutating func digits() throws(MalformedJSON) -> JSON {
    let start = offset
    let isNegative = take(UInt8(ascii: "-"))
    var significand = Significand()
    if !take(UInt8(ascii: "0")) { try digits(into: &significand) }
    var isWhole = true
    var exponent = 0
    if take(UInt8(ascii: ".")) {
      isWhole = false
      let first = offset
      try digits(into: &significand)
      exponent = first - offset
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      let isReduced = take(UInt8(ascii: "-"))
      if !isReduced { _ = take(UInt8(ascii: "+")) }
      var power = Significand()
      try digits(into: &power)
      // Beyond four digits it is an infinity or zero, which the library's own reader says.
      let magnitude = power.isExact ? Int(clamping: power.value) : 1_000_000
      exponent += isReduced ? -min(magnitude, 1_000_000) : min(magnitude, 1_000_000)
    }
    if isWhole, significand.isExact, significand.value <= UInt64(Int64.max),
      !isNegative || significand.value != 0
    {
      let magnitude = Int64(significand.value)
      return .integer(isNegative ? -magnitude : magnitude)
    }
    // A whole number of up to 53 bits times or over a power of ten that a double holds is rounded once, and so
    // rightly (Clinger, How to Read Floating Point Numbers Accurately, 1990).
    if significand.isExact, significand.value <= 1 << 53, abs(exponent) <= 22 {
      let power = Self.powersOfTen[abs(exponent)]
      let magnitude = exponent < 0 ? Double(significand.value) / power : Double(significand.value) * power
      return .number(isNegative ? -magnitude : magnitude)
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let integer = Int64(text) { return .integer(integer) }
    guard let value = Double(text), value.isFinite else {
      offset = start
      throw malformed("a number within the range of a double", found: "'\(text.prefix(32))'")
    }
    return .number(value)
  }

  /// The digits of a number as a whole one, exact to 19 of them.
  private struct Significand {
    var value: UInt64 = 0
    var isExact = true
  }

  private mutating func digits(into significand: inout Significand) throws(MalformedJSON) {
    let first = offset
    while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      if significand.value < 1_000_000_000_000_000_000 {
        significand.value = significand.value &* 10 &+ UInt64(digit)
      } else {
        significand.isExact = false
      }
      offset += 1
    }
    guard offset > first else { throw malformed("a digit") }
  }
}

// MARK: Text

extension JSONReader {
  /// Reads the string whose opening quote is next.
  private mutating func text() throws(MalformedJSON) -> String {
    offset += 1
    let start = offset
    var allBits: UInt8 = 0
    while offset < bytes.count, case let byte = bytes[offset], byte != UInt8(ascii: "\""),
      byte != UInt8(ascii: "\\"), byte >= 0x20
    {
      allBits |= byte
      offset += 1
    }
    if take(UInt8(ascii: "\"")) {
      let content = bytes[start..<(offset - 1)]
      // ASCII, as most names are, need not be looked at again.
      guard allBits >= 0x80 else { return String(decoding: content, as: UTF8.self) }
      return try text(content, from: start)
    }
    var content = Array(bytes[start..<offset])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return try text(content[...], from: start)
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw malformed("a control character written as an escape")
      default:
        content.append(byte)
        offset += 1
      }
    }
    throw malformed("a closing double quote")
  }

  private mutating func text(_ content: ArraySlice<UInt8>, from start: Int) throws(MalformedJSON) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      offset = start
      throw malformed("text in UTF-8", found: "bytes that are not")
    }
    return text
  }

  private mutating func escape(into content: inout [UInt8]) throws(MalformedJSON) {
    offset += 1
    guard let byte = peek else { throw malformed("a character to escape") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      offset += 1
      content += Array(String(Character(try scalar())).utf8)
      return
    default: throw malformed("one of \" \\ / b f n r t u after the backslash")
    }
    offset += 1
  }

  /// The scalar of a `\u` escape, joined with the second half where it is a surrogate pair.
  private mutating func scalar() throws(MalformedJSON) -> Unicode.Scalar {
    let start = offset
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let second = try codeUnit()
      if 0xDC00...0xDFFF ~= second {
        let joined = 0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00))
        if let scalar = Unicode.Scalar(joined) { return scalar }
      }
    }
    offset = start
    throw malformed("a surrogate pair", found: "half of one")
  }

  private mutating func codeUnit() throws(MalformedJSON) -> UInt32 {
    guard bytes.count - offset >= 4,
      let value = UInt32(String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self), radix: 16),
      bytes[offset] != UInt8(ascii: "+"), bytes[offset] != UInt8(ascii: "-")
    else { throw malformed("four hexadecimal digits") }
    offset += 4
    return value
  }
}
