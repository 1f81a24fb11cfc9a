public import Encoding

/// Why bytes are no JSON that a careful reader goes on with.
public enum JSONScanError: Error, Equatable, Sendable {
  /// They only begin like JSON: text of another kind.
  case otherText
  /// Arrays and objects nest deeper than is followed.
  case depth(limit: Int, offset: Int)
  /// A whole number has more digits than Python itself takes.
  case digits(count: Int, offset: Int)
  /// They are JSON up to a point.
  case malformed(expected: String, found: String, offset: Int)
}

/// A name, string, number or literal of a JSON text, as it stands there.
public struct JSONToken: Sendable {
  /// What a token is.
  public enum Kind: Sendable {
    case string
    case number
    case literal
  }

  /// What the token is.
  public let kind: Kind
  /// Its bytes; of a string without the quotes and with its escapes.
  public let bytes: ArraySlice<UInt8>
  /// Whether there is an escape in it.
  public let hasEscapes: Bool
  /// The offset of its first byte, for a string of its opening quote.
  public let offset: Int

  /// The text that the token stands for; half a surrogate pair becomes a replacement character.
  public var text: String {
    hasEscapes
      ? String(decoding: JSONEscapes.decoded(bytes), as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
  }

  /// The value of a whole number that fits.
  public var integer: Int64? { kind == .number ? Int64(String(decoding: bytes, as: UTF8.self)) : nil }

  /// The value as a JSON value.
  public var value: JSON {
    switch kind {
    case .string: return .string(text)
    case .number:
      if let integer { return .integer(integer) }
      return .number(Double(String(decoding: bytes, as: UTF8.self)) ?? .nan)
    case .literal:
      switch bytes.first {
      case UInt8(ascii: "t"): return .bool(true)
      case UInt8(ascii: "f"): return .bool(false)
      case UInt8(ascii: "n"): return .null
      default: return .number(.nan)
      }
    }
  }
}

/// What is told of a JSON text while it is read; nothing of it is kept unless the visitor keeps it.
public protocol JSONVisitor {
  /// An array or object begins.
  mutating func begin(object: Bool, at offset: Int)
  /// The array or object that began last ends.
  mutating func end(object: Bool, at offset: Int)
  /// The name of a member of the current object.
  mutating func name(_ token: JSONToken)
  /// An element of the current array, or the value of the member that was named last.
  mutating func scalar(_ token: JSONToken)
}

/// What there is to say about a JSON text as a whole.
public struct JSONScan: Sendable {
  /// A name that occurs twice in one object.
  public struct Duplicate: Sendable, Equatable {
    /// The name.
    public let name: String
    /// Where it stands the second time.
    public let offset: Int
  }

  /// How many values there are.
  public var values = 0
  /// How many texts follow each other; one, unless these are JSON lines.
  public var documents = 0
  /// The first names that occur twice in one object.
  public var duplicates: [Duplicate] = []
}

/// A reader of JSON (RFC 8259) in bytes that nobody vouches for: checks every byte, builds nothing, does not
/// recurse, and takes 8 bytes of memory for each name of an object that is still open.
///
/// What Python reads and the standard does not have is taken: `NaN`, infinities, halves of surrogate pairs, a
/// byte order mark, texts in lines. Names that occur twice are reported, since readers differ on which holds.
public struct JSONScanner<Visitor: JSONVisitor> {
  /// How deep arrays and objects may nest; Python itself gives up near 1,000, others overflow their stack.
  public static var depthLimit: Int { 512 }
  /// How many digits a whole number may have; what Python takes from text.
  public static var digitLimit: Int { 4_300 }
  private static var duplicateLimit: Int { 20 }

  private struct Frame {
    let isObject: Bool
    let firstName: Int
    var isEmpty = true
  }

