public import Encoding

/// A cursor over Universal Binary JSON (ubjson.org, draft 12), big-endian, with containers of one type and of a
/// counted length.
///
/// Counts are checked against the bytes that are left before anything follows them. Containers of a type whose
/// values take no bytes are refused: no library writes them, and they hold any number of values for nothing.
public struct UBJSONCursor: StructureCursor {
  private struct Level {
    let isObject: Bool
    /// How many values are left, where the length is counted.
    var remaining: Int?
    /// The type of all values, where there is one.
    let type: UInt8?
    /// Whether a name was read whose value is still to come.
    var hasName = false
  }

  private let bytes: ArraySlice<UInt8>
  private var index: Int
  private let depth: Int
  private var levels: [Level] = []
  private var isDone = false
  /// The offset of the token that was read last, counted from the first byte.
  public private(set) var offset: Int
  /// Whether the document was refused because its values nest too deep.
  public private(set) var isTooDeep = false
  /// The number that was read last, rounded once to single precision; nil where the last token was none.
  public private(set) var single: Float?

  /// Starts at the value at `offset`; `depth` is how deep values may nest.
  public init(_ bytes: ArraySlice<UInt8>, at offset: Int = 0, depth: Int = 64) {
    self.bytes = bytes
    self.depth = depth
    self.offset = min(max(0, offset), bytes.count)
    index = bytes.startIndex + self.offset
  }

  private var remaining: Int { bytes.endIndex - index }

  private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  private func malformed(_ expected: String, _ found: String) -> MalformedBytes {
    MalformedBytes(offset: offset, expected: expected, found: found)
  }

  /// A big-endian number; not by `ByteReader`, since models have millions of them.
  private mutating func number(_ width: Int) throws(MalformedBytes) -> UInt64 {
    guard remaining >= width else { throw malformed("a number of \(width) bytes", "\(remaining) bytes") }
    var value: UInt64 = 0
    for place in index..<(index + width) { value = value << 8 | UInt64(bytes[place]) }
    index += width
    return value
  }

  /// Reads the next token.
  public mutating func next() throws(MalformedBytes) -> StructureToken {
    offset = index - bytes.startIndex
    single = nil
    guard let level = levels.last else {
      guard !isDone else {
        guard remaining == 0 else { throw malformed("the end of the data", "\(remaining) bytes more") }
        return .end
      }
      isDone = true
      return try value(type: try marker())
    }
    if level.hasName {
      levels[levels.count - 1].hasName = false
      return try value(of: level)
    }
    if let remaining = level.remaining {
      guard remaining > 0 else { return end() }
      levels[levels.count - 1].remaining = remaining - 1
    } else {
      while peek == UInt8(ascii: "N") { index += 1 }
      if peek == (level.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
        index += 1
        return end()
      }
    }
    guard level.isObject else { return try value(of: level) }
    levels[levels.count - 1].hasName = true
    return .name(try text("a name"))
  }

  private mutating func value(of level: Level) throws(MalformedBytes) -> StructureToken {
    if let type = level.type { return try value(type: type) }
    return try value(type: try marker())
  }

  private mutating func end() -> StructureToken { levels.removeLast().isObject ? .endObject : .endArray }

  private mutating func marker() throws(MalformedBytes) -> UInt8 {
    UInt8(truncatingIfNeeded: try number(1))
  }

  private mutating func value(type: UInt8) throws(MalformedBytes) -> StructureToken {
    switch type {
    case UInt8(ascii: "Z"): return .null
    case UInt8(ascii: "T"): return .bool(true)
    case UInt8(ascii: "F"): return .bool(false)
    case UInt8(ascii: "d"):
      single = Float(bitPattern: UInt32(truncatingIfNeeded: try number(4)))
      return .decimal
    case UInt8(ascii: "D"):
      single = Float(Double(bitPattern: try number(8)))
      return .decimal
    case UInt8(ascii: "C"):
      return .string(String(decoding: [UInt8(truncatingIfNeeded: try number(1))], as: UTF8.self))
    case UInt8(ascii: "S"): return .string(try text("a string"))
    case UInt8(ascii: "H"):
      _ = try text("a number of many digits")
      return .decimal
    case UInt8(ascii: "["): return try begin(object: false)
    case UInt8(ascii: "{"): return try begin(object: true)
    default:
      guard let value = try integer(type: type) else {
        throw MalformedBytes(
          offset: offset, expected: "the type of a value",
          found: "byte 0x\(Hexadecimal.encode(CollectionOfOne(type)))")
      }
      single = Float(value)
      return .integer(value)
    }
  }

  private mutating func integer(type: UInt8) throws(MalformedBytes) -> Int64? {
    switch type {
    case UInt8(ascii: "i"): Int64(Int8(truncatingIfNeeded: try number(1)))
    case UInt8(ascii: "U"): Int64(try number(1))
    case UInt8(ascii: "I"): Int64(Int16(truncatingIfNeeded: try number(2)))
    case UInt8(ascii: "l"): Int64(Int32(truncatingIfNeeded: try number(4)))
    case UInt8(ascii: "L"): Int64(bitPattern: try number(8))
    default: nil
    }
  }

  /// A length; of what takes at least `width` bytes each.
  private mutating func count(of what: String, width: Int) throws(MalformedBytes) -> Int {
    let type = try marker()
    guard let value = try integer(type: type), value >= 0, value <= Int64(remaining / width) else {
      throw malformed("the length of \(what) that fits into the \(remaining) bytes left", "another")
    }
    return Int(value)
  }

  private mutating func text(_ what: String) throws(MalformedBytes) -> String {
    let count = try count(of: what, width: 1)
    guard let text = String(validating: bytes[index..<(index + count)], as: UTF8.self) else {
      throw malformed("text in UTF-8", "bytes that are not")
    }
    index += count
    return text
  }

  private static let widths: [UInt8: Int] = [
    UInt8(ascii: "i"): 1, UInt8(ascii: "U"): 1, UInt8(ascii: "C"): 1, UInt8(ascii: "I"): 2,
    UInt8(ascii: "l"): 4, UInt8(ascii: "d"): 4, UInt8(ascii: "L"): 8, UInt8(ascii: "D"): 8,
    UInt8(ascii: "S"): 2, UInt8(ascii: "H"): 2,
  ]

  private mutating func begin(object isObject: Bool) throws(MalformedBytes) -> StructureToken {
    guard levels.count < depth else {
      isTooDeep = true
      throw MalformedBytes(offset: offset, expected: "at most \(depth) levels", found: "one more")
    }
    var type: UInt8?
    var width = 1
    if peek == UInt8(ascii: "$") {
      index += 1
      let marker = try marker()
      guard let known = Self.widths[marker], peek == UInt8(ascii: "#") else {
        throw MalformedBytes(
          offset: offset, expected: "a type whose values take bytes, and a length", found: "another")
      }
      type = marker
      width = known
    }
    var remaining: Int?
    if peek == UInt8(ascii: "#") {
      index += 1
      // The name of a member takes two bytes at least.
      remaining = try count(of: "a container", width: isObject ? width + 2 : width)
    }
    levels.append(Level(isObject: isObject, remaining: remaining, type: type))
    return isObject ? .beginObject : .beginArray
  }
}
