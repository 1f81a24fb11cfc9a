/// One field of a protocol buffer message as it stands in the bytes.
public struct ProtobufField: Sendable {
  /// What a field holds, by its wire type; the schema decides what it means.
  public enum Value: Sendable {
    /// Wire type 0: an integer of up to 64 bits, a Boolean or an enumeration.
    case varint(UInt64)
    /// Wire type 1.
    case fixed64(UInt64)
    /// Wire type 2: text, bytes, a message or packed numbers; shares the storage of the input.
    case bytes(ArraySlice<UInt8>)
    /// Wire type 5.
    case fixed32(UInt32)
    /// Wire types 3 and 4: a group, which no schema of a model has; stepped over.
    case group
  }

  /// The number that the schema gives the field.
  public let number: Int
  /// What it holds.
  public let value: Value
  /// Where its tag starts, counted from the first byte of the whole input.
  public let offset: Int

  /// The bytes of a field of wire type 2.
  public var bytes: ArraySlice<UInt8>? {
    if case .bytes(let bytes) = value { bytes } else { nil }
  }

  /// The integer of a field of wire type 0.
  public var varint: UInt64? {
    if case .varint(let value) = value { value } else { nil }
  }

  /// The integer of a field of wire type 0 as the schema's `int32`, `int64` or enumeration.
  public var integer: Int64? { varint.map(Int64.init(bitPattern:)) }
}

/// A cursor over the fields of one protocol buffer message (wire format, protobuf.dev/programming-guides/encoding).
///
/// Copies nothing and goes into nothing: a message inside a field is read by another cursor over its bytes, so
/// the caller decides how deep to follow.
public struct ProtobufReader: Sendable {
  /// How deep groups may nest; what the reference implementation allows.
  private static let groupDepth = 100

  private let bytes: ArraySlice<UInt8>
  private let origin: Int
  private var index: Int

  /// Starts at the first field of a message; `origin` is the index in `bytes` of the whole input's first byte,
  /// which offsets are counted from.
  public init(_ bytes: ArraySlice<UInt8>, origin: Int) {
    self.bytes = bytes
    self.origin = origin
    index = bytes.startIndex
  }

  /// Where the cursor stands, counted from the first byte of the whole input.
  public var offset: Int { index - origin }

  /// Reads the next field; nil at the end of the message.
  public mutating func next() throws(MalformedBytes) -> ProtobufField? {
    guard index < bytes.endIndex else { return nil }
    let start = offset
    let (number, wireType) = try readTag()
    let value: ProtobufField.Value
    switch wireType {
    case 0: value = .varint(try readVarint("an integer"))
    case 1: value = .fixed64(UInt64(littleEndianBytes: try read(8)))
    case 2: value = .bytes(try readBytes())
    case 3:
      try skipGroup(number, from: start)
      value = .group
    case 5: value = .fixed32(UInt32(littleEndianBytes: try read(4)))
    case 4:
      throw MalformedBytes(offset: start, expected: "a field", found: "the end of a group that never began")
    default:
      throw MalformedBytes(offset: start, expected: "a wire type from 0 to 5", found: "\(wireType)")
    }
    return ProtobufField(number: number, value: value, offset: start)
  }

  /// The number of the next field, which is not read; nil at the end of the message.
  public func peekNumber() throws(MalformedBytes) -> Int? {
    guard index < bytes.endIndex else { return nil }
    var ahead = self
    return try ahead.readTag().number
  }

  private mutating func readTag() throws(MalformedBytes) -> (number: Int, wireType: Int) {
    let start = offset
    let tag = try readVarint("a field's tag")
    guard tag >> 3 > 0, tag <= UInt64(UInt32.max) else {
      throw MalformedBytes(
        offset: start, expected: "a field number from 1 to 536870911", found: "\(tag >> 3)")
    }
    return (Int(tag >> 3), Int(tag & 7))
  }

  private mutating func readVarint(_ what: @autoclosure () -> String) throws(MalformedBytes) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard shift < 70 else {
        throw MalformedBytes(
          offset: start, expected: "\(what()) of at most 10 bytes", found: "one that goes on")
      }
    }
    throw MalformedBytes(offset: start, expected: what(), found: "the end of the message")
  }

  private mutating func read(_ count: Int) throws(MalformedBytes) -> ArraySlice<UInt8> {
    guard count <= bytes.endIndex - index else {
      throw MalformedBytes(
        offset: offset, expected: "\(count) bytes", found: "\(bytes.endIndex - index) before the end")
    }
    let slice = bytes[index..<(index + count)]
    index += count
    return slice
  }

  private mutating func readBytes() throws(MalformedBytes) -> ArraySlice<UInt8> {
    let start = offset
    let length = try readVarint("a length")
    guard length <= UInt64(bytes.endIndex - index) else {
      throw MalformedBytes(
        offset: start,
        expected: "a length within the message, which has \(bytes.endIndex - index) bytes more",
        found: "\(length)")
    }
    return try read(Int(length))
  }

  /// Steps over a group up to its end, which must bear the same number.
  private mutating func skipGroup(_ number: Int, from start: Int) throws(MalformedBytes) {
    var open = [number]
    while let innermost = open.last {
      guard index < bytes.endIndex else {
        throw MalformedBytes(
          offset: start, expected: "the end of the group", found: "the end of the message")
      }
      let at = offset
      let (number, wireType) = try readTag()
      switch wireType {
      case 0: _ = try readVarint("an integer")
      case 1: _ = try read(8)
      case 2: _ = try readBytes()
      case 5: _ = try read(4)
      case 3 where open.count < Self.groupDepth: open.append(number)
      case 4 where number == innermost: open.removeLast()
      default:
        throw MalformedBytes(
          offset: at, expected: "a field of the group or its end", found: "wire type \(wireType)")
      }
    }
  }
}