  /// What the text is told to.
  public private(set) var visitor: Visitor
  private let bytes: ArraySlice<UInt8>
  private var index: Int
  private var frames: [Frame] = []
  /// The names of all open objects: a hash in the upper half, the offset in the lower.
  private var names: [UInt64] = []
  private var scan = JSONScan()
  private var completed = 0

  /// Starts at the first byte.
  public init(_ bytes: ArraySlice<UInt8>, visitor: Visitor) {
    self.bytes = bytes
    self.visitor = visitor
    index = bytes.startIndex
  }

  /// Reads the text, or the texts, to the end.
  public mutating func run() throws(JSONScanError) -> JSONScan {
    // Offsets are kept in 32 bits.
    guard bytes.count < 1 << 32 else { throw .otherText }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index += 3 }
    skipSpace()
    guard peek == UInt8(ascii: "{") || peek == UInt8(ascii: "[") else { throw .otherText }
    repeat {
      if scan.documents > 0, peek != UInt8(ascii: "{"), peek != UInt8(ascii: "[") {
        // A footnote in brackets, say, and then prose.
        if scan.documents == 1, scan.values <= 16 { throw .otherText }
        throw malformed("the end of the text")
      }
      try document()
      scan.documents += 1
      skipSpace()
    } while index < bytes.endIndex
    return scan
  }

  private mutating func document() throws(JSONScanError) {
    try value()
    while let frame = frames.last {
      skipSpace()
      let close = frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
      if peek == close {
        try closeContainer()
        continue
      }
      if !frame.isEmpty {
        guard take(UInt8(ascii: ",")) else { throw malformed(frame.isObject ? "',' or '}'" : "',' or ']'") }
        skipSpace()
      }
      frames[frames.count - 1].isEmpty = false
      if frame.isObject { try name() }
      try value()
    }
  }

