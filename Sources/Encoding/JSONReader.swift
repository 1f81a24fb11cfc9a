/// Text that is not JSON, or JSON beyond the limits: where, what was expected, what stands there.
public struct MalformedJSON: Error, Equatable, Sendable, CustomStringConvertible {
  /// The offset of the offending byte.
  public let offset: Int
  /// The line, from 1.
  public let line: Int
  /// The column in bytes, from 1.
  public let column: Int
  /// What JSON allows there.
  public let expected: String
  /// What stands there instead.
  public let found: String

  /// The sentence for a person.
  public var description: String {
    "expected \(expected) at line \(line), column \(column), found \(found)"
  }
}

/// What a reader of JSON takes on at most.
public struct JSONLimits: Sendable {
  /// How deep arrays and objects may nest.
  public var depth: Int
  /// How many values there may be in all.
  public var values: Int

  /// Limits for documents that the product itself writes and for requests of ordinary size.
  public init(depth: Int = 64, values: Int = 4_000_000) {
    self.depth = depth
    self.values = values
  }
}

extension JSON {
  /// Reads one JSON text (RFC 8259) that fills `bytes` whole.
  ///
  /// Refused beyond the grammar: names that occur twice in one object (Unicode's normal forms of a name count
  /// as the same), lone surrogates, bytes that are not UTF-8, and anything past `limits`; each would be read
  /// differently by different readers.
  public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits())
    throws(MalformedJSON)
  {
    var reader = JSONReader(bytes: Array(bytes), limits: limits)
    self = try reader.document()
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  let limits: JSONLimits
  var offset = 0
  var values = 0

  init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(MalformedJSON) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw malformed("the end of the text") }
    return value
  }

  private mutating func value(depth: Int) throws(MalformedJSON) -> JSON {
    skipSpace()
    values += 1
    guard values <= limits.values else { throw malformed("at most \(limits.values) values") }
    guard let byte = peek else { throw malformed("a value") }
    switch byte {
    case UInt8(ascii: "{"):
      guard depth < limits.depth else { throw malformed("at most \(limits.depth) levels") }
      return try object(depth: depth + 1)
    case UInt8(ascii: "["):
      guard depth < limits.depth else { throw malformed("at most \(limits.depth) levels") }
      return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw malformed("a value")
    }
  }

  private mutating func object(depth: Int) throws(MalformedJSON) -> JSON {
    offset += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw malformed("a member's name in double quotes") }
      let start = offset
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw malformed("':' after the name '\(name.excerpt(40))'") }
      let value = try value(depth: depth)
      guard members.updateValue(value, forKey: name) == nil else {
        offset = start
        throw malformed("each name once in an object", found: "'\(name.excerpt(40))' again")
      }
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw malformed("',' or '}'") }
      return .object(members)
    }
  }

  private mutating func array(depth: Int) throws(MalformedJSON) -> JSON {
    offset += 1
    var elements: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw malformed("',' or ']'") }
      return .array(elements)
    }
  }

  private mutating func string() throws(MalformedJSON) -> String {
    offset += 1
    var content: [UInt8] = []
    let start = offset
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          offset = start
          throw malformed("text in UTF-8", found: "bytes that are not")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw malformed("a control character written as an escape")
      default:
        content.append(byte)
        offset += 1
      }
    }
    throw malformed("a closing double quote")
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

  private mutating func number() throws(MalformedJSON) -> JSON {
    let start = offset
    _ = take(UInt8(ascii: "-"))
    var whole = true
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) {
      whole = false
      try digits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      whole = false
      _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
      try digits()
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if whole, text != "-0", let integer = Int64(text) { return .integer(integer) }
    guard let value = Double(text), value.isFinite else {
      offset = start
      throw malformed("a number within the range of a double", found: "'\(text.prefix(32))'")
    }
    return .number(value)
  }

  private mutating func digits() throws(MalformedJSON) {
    guard let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else {
      throw malformed("a digit")
    }
    while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
  }

  private mutating func literal(_ text: StaticString, _ value: JSON) throws(MalformedJSON) -> JSON {
    for byte in "\(text)".utf8 {
      guard take(byte) else { throw malformed("'\(text)'") }
    }
    return value
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

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
