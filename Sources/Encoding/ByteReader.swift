/// Bytes that are not what a format allows: what was expected, what was found, and at which offset.
public struct MalformedBytes: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where the offending bytes start, counted from the first byte of the whole input.
  public let offset: Int
  /// What the format asks for at that place.
  public let expected: String
  /// What stands there instead.
  public let found: String

  /// Describes one departure from a format.
  public init(offset: Int, expected: String, found: String) {
    self.offset = offset
    self.expected = expected
    self.found = found
  }

  /// The sentence for a person.
  public var description: String { "expected \(expected) at byte \(offset), found \(found)" }
}

/// A cursor over untrusted bytes: every read is checked against what is left before a byte is touched.
///
/// A slice that it hands out shares the storage of the input, so reading a large buffer copies nothing.
/// After an error the cursor stands where it stood before the failed read.
public struct ByteReader: Sendable {
  /// The whole input.
  public let bytes: ArraySlice<UInt8>
  /// The offset of the next byte, counted from the first byte of the whole input.
  public private(set) var offset: Int

  /// Starts at the first of `bytes`.
  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    self.offset = 0
  }

  /// Starts at the first of `bytes`.
  public init(_ bytes: [UInt8]) {
    self.init(bytes[...])
  }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - offset }

  /// Whether every byte has been read.
  public var isAtEnd: Bool { remaining == 0 }

  private var index: Int { bytes.startIndex + offset }

  /// Reads `count` bytes; `what` names them in the error.
  public mutating func read(_ count: Int, _ what: @autoclosure () -> String) throws(MalformedBytes)
    -> ArraySlice<UInt8>
  {
    guard count >= 0, count <= remaining else {
      throw MalformedBytes(
        offset: offset, expected: "\(count) bytes of \(what())",
        found: remaining == 0 ? "the end of the input" : "\(remaining) bytes before the end")
    }
    let slice = bytes[index..<(index + count)]
    offset += count
    return slice
  }

  /// Reads one byte; `what` names it in the error.
  public mutating func readByte(_ what: @autoclosure () -> String) throws(MalformedBytes) -> UInt8 {
    guard remaining > 0 else {
      throw MalformedBytes(offset: offset, expected: what(), found: "the end of the input")
    }
    let byte = bytes[index]
    offset += 1
    return byte
  }

  /// Looks at the next byte without reading it.
  public func peek() -> UInt8? { remaining > 0 ? bytes[index] : nil }

  /// Reads an integer in little-endian order; `what` names it in the error.
  public mutating func readLittleEndian<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self, _ what: @autoclosure () -> String
  ) throws(MalformedBytes) -> Value {
    let slice = try read(MemoryLayout<Value>.size, what())
    return Value(littleEndianBytes: slice)
  }

  /// Reads an integer in big-endian order; `what` names it in the error.
  public mutating func readBigEndian<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self, _ what: @autoclosure () -> String
  ) throws(MalformedBytes) -> Value {
    try readLittleEndian(Value.self, what()).byteSwapped
  }

  /// Reads up to the next `\n`, which is consumed and not returned; at most `limit` bytes are looked at.
  public mutating func readLine(limit: Int, _ what: @autoclosure () -> String) throws(MalformedBytes)
    -> ArraySlice<UInt8>
  {
    let window = bytes[index..<(index + min(remaining, max(0, limit)))]
    guard let end = window.firstIndex(of: UInt8(ascii: "\n")) else {
      throw MalformedBytes(
        offset: offset, expected: "\(what()) ending in a line feed",
        found: window.count == remaining
          ? "the end of the input" : "no line feed within \(limit) bytes")
    }
    let line = bytes[index..<end]
    offset += line.count + 1
    return line
  }
}

extension FixedWidthInteger {
  /// The integer that `bytes`, least significant first, stand for.
  ///
  /// Bytes beyond the width of the type are ignored; the callers read exactly as many as it has.
  @inlinable
  public init(littleEndianBytes bytes: some Collection<UInt8>) {
    var value: Self = 0
    var shift = 0
    for byte in bytes.prefix(MemoryLayout<Self>.size) {
      value |= Self(truncatingIfNeeded: byte) << shift
      shift += 8
    }
    self = value
  }

  /// The bytes of the integer, least significant first.
  public var littleEndianBytes: [UInt8] {
    (0..<MemoryLayout<Self>.size).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
