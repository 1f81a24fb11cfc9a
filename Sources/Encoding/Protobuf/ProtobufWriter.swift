/// Appends the fields of one protocol buffer message (wire format, protobuf.dev/programming-guides/encoding).
public struct ProtobufWriter {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// Starts an empty message.
  public init() {}

  /// Starts an empty message that has room for so many bytes.
  public init(capacity: Int) {
    bytes.reserveCapacity(capacity)
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func append(tag number: Int, wireType: UInt64) {
    append(varint: UInt64(number) << 3 | wireType)
  }

  /// Appends what `body` writes, behind its length.
  private mutating func delimited(_ body: (inout ProtobufWriter) -> Void) {
    let start = bytes.count
    // Room for a length of one byte, which most have; a longer one moves what was written.
    bytes.append(0)
    body(&self)
    var rest = UInt64(bytes.count - start - 1)
    guard rest >= 0x80 else {
      bytes[start] = UInt8(rest)
      return
    }
    bytes[start] = UInt8(truncatingIfNeeded: rest) | 0x80
    rest >>= 7
    var more: [UInt8] = []
    while rest >= 0x80 {
      more.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    more.append(UInt8(rest))
    bytes.insert(contentsOf: more, at: start + 1)
  }

  /// Appends an integer; a negative one takes ten bytes.
  public mutating func integer(_ number: Int, _ value: Int64) {
    append(tag: number, wireType: 0)
    append(varint: UInt64(bitPattern: value))
  }

  /// Appends a number in single precision.
  public mutating func float(_ number: Int, _ value: Float) {
    append(tag: number, wireType: 5)
    append(word: UInt64(value.bitPattern), count: 4)
  }

  /// Appends a word of 64 bits, `fixed64`.
  public mutating func fixed64(_ number: Int, _ value: UInt64) {
    append(tag: number, wireType: 1)
    append(word: value, count: 8)
  }

  /// Appends a word of 32 bits, `fixed32`.
  public mutating func fixed32(_ number: Int, _ value: UInt32) {
    append(tag: number, wireType: 5)
    append(word: UInt64(value), count: 4)
  }

  /// Appends bytes, a text or a message.
  public mutating func field(_ number: Int, _ content: some Collection<UInt8>) {
    prefix(number, count: content.count)
    bytes.append(contentsOf: content)
  }

  /// Appends what stands before the `count` bytes of a field that come from elsewhere.
  public mutating func prefix(_ number: Int, count: Int) {
    append(tag: number, wireType: 2)
    append(varint: UInt64(count))
  }

  /// Appends a field of `count` bytes, which `body` appends.
  public mutating func field(_ number: Int, count: Int, _ body: (inout [UInt8]) -> Void) {
    prefix(number, count: count)
    let start = bytes.count
    body(&bytes)
    precondition(bytes.count - start == count, "a field is as long as it was said to be")
  }

  /// Appends a text.
  public mutating func text(_ number: Int, _ content: String) { field(number, content.utf8) }

  /// Appends a message that `body` writes.
  public mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    append(tag: number, wireType: 2)
    delimited(body)
  }

  /// Appends integers packed into one field.
  public mutating func packed(_ number: Int, _ values: some Sequence<Int64>) {
    append(tag: number, wireType: 2)
    delimited { writer in
      for value in values { writer.append(varint: UInt64(bitPattern: value)) }
    }
  }

  /// Appends the lowest bytes of a word, the least significant first.
  public mutating func append(word: UInt64, count: Int) {
    var rest = word
    for _ in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