  private mutating func value() throws(JSONScanError) {
    skipSpace()
    scan.values += 1
    switch peek {
    case UInt8(ascii: "{"): return try open(object: true)
    case UInt8(ascii: "["): return try open(object: false)
    case UInt8(ascii: "\""): visitor.scalar(try string())
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): visitor.scalar(try number())
    case UInt8(ascii: "t"): visitor.scalar(try literal("true"))
    case UInt8(ascii: "f"): visitor.scalar(try literal("false"))
    case UInt8(ascii: "n"): visitor.scalar(try literal("null"))
    case UInt8(ascii: "N"): visitor.scalar(try literal("NaN"))
    case UInt8(ascii: "I"): visitor.scalar(try literal("Infinity"))
    default: throw malformed("a value")
    }
    completed += 1
  }

  private mutating func open(object: Bool) throws(JSONScanError) {
    guard frames.count < Self.depthLimit else { throw .depth(limit: Self.depthLimit, offset: offset) }
    visitor.begin(object: object, at: offset)
    index += 1
    frames.append(Frame(isObject: object, firstName: names.count))
  }

  private mutating func closeContainer() throws(JSONScanError) {
    guard let frame = frames.popLast() else { return }
    if frame.isObject { findDuplicates(from: frame.firstName) }
    visitor.end(object: frame.isObject, at: offset)
    index += 1
  }

  private mutating func name() throws(JSONScanError) {
    guard peek == UInt8(ascii: "\"") else { throw malformed("a member's name in double quotes") }
    let token = try string()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw malformed("':' after a name") }
    var hasher = Hasher()
    if token.hasEscapes {
      for byte in JSONEscapes.decoded(token.bytes) { hasher.combine(byte) }
    } else {
      for byte in token.bytes { hasher.combine(byte) }
    }
    let hash = UInt64(truncatingIfNeeded: hasher.finalize())
    names.append(hash << 32 | UInt64(token.offset))
    visitor.name(token)
    completed += 2
  }

  /// Looks for a name twice among those of the object that ends, and forgets them.
  private mutating func findDuplicates(from first: Int) {
    defer { names.removeSubrange(first...) }
    guard names.count - first > 1, scan.duplicates.count < Self.duplicateLimit else { return }
    names[first...].sort()
    var position = first + 1
    while position < names.count {
      defer { position += 1 }
      let hash = names[position] >> 32
      guard names[position - 1] >> 32 == hash else { continue }
      // The hash is seeded anew in each process, so that nobody can make more than a few names collide.
      let text = nameText(names[position])
      var other = position - 1
      while other >= first, names[other] >> 32 == hash {
        if nameText(names[other]) == text {
          scan.duplicates.append(
            JSONScan.Duplicate(
              name: String(decoding: text, as: UTF8.self), offset: Int(names[position] & 0xFFFF_FFFF)))
          break
        }
        other -= 1
      }
      if scan.duplicates.count >= Self.duplicateLimit { return }
    }
  }

  private func nameText(_ packed: UInt64) -> [UInt8] {
    let start = bytes.startIndex + Int(packed & 0xFFFF_FFFF) + 1
    var end = start
    while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") {
      end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    return JSONEscapes.decoded(bytes[start..<min(end, bytes.endIndex)])
  }

  private mutating func string() throws(JSONScanError) -> JSONToken {
    let start = index
    index += 1
    var hasEscapes = false
    while index < bytes.endIndex {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return JSONToken(
          kind: .string, bytes: bytes[(start + 1)..<(index - 1)], hasEscapes: hasEscapes,
          offset: start - bytes.startIndex)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        guard let length = JSONEscapes.length(of: bytes[index...]) else {
          throw malformed("an escape that JSON has")
        }
        index += length
      case 0..<0x20: throw malformed("a control character written as an escape")
      case 0x20..<0x80: index += 1
      default:
        guard let length = JSONEscapes.scalarLength(bytes[index...]) else { throw malformed("text in UTF-8") }
        index += length
      }
    }
    throw malformed("a closing double quote")
  }

  private mutating func number() throws(JSONScanError) -> JSONToken {
    let start = index
    _ = take(UInt8(ascii: "-"))
    if peek == UInt8(ascii: "I") {
      _ = try literal("Infinity")
    } else {
      let first = index
      if !take(UInt8(ascii: "0")) { try digits() }
      let count = index - first
      var isWhole = true
      if take(UInt8(ascii: ".")) {
        isWhole = false
        try digits()
      }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        isWhole = false
        _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
        try digits()
      }
      guard !isWhole || count <= Self.digitLimit else {
        throw .digits(count: count, offset: first - bytes.startIndex)
      }
    }
    return JSONToken(
      kind: .number, bytes: bytes[start..<index], hasEscapes: false, offset: start - bytes.startIndex)
  }

  private mutating func digits() throws(JSONScanError) {
    let start = index
    while index < bytes.endIndex, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] { index += 1 }
    guard index > start else { throw malformed("a digit") }
  }

  private mutating func literal(_ word: String) throws(JSONScanError) -> JSONToken {
    let start = index
    for byte in word.utf8 {
      guard take(byte) else { throw malformed("'\(word)'") }
    }
    return JSONToken(
      kind: .literal, bytes: bytes[start..<index], hasEscapes: false, offset: start - bytes.startIndex)
  }

  private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }
  private var offset: Int { index - bytes.startIndex }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private func malformed(_ expected: String) -> JSONScanError {
    // Nothing of JSON but a bracket: a template, a heading, a literal of another language. Comments too mark
    // another language.
    if completed < 2, frames.count < 3 { return .otherText }
    let rest = bytes[index...].prefix(2)
    if rest.elementsEqual("//".utf8) || rest.elementsEqual("/*".utf8) { return .otherText }
    var found = "the end of the text"
    if let byte = peek {
      found =
        0x21..<0x7F ~= byte
        ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(Hexadecimal.encode(CollectionOfOne(byte)))"
    }
    return .malformed(expected: expected, found: found, offset: offset)
  }
}
