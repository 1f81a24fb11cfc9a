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

  private var reader: ByteReader
  private let depth: Int
  private var levels: [Level] = []
  private var isDone = false
  /// The offset of the token that was read last, counted from the first byte.
  public private(set) var offset: Int
  /// Whether the document was refused because its values nest too deep.
  public private(set) var isTooDeep = false

  /// Starts at the value at `offset`; `depth` is how deep values may nest.
  public init(_ bytes: ArraySlice<UInt8>, at offset: Int = 0, depth: Int = 64) {
    reader = ByteReader(bytes)
    self.depth = depth
    _ = try? reader.read(min(max(0, offset), bytes.count), "what comes before")
    self.offset = reader.offset
  }

  /// Reads the next token.
  public mutating func next() throws(MalformedBytes) -> StructureToken {
    offset = reader.offset
    guard let level = levels.last else {
      guard !isDone else {
        guard reader.isAtEnd else {
          throw MalformedBytes(
            offset: offset, expected: "the end of the data", found: "\(reader.remaining) bytes more")
        }
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
      while reader.peek() == UInt8(ascii: "N") { _ = try reader.readByte("a no-op") }
      if reader.peek() == UInt8(ascii: level.isObject ? "}" : "]") {
        _ = try reader.readByte("the end of a container")
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
    try reader.readByte("the type of a value")
  }

  private mutating func value(type: UInt8) throws(MalformedBytes) -> StructureToken {
    switch type {
    case UInt8(ascii: "Z"): return .null
    case UInt8(ascii: "T"): return .bool(true)
    case UInt8(ascii: "F"): return .bool(false)
    case UInt8(ascii: "d"):
      _ = try reader.read(4, "a number")
      return .decimal
    case UInt8(ascii: "D"):
      _ = try reader.read(8, "a number")
      return .decimal
    case UInt8(ascii: "C"):
      return .string(String(decoding: try reader.read(1, "a character"), as: UTF8.self))
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
      return .integer(value)
    }
  }

  private mutating func integer(type: UInt8) throws(MalformedBytes) -> Int64? {
    switch type {
    case UInt8(ascii: "i"): Int64(try reader.readBigEndian(Int8.self, "an integer"))
    case UInt8(ascii: "U"): Int64(try reader.readByte("an integer"))
    case UInt8(ascii: "I"): Int64(try reader.readBigEndian(Int16.self, "an integer"))
    case UInt8(ascii: "l"): Int64(try reader.readBigEndian(Int32.self, "an integer"))
    case UInt8(ascii: "L"): try reader.readBigEndian(Int64.self, "an integer")
    default: nil
    }
  }

  /// A length; of what takes at least `width` bytes each.
  private mutating func count(of what: String, width: Int) throws(MalformedBytes) -> Int {
    let start = reader.offset
    let type = try reader.readByte("the type of a length")
    guard let value = try integer(type: type), value >= 0, value <= Int64(reader.remaining / width) else {
      throw MalformedBytes(
        offset: start, expected: "the length of \(what) that fits into the \(reader.remaining) bytes left",
        found: "another")
    }
    return Int(value)
  }

  private mutating func text(_ what: String) throws(MalformedBytes) -> String {
    let count = try count(of: what, width: 1)
    let start = reader.offset
    guard let text = String(validating: try reader.read(count, what), as: UTF8.self) else {
      throw MalformedBytes(offset: start, expected: "text in UTF-8", found: "bytes that are not")
    }
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
    if reader.peek() == UInt8(ascii: "$") {
      _ = try reader.readByte("'$'")
      let marker = try marker()
      guard let known = Self.widths[marker], reader.peek() == UInt8(ascii: "#") else {
        throw MalformedBytes(
          offset: offset, expected: "a type whose values take bytes, and a length", found: "another")
      }
      type = marker
      width = known
    }
    var remaining: Int?
    if reader.peek() == UInt8(ascii: "#") {
      _ = try reader.readByte("'#'")
      // The name of a member takes two bytes at least.
      remaining = try count(of: "a container", width: isObject ? width + 2 : width)
    }
    levels.append(Level(isObject: isObject, remaining: remaining, type: type))
    return isObject ? .beginObject : .beginArray
  }
}
