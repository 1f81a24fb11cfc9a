// Repeated numbers, which stand one to a field or packed into one; a reader has to take both.
extension ProtobufField {
  /// How many integers the field holds: one, or those that are packed.
  ///
  /// Counts without decoding: each ends in a byte whose highest bit is clear.
  public var integerCount: Int {
    switch value {
    case .varint: 1
    case .bytes(let packed): packed.reduce(0) { $0 + ($1 < 0x80 ? 1 : 0) }
    case .fixed32, .fixed64, .group: 0
    }
  }

  /// Calls `body` with each integer that the field holds.
  public func forEachInteger(_ body: (Int64) -> Void) throws(MalformedBytes) {
    switch value {
    case .varint(let value): body(Int64(bitPattern: value))
    case .bytes(let packed):
      var value: UInt64 = 0
      var shift: UInt64 = 0
      for byte in packed {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 {
          body(Int64(bitPattern: value))
          value = 0
          shift = 0
        } else if shift >= 70 {
          throw MalformedBytes(
            offset: offset, expected: "packed integers of at most 10 bytes", found: "one that goes on")
        }
      }
      guard shift == 0 else {
        throw MalformedBytes(
          offset: offset, expected: "the end of a packed integer", found: "the end of the field")
      }
    case .fixed32, .fixed64, .group: return
    }
  }

  /// Calls `body` with each number of 4 bytes that the field holds.
  public func forEachFixed32(_ body: (UInt32) -> Void) throws(MalformedBytes) {
    switch value {
    case .fixed32(let bits): body(bits)
    case .bytes(let packed):
      _ = try fixedCount(width: 4)
      packed.forEachWord(UInt32.self, body)
    case .varint, .fixed64, .group: return
    }
  }

  /// Calls `body` with each number of 8 bytes that the field holds.
  public func forEachFixed64(_ body: (UInt64) -> Void) throws(MalformedBytes) {
    switch value {
    case .fixed64(let bits): body(bits)
    case .bytes(let packed):
      _ = try fixedCount(width: 8)
      packed.forEachWord(UInt64.self, body)
    case .varint, .fixed32, .group: return
    }
  }

  /// How many numbers of `width` bytes, 4 or 8, the field holds.
  public func fixedCount(width: Int) throws(MalformedBytes) -> Int {
    switch value {
    case .fixed32: return width == 4 ? 1 : 0
    case .fixed64: return width == 8 ? 1 : 0
    case .bytes(let packed):
      guard packed.count.isMultiple(of: width) else {
        throw MalformedBytes(
          offset: offset, expected: "packed numbers of \(width) bytes", found: "\(packed.count) bytes")
      }
      return packed.count / width
    case .varint, .group: return 0
    }
  }
}
